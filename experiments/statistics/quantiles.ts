import { quantileSorted } from 'simple-statistics';
import { random, type Random } from './random.ts';
import type { Interval } from './wilson.ts';

/** Written in tables instead of an interval that the sample cannot carry. */
export const tooSmall = 'n too small';

export interface QuantileEstimate {
  value: number;
  interval: Interval | typeof tooSmall;
}

export interface BootstrapOptions {
  confidence?: number;
  resamples?: number;
  /** 64 hex digits: the same sample and seed give the same interval. */
  seed: string;
}

/** The q-quantile of a sorted sample (simple-statistics' definition), without an interval. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new RangeError('a quantile needs at least one value');
  return quantileSorted(sorted, q);
}

/**
 * The q-quantile with a percentile bootstrap interval (Efron 1979), or `n too small`.
 *
 * The rule: an interval is given only when the sample's own extremes would enclose the quantile with
 * the stated confidence, whatever the distribution, that is when
 * 1 - q^n - (1-q)^n >= confidence. Below that no distribution-free interval exists and the
 * bootstrap's is narrower than what is known. At 95 %: n >= 6 for the median, 59 for p95.
 */
export function quantileEstimate(
  values: readonly number[],
  q: number,
  { confidence = 0.95, resamples = 2000, seed }: BootstrapOptions,
): QuantileEstimate | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const value = quantile(sorted, q);
  if (sorted.length < smallestSample(q, confidence)) return { value, interval: tooSmall };
  const source = random(seed);
  const draw = resampledQuantile(sorted, q, source);
  return {
    value,
    interval: percentileInterval(Array.from({ length: resamples }, draw), confidence),
  };
}

/** The middle `confidence` of bootstrap replicates. */
export function percentileInterval(replicates: number[], confidence: number): Interval {
  replicates.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return { low: quantile(replicates, tail), high: quantile(replicates, 1 - tail) };
}

/** Smallest n for which `quantileEstimate` gives an interval. */
export function smallestSample(q: number, confidence = 0.95): number {
  if (!(q > 0 && q < 1)) throw new RangeError(`q must lie between 0 and 1, got ${q}`);
  let n = 1;
  while (1 - q ** n - (1 - q) ** n < confidence) n++;
  return n;
}

/**
 * A function that draws one bootstrap sample of the same size per call and gives its q-quantile. It
 * draws how often each value occurs, so that the sample is sorted as it is made.
 */
export function resampledQuantile(
  sorted: readonly number[],
  q: number,
  source: Random,
): () => number {
  const counts = new Uint32Array(sorted.length);
  const sample = [...sorted];
  return () => {
    counts.fill(0);
    for (let i = 0; i < sorted.length; i++) counts[source.integer(0, sorted.length - 1)]!++;
    let at = 0;
    for (let i = 0; i < sorted.length; i++) {
      for (let c = counts[i]!; c > 0; c--) sample[at++] = sorted[i]!;
    }
    return quantile(sample, q);
  };
}
