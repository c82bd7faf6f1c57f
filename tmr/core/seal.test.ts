import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isModulus, isSealed, MODULUS_END, MODULUS_MIN } from './seal.ts';
import { voteFor } from './sim/probe.ts';
import { sealedBy, sealKeysOf } from './sim/seals.ts';
import type { Vote } from './types.ts';

const { moduli } = sealKeysOf(1, 7);
const replica = fc.integer({ min: 1, max: 7 });
/** Whole numbers as they may be in a vote. */
const anyVote = fc
  .record({
    k: fc.nat(2 ** 40),
    call: fc.integer({ min: -3, max: 1000 }),
    sigHi: fc.nat(0xffff_ffff),
    sigLo: fc.nat(0xffff_ffff),
    elapsedNs: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  })
  .map(({ k, elapsedNs, ...more }) => voteFor(k, { ...more, inputs: { elapsedNs, marks: 0 } }));

/** Each a change of one thing that is compared or agreed. */
const changes: Record<string, (vote: Vote, by: number) => Vote> = {
  stream: (vote, by) => ({ ...vote, stream: vote.stream + by }),
  k: (vote, by) => ({ ...vote, k: vote.k + by }),
  'k beyond 32 bits': (vote, by) => ({ ...vote, k: vote.k + by * 2 ** 32 }),
  call: (vote, by) => ({ ...vote, call: vote.call + by }),
  'signature, high': (vote, by) => ({ ...vote, sigHi: (vote.sigHi ^ by) >>> 0 }),
  'signature, low': (vote, by) => ({ ...vote, sigLo: (vote.sigLo ^ by) >>> 0 }),
  clock: ({ inputs, ...vote }, by) => ({
    ...vote,
    inputs: { ...inputs, elapsedNs: inputs.elapsedNs + by },
  }),
  'clock beyond 32 bits': ({ inputs, ...vote }, by) => ({
    ...vote,
    inputs: { ...inputs, elapsedNs: inputs.elapsedNs + by * 2 ** 32 },
  }),
  marks: ({ inputs, ...vote }, by) => ({
    ...vote,
    inputs: { ...inputs, marks: (inputs.marks ^ by) >>> 0 },
  }),
};

describe('a seal', () => {
  it('fits the vote of who made it, under its modulus and no other one', () => {
    fc.assert(
      fc.property(anyVote, replica, (vote, by) => {
        const sealed = sealedBy(by, vote);
        const fits = moduli.map((modulus) => isSealed(sealed, modulus));
        expect(fits).toEqual(moduli.map((_, index) => index === by - 1));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(Object.entries(changes))('tells a change of %s', (_name, change) => {
    fc.assert(
      fc.property(anyVote, replica, fc.integer({ min: 1, max: 1000 }), (vote, by, step) => {
        const sealed = sealedBy(by, vote);
        expect(isSealed(change(sealed, step), moduli[by - 1] ?? 0)).toBe(false);
      }),
    );
  });

  it('tells clocks before and after the base apart', () => {
    const at = (elapsedNs: number): Vote => voteFor(7, { inputs: { elapsedNs, marks: 0 } });
    expect(sealedBy(1, at(-1)).seal).not.toBe(sealedBy(1, at(2 ** 32 - 1)).seal);
  });

  it('is none when it is changed, too large, or no number', () => {
    const sealed = sealedBy(1, voteFor(7));
    const modulus = moduli[0] ?? 0;
    for (const seal of [sealed.seal + 1, sealed.seal + modulus, -sealed.seal, NaN, 0, Infinity]) {
      expect(isSealed({ ...sealed, seal }, modulus)).toBe(false);
    }
    expect(isSealed(sealed, 0)).toBe(false);
  });

  it('leaves out what is advice: who was heard directly, and the seal that is there', () => {
    expect(sealedBy(1, voteFor(7, { direct: 6, seal: 5 })).seal).toBe(sealedBy(1, voteFor(7)).seal);
  });
});

describe('a modulus', () => {
  it('is a whole number above every digest, below what products are exact for', () => {
    const edges = [MODULUS_MIN - 1, MODULUS_MIN, MODULUS_END - 1, MODULUS_END, MODULUS_MIN + 0.25];
    expect(edges.map(isModulus)).toEqual([false, true, true, false, false]);
    expect(moduli.every(isModulus)).toBe(true);
  });
});
