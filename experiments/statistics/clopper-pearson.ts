import { inverseIncompleteBeta } from './incomplete-beta.ts';
import { checkCount, type Interval } from './wilson.ts';

/**
 * The "exact" interval of Clopper & Pearson (1934): coverage is at least `confidence` for every p,
 * so it is the one for a claimed bound ("0 of n, so below b"). Null for n = 0.
 */
export function clopperPearson(successes: number, n: number, confidence = 0.95): Interval | null {
  checkCount(successes, n);
  if (n === 0) return null;
  const tail = (1 - confidence) / 2;
  return {
    low: successes === 0 ? 0 : inverseIncompleteBeta(tail, successes, n - successes + 1),
    high: successes === n ? 1 : inverseIncompleteBeta(1 - tail, successes + 1, n - successes),
  };
}
