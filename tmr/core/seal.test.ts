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

/** What a seal says: its cube, with integers of any size. */
const digestBy = (by: number, vote: Vote): bigint => {
  const modulus = BigInt(moduli[by - 1] ?? 0);
  return BigInt(sealedBy(by, vote).seal) ** 3n % modulus;
};

const manyDigests = Array.from({ length: 64 }, (_, k) => digestBy(1, voteFor(k)));
const column = (at: number): string =>
  manyDigests.map((digest) => (digest >> BigInt(at)) & 1n).join('');

describe('the digest below a seal', () => {
  it('is the same whoever seals, and has 49 bits, none of which follows from another one', () => {
    expect(manyDigests.slice(0, 7)).toEqual(
      Array.from({ length: 7 }, (_, k) => digestBy(k + 1, voteFor(k))),
    );
    const columns = Array.from({ length: 49 }, (_, at) => column(at));
    for (const bits of columns) expect(new Set(bits).size).toBe(2);
    expect(new Set(columns).size).toBe(49);
    expect(manyDigests.every((digest) => digest < 2n ** 49n)).toBe(true);
  });

  const u32 = Array.from({ length: 32 }, (_, at) => 2 ** at);
  const u53 = Array.from({ length: 53 }, (_, at) => 2 ** at);
  const base = voteFor(0, { call: 0, sigHi: 0, sigLo: 0, inputs: { elapsedNs: 0, marks: 0 } });
  const oneBit: [string, Partial<Vote>[]][] = [
    ['stream', u32.map((stream) => ({ stream }))],
    ['k', u53.map((k) => ({ k }))],
    ['call', u32.map((bits) => ({ call: bits | 0 }))],
    ['sigHi', u32.map((sigHi) => ({ sigHi }))],
    ['sigLo', u32.map((sigLo) => ({ sigLo }))],
    ['elapsedNs', u53.map((elapsedNs) => ({ inputs: { elapsedNs, marks: 0 } }))],
    ['elapsedNs before the base', u53.map((ns) => ({ inputs: { elapsedNs: -ns, marks: 0 } }))],
    ['marks', u32.map((marks) => ({ inputs: { elapsedNs: 0, marks } }))],
  ];

  it('differs for each bit of each field', () => {
    const digests = [base, ...oneBit.flatMap(([, all]) => all.map((one) => ({ ...base, ...one })))];
    expect(new Set(digests.map((vote) => digestBy(1, vote))).size).toBe(digests.length);
  });

  it('tells fields apart that hold the same numbers', () => {
    const one = { ...base, stream: 1, k: 2, call: 3, sigHi: 4, sigLo: 5 };
    const swapped = [
      { ...one, sigHi: one.sigLo, sigLo: one.sigHi },
      { ...one, call: one.sigHi, sigHi: one.call },
      { ...one, k: one.call, call: one.k },
      { ...one, stream: one.k, k: one.stream },
    ];
    for (const vote of swapped) expect(digestBy(1, vote)).not.toBe(digestBy(1, one));
  });
});

describe('a seal below 0', () => {
  it('is none, though its cube would fit', () => {
    const sealed = sealedBy(1, voteFor(7));
    const modulus = moduli[0] ?? 0;
    expect(isSealed({ ...sealed, seal: sealed.seal - modulus }, modulus)).toBe(false);
  });
});
