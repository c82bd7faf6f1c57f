import { twoSidedZ } from './normal.ts';

/** Bounds of a proportion, each between 0 and 1. */
export interface Interval {
  low: number;
  high: number;
}

/**
 * Wilson's score interval for `successes` of `n` (Wilson 1927; without continuity correction, method
 * 3 of Newcombe 1998). Its coverage is the stated one on average, not at every p: for a guaranteed
 * bound use `clopperPearson`. Null for n = 0: nothing is known.
 */
export function wilson(successes: number, n: number, confidence = 0.95): Interval | null {
  checkCount(successes, n);
  if (n === 0) return null;
  const z = twoSidedZ(confidence);
  const p = successes / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return {
    // At the ends the formula gives 0 and 1 up to rounding.
    low: successes === 0 ? 0 : (centre - half) / scale,
    high: successes === n ? 1 : (centre + half) / scale,
  };
}

/** Throws RangeError unless 0 <= successes <= n are whole numbers. */
export function checkCount(successes: number, n: number): void {
  if (!Number.isInteger(successes) || !Number.isInteger(n) || successes < 0 || successes > n) {
    throw new RangeError(`a proportion needs whole numbers 0 <= k <= n, got ${successes} of ${n}`);
  }
}
