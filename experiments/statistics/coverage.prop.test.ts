import { describe, expect, it } from 'vitest';
import { clopperPearson } from './clopper-pearson.ts';
import { quantileEstimate, tooSmall } from './quantiles.ts';
import { deriveSeed, random } from './random.ts';
import { wilson, type Interval } from './wilson.ts';

type Method = (k: number, n: number) => Interval | null;

/** P(the interval holds p), exact: the sum of the binomial probabilities of the k that cover. */
function coverage(method: Method, p: number, n: number): number {
  let total = 0;
  let probability = (1 - p) ** n;
  for (let k = 0; k <= n; k++) {
    const { low, high } = method(k, n)!;
    if (low <= p && p <= high) total += probability;
    probability *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return total;
}

const grid = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

describe('coverage of the intervals', () => {
  it('of Clopper and Pearson is never below the stated one', () => {
    for (const n of [1, 5, 20, 60]) {
      for (const p of grid) expect(coverage(clopperPearson, p, n)).toBeGreaterThanOrEqual(0.95);
    }
  });

  it("of Wilson is the stated one on average, and nowhere below Newcombe's minimum", () => {
    for (const n of [10, 20, 60]) {
      const values = grid.map((p) => coverage(wilson, p, n));
      const mean = values.reduce((a, b) => a + b) / values.length;
      expect(mean).toBeGreaterThan(0.945);
      expect(mean).toBeLessThan(0.965);
      expect(Math.min(...values)).toBeGreaterThan(0.83);
    }
  });

  it('of the bootstrap holds the median of a skewed population about as often as stated', () => {
    const source = random(deriveSeed('coverage'));
    let held = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const values = Array.from({ length: 30 }, () => -Math.log(1 - source.fraction()));
      const estimate = quantileEstimate(values, 0.5, {
        seed: deriveSeed('coverage', round),
        resamples: 400,
      })!;
      if (estimate.interval === tooSmall) throw new Error('30 values carry a median interval');
      if (estimate.interval.low <= Math.LN2 && Math.LN2 <= estimate.interval.high) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.91);
    expect(held / rounds).toBeLessThan(0.985);
  });
});
