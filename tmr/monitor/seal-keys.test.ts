import { expect, it } from 'vitest';
import { isSealed, Sealer } from '../core/seal.ts';
import { blankVote } from '../core/vote.ts';
import { drawSealKeys } from './seal-keys.ts';

it('gives each tracer primes of its own, and all the same moduli that fit them', () => {
  // Primes are drawn: often enough to meet such as do not fit.
  for (let round = 0; round < 30; round++) {
    const keys = drawSealKeys(7);
    const moduli = keys[0]?.moduli ?? [];
    expect(keys.map((key) => key.moduli)).toEqual(Array.from({ length: 7 }, () => moduli));
    expect(new Set(keys.flatMap(({ own }) => own)).size).toBe(14);
    const sealed = keys.map(({ own }) => {
      const vote = { ...blankVote(), k: round };
      return { ...vote, seal: new Sealer(own).sealOf(vote) };
    });
    // Each seal under each modulus: right under its own alone.
    for (const [by, vote] of sealed.entries()) {
      const fits = moduli.map((modulus) => isSealed(vote, modulus));
      expect(fits).toEqual(moduli.map((_, of) => of === by));
    }
  }
});

it('draws other ones for another session', () => {
  expect(drawSealKeys(3)[0]?.own).not.toEqual(drawSealKeys(3)[0]?.own);
});
