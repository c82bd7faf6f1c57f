import type { TrialRecord } from '../../harness/types.ts';
import {
  quantileEstimate,
  smallestSample,
  tooSmall,
  type QuantileEstimate,
} from '../statistics/quantiles.ts';
import { deriveSeed } from '../statistics/random.ts';
import type { Pair } from './pairs.ts';

/** Durations that the members of a pair have in common. */
export const pairedMeasures = {
  'detection latency': ({ detectionLatencyNs }: TrialRecord) => detectionLatencyNs,
  'run time': ({ runNs }: TrialRecord) => runNs,
} as const satisfies Record<string, (record: TrialRecord) => number | null>;
export type PairedMeasure = keyof typeof pairedMeasures;

/** Both durations of a pair, nanoseconds; null where one is missing. */
export function durationsNs(
  { first, second }: Pair,
  measure: PairedMeasure,
): [number, number] | null {
  const [one, other] = [first, second].map(pairedMeasures[measure]);
  return one && other && one > 0 && other > 0 ? [one, other] : null;
}

/** Median over pairs of docker / local, with its bootstrap interval or why there is none. */
export function ratioSentence(
  pairs: readonly Pair[],
  measure: PairedMeasure,
  masterSeed: number,
): string {
  const ratios = pairs.flatMap((pair) => {
    const both = durationsNs(pair, measure);
    return both === null ? [] : [both[1] / both[0]];
  });
  const seed = deriveSeed(masterSeed, 'hosts-compare', measure);
  const estimate = quantileEstimate(ratios, 0.5, { seed });
  if (estimate === null) return `No pair has a ${measure}.`;
  return `Median ratio docker / local of the ${measure}: ${inWords(estimate, ratios.length)}.`;
}

/** `1.25 (95 % bootstrap interval 1.10 to 1.40; n = 24)`. */
export function inWords({ value, interval }: QuantileEstimate, n: number): string {
  const bounds =
    interval === tooSmall
      ? `n too small for an interval, it needs ${smallestSample(0.5)}`
      : `95 % bootstrap interval ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}`;
  return `${value.toFixed(2)} (${bounds}; n = ${n})`;
}
