import { median } from 'simple-statistics';
import {
  percentileInterval,
  resampledQuantile,
  smallestSample,
  tooSmall,
  type QuantileEstimate,
} from './quantiles.ts';
import { random } from './random.ts';

export interface OverheadOptions {
  confidence?: number;
  resamples?: number;
  /** 64 hex digits. */
  seed: string;
}

/**
 * How many times longer the replicated runs took than the native ones of the same workload on the
 * same machine: the ratio of the medians, 1 meaning no cost. The interval comes from a bootstrap
 * that resamples both sides (the native runs are few and vary too) and is withheld when either
 * side has fewer values than an interval of a median needs. Null when a side is empty.
 */
export function overhead(
  runsNs: readonly number[],
  nativeRunsNs: readonly number[],
  { confidence = 0.95, resamples = 2000, seed }: OverheadOptions,
): QuantileEstimate | null {
  if (runsNs.length === 0 || nativeRunsNs.length === 0) return null;
  const value = median([...runsNs]) / median([...nativeRunsNs]);
  if (Math.min(runsNs.length, nativeRunsNs.length) < smallestSample(0.5, confidence)) {
    return { value, interval: tooSmall };
  }
  const source = random(seed);
  const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
  const drawRun = resampledQuantile(sorted(runsNs), 0.5, source);
  const drawNative = resampledQuantile(sorted(nativeRunsNs), 0.5, source);
  const ratios = Array.from({ length: resamples }, () => drawRun() / drawNative());
  return { value, interval: percentileInterval(ratios, confidence) };
}
