import { describe, expect, it } from 'vitest';
import { voteFor } from './sim/probe.ts';
import type { Vote } from './types.ts';
import { majority, sameVote } from './vote.ts';

describe('a majority', () => {
  it('is more than half', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(majority)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  });
});

describe('two votes', () => {
  const differences: Partial<Vote>[] = [
    { stream: 1 },
    { k: 6 },
    { call: 40 },
    { sigHi: 6 },
    { sigLo: 78 },
  ];

  for (const change of differences) {
    it(`differ when ${Object.keys(change).join()} does`, () => {
      expect(sameVote(voteFor(5), { ...voteFor(5), ...change })).toBe(false);
    });
  }

  it('are equal whatever their inputs and masks are', () => {
    const inputs = { elapsedNs: 99, marks: 3 };
    expect(sameVote(voteFor(5), voteFor(5, { inputs, direct: 7 }))).toBe(true);
  });
});
