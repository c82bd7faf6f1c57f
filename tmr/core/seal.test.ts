import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealOf } from './seal.ts';
import { voteFor } from './sim/probe.ts';
import type { Vote } from './types.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });

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
  it.each(Object.entries(changes))('tells a change of %s', (_name, change) => {
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 1000 }), (key, by) => {
        const vote = voteFor(7);
        expect(sealOf(change(vote, by), key)).not.toBe(sealOf(vote, key));
      }),
    );
  });

  it('is another one under another key, and never a negative number', () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 0xffff_ffff }), (key, change) => {
        const [seal, other] = [key, (key ^ change) >>> 0].map((by) => sealOf(voteFor(7), by));
        expect(seal).toBeGreaterThanOrEqual(0);
        expect(other).not.toBe(seal);
      }),
    );
  });

  it('leaves out what is advice: who was heard directly, and the seals themselves', () => {
    const seal = sealOf(voteFor(7), 1);
    expect(sealOf(voteFor(7, { direct: 6, seals: [1, 2, 3, 4, 5, 6, 7] }), 1)).toBe(seal);
  });
});
