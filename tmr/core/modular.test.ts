import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseModPrime, mulMod, mulModSmall, powModSmall } from './modular.ts';

/** A modulus, and two numbers below it; the largest and smallest come often. */
const threeBelow = (end: number): fc.Arbitrary<[number, number, number]> =>
  fc.integer({ min: 2, max: end - 1 }).chain((m) => fc.tuple(below(m), below(m), fc.constant(m)));

const below = (m: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: m - 1 }), fc.constant(m - 1), fc.constant(0));

const runs = { numRuns: 20_000 };
const exact = (a: number, b: number, m: number): number =>
  Number((BigInt(a) * BigInt(b)) % BigInt(m));

describe('arithmetic modulo a number', () => {
  it('multiplies below 2^50 as integers of any size do', () => {
    const large = fc.integer({ min: 2 ** 49, max: 2 ** 50 - 1 });
    const near = large.chain((m) => fc.tuple(below(m), below(m), fc.constant(m)));
    const product = (numbers: [number, number, number]): void => {
      expect(mulMod(...numbers)).toBe(exact(...numbers));
    };
    fc.assert(fc.property(threeBelow(2 ** 50), product), runs);
    fc.assert(fc.property(near, product), runs);
  });

  it('multiplies below 2^25', () => {
    fc.assert(
      fc.property(threeBelow(2 ** 25), (numbers) => {
        expect(mulModSmall(...numbers)).toBe(exact(...numbers));
      }),
      runs,
    );
  });

  it('raises to a power', () => {
    fc.assert(
      fc.property(threeBelow(2 ** 25), fc.nat(300), ([base, , m], exponent) => {
        let power = 1;
        for (let factor = 0; factor < exponent; factor += 1) power = exact(power, base, m);
        expect(powModSmall(base, exponent, m)).toBe(exponent === 0 ? 1 : power);
      }),
    );
  });

  it('inverts modulo a prime', () => {
    const prime = 33_460_397;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 49 }), (a) => {
        fc.pre(a % prime !== 0);
        expect(exact(inverseModPrime(a, prime), a % prime, prime)).toBe(1);
      }),
    );
  });
});

describe('a product that is a multiple of the modulus', () => {
  it('is 0, never the modulus', () => {
    const factor = fc.integer({ min: 2 ** 24, max: 2 ** 25 - 1 });
    fc.assert(
      fc.property(factor, factor, fc.nat(2 ** 24), fc.nat(2 ** 24), (p, q, x, y) => {
        expect(mulMod(p * ((x % (q - 1)) + 1), q * ((y % (p - 1)) + 1), p * q)).toBe(0);
      }),
      runs,
    );
  });
});

describe('a power with an exponent of 25 bits', () => {
  it('is 1 for p - 1, and the base again for p', () => {
    const prime = 33_460_397;
    fc.assert(
      fc.property(fc.integer({ min: 2, max: prime - 1 }), (base) => {
        expect(powModSmall(base, prime - 1, prime)).toBe(1);
        expect(powModSmall(base, prime, prime)).toBe(base);
      }),
    );
  });
});
