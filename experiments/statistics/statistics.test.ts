import { describe, expect, it } from 'vitest';
import { clopperPearson } from './clopper-pearson.ts';
import { incompleteBeta } from './incomplete-beta.ts';
import { twoSidedZ } from './normal.ts';
import { quantileEstimate, smallestSample, tooSmall } from './quantiles.ts';
import { deriveSeed, random } from './random.ts';
import { wilson } from './wilson.ts';

// Newcombe, Statistics in Medicine 17 (1998), table I: methods 3 (score) and 5 (Clopper-Pearson).
const newcombe = [
  { k: 81, n: 263, score: [0.2553, 0.3662], exact: [0.2527, 0.3676] },
  { k: 15, n: 148, score: [0.0624, 0.1605], exact: [0.0578, 0.1617] },
  { k: 0, n: 20, score: [0, 0.1611], exact: [0, 0.1684] },
  { k: 1, n: 29, score: [0.0061, 0.1718], exact: [0.0009, 0.1776] },
] as const;

describe('intervals of a proportion', () => {
  it.each(newcombe)('are those of the published table for $k of $n', ({ k, n, score, exact }) => {
    const w = wilson(k, n)!;
    expect([w.low, w.high].map((x) => x.toFixed(4))).toEqual(score.map((x) => x.toFixed(4)));
    const c = clopperPearson(k, n)!;
    expect([c.low, c.high].map((x) => x.toFixed(4))).toEqual(exact.map((x) => x.toFixed(4)));
  });

  it('never have zero width at no or all successes', () => {
    expect(wilson(0, 3)).toEqual({ low: 0, high: expect.closeTo(0.5615, 4) as number });
    expect(wilson(3, 3)).toEqual({ low: expect.closeTo(0.4385, 4) as number, high: 1 });
  });

  it('bound zero failures by the closed form 1 - tail^(1/n)', () => {
    for (const n of [1, 59, 299, 2995]) {
      expect(clopperPearson(0, n, 0.9)!.high).toBeCloseTo(1 - 0.05 ** (1 / n), 10);
    }
  });

  it('do not exist for no trials, and wrong counts are refused', () => {
    expect(wilson(0, 0)).toBeNull();
    expect(clopperPearson(0, 0)).toBeNull();
    expect(() => wilson(4, 3)).toThrow('0 <= k <= n, got 4 of 3');
    expect(() => clopperPearson(0.5, 3)).toThrow(RangeError);
  });
});

describe('special functions', () => {
  it('give the z of the tables', () => {
    expect(twoSidedZ(0.9)).toBeCloseTo(1.6448536269514722, 12);
    expect(twoSidedZ(0.95)).toBeCloseTo(1.959963984540054, 12);
    expect(twoSidedZ(0.99)).toBeCloseTo(2.5758293035489004, 12);
  });

  it('give closed forms of the incomplete beta function', () => {
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 14);
    expect(incompleteBeta(0.3, 2, 1)).toBeCloseTo(0.09, 14);
    expect(incompleteBeta(0.3, 1, 5)).toBeCloseTo(1 - 0.7 ** 5, 14);
    // Binomial tail: P(X >= 3), X ~ Bin(10, 0.2) = I_0.2(3, 8).
    expect(incompleteBeta(0.2, 3, 8)).toBeCloseTo(0.3222004736, 10);
  });
});

describe('quantile intervals', () => {
  const seed = deriveSeed('test');
  const sample = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

  it('are withheld below the distribution-free bound', () => {
    expect(smallestSample(0.5)).toBe(6);
    expect(smallestSample(0.95)).toBe(59);
    expect(quantileEstimate(sample(5), 0.5, { seed })).toEqual({ value: 3, interval: tooSmall });
    expect(quantileEstimate(sample(58), 0.95, { seed })!.interval).toBe(tooSmall);
    expect(quantileEstimate(sample(59), 0.95, { seed })!.interval).not.toBe(tooSmall);
    expect(quantileEstimate([], 0.5, { seed })).toBeNull();
  });

  it('are the same for the same seed and sample, in any order of the sample', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const first = quantileEstimate(values, 0.5, { seed });
    expect(quantileEstimate(values.toReversed(), 0.5, { seed })).toEqual(first);
    expect(first!.value).toBe(3.5);
  });
});

describe('seeded randomness', () => {
  it('is a function of the parts and keeps them apart', () => {
    expect(deriveSeed('a', 1)).toBe(deriveSeed('a', 1));
    expect(deriveSeed('a', 12)).not.toBe(deriveSeed('a1', 2));
    const draw = (): number[] => {
      const source = random(deriveSeed('x'));
      return Array.from({ length: 5 }, () => source.fraction());
    };
    expect(draw()).toEqual(draw());
  });

  it('shuffles without losing anything', () => {
    const values = [1, 2, 3, 4, 5, 6, 7];
    const shuffled = random(deriveSeed('x')).shuffle(values);
    expect(shuffled).not.toEqual(values);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(values);
  });
});
