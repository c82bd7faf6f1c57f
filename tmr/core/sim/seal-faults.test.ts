/** What the faults of the simulator do to seals: one that does nothing keeps every property, too. */
import { describe, expect, it } from 'vitest';
import { isSealed } from '../seal.ts';
import type { ReplicaId, Vote } from '../types.ts';
import { cloneVote, sameVote } from '../vote.ts';
import { hooksOf } from './fault-effects.ts';
import type { FaultHooks, Relay, SimControl } from './fault-hooks.ts';
import { traitsOfAll } from './fault-traits.ts';
import type { Fault } from './faults.ts';
import type { SimMessage } from './network.ts';
import { voteFor } from './probe.ts';
import { plainScenario } from './scenarios.ts';
import { sealedBy, sealKeysOf } from './seals.ts';

const { moduli } = sealKeysOf(1, 3);
const fits = (origin: ReplicaId, vote: Vote): boolean => isSealed(vote, moduli[origin - 1] ?? 0);

function started(fault: Fault): { hooks: FaultHooks; believed: [number, number, Relay][] } {
  const believed: [number, number, Relay][] = [];
  const sim = {
    struck: () => {},
    parties: [1, 2, 3],
    nowNs: () => 0,
    checksum: true,
    send: () => {},
    resetLink: () => {},
    makeBelieve: (from: ReplicaId, to: ReplicaId, relay: Relay) =>
      void believed.push([from, to, relay]),
  } as unknown as SimControl;
  const hooks = hooksOf(fault, sim, 7);
  hooks.reached?.(1, 1, 'arrival');
  return { hooks, believed };
}

const castBy = (from: ReplicaId, k: number): SimMessage => ({
  type: 'vote',
  vote: cloneVote(sealedBy(from, voteFor(k))),
});
const saidAgainBy = (origin: ReplicaId, k: number): SimMessage => ({
  type: 'relay',
  origin,
  vote: cloneVote(sealedBy(origin, voteFor(k))),
});
const voteIn = (message: SimMessage | undefined): Vote | undefined =>
  message?.type === 'vote' || message?.type === 'relay' ? message.vote : undefined;

describe('wrong-seal', () => {
  it.each([
    ['good', true],
    ['badly-sealed', false],
    ['withheld', undefined],
  ] as const)(
    'from its rendezvous on, cast or said again, the other one: %s',
    (other, fitsOther) => {
      const { hooks } = started({ kind: 'wrong-seal', target: 1, to: 2, other, at: 4 });
      const got = (to: ReplicaId, message: SimMessage): boolean | undefined => {
        const vote = voteIn(hooks.filter?.(1, to, message));
        return vote && fits(1, vote);
      };
      for (const to of [2, 3]) {
        expect(got(to, castBy(1, 3))).toBe(true);
        expect(got(to, saidAgainBy(1, 3))).toBe(true);
        for (const k of [4, 5, 9]) {
          const expected = to === 2 ? false : fitsOther;
          expect(got(to, castBy(1, k))).toBe(expected);
          expect(got(to, saidAgainBy(1, k))).toBe(expected);
        }
        // Votes of others it relays as they are, and nobody else is touched.
        const foreign = voteIn(hooks.filter?.(1, to, saidAgainBy(3, 5)));
        expect(foreign && fits(3, foreign)).toBe(true);
      }
      const ofOther = voteIn(hooks.filter?.(3, 2, castBy(3, 5)));
      expect(ofOther && fits(3, ofOther)).toBe(true);
    },
  );

  it('must be flagged unless one peer gets good votes', () => {
    const flag = (other: 'good' | 'badly-sealed' | 'withheld'): unknown =>
      traitsOfAll({
        ...plainScenario,
        faults: [{ kind: 'wrong-seal', target: 1, to: 2, other, at: 2 }],
      });
    expect(flag('good')).toEqual({ faulty: 1, flag: 'may' });
    expect(flag('badly-sealed')).toEqual({ faulty: 1, flag: 'must' });
    expect(flag('withheld')).toEqual({ faulty: 1, flag: 'must' });
  });
});

describe('seals of what is wrong', () => {
  it.each([true, false])(
    'fit two votes of a tracer with two faces (core right: %s)',
    (coreRight) => {
      const { hooks } = started({ kind: 'two-faced', target: 1, right: 3, at: 4, coreRight });
      const votes = [2, 3].map((to) => {
        const own = voteFor(4);
        hooks.vote?.(1, own);
        return voteIn(hooks.filter?.(1, to, { type: 'vote', vote: cloneVote(sealedBy(1, own)) }));
      });
      expect(votes.map((vote) => vote && fits(1, vote))).toEqual([true, true]);
      expect(votes.map((vote) => vote && sameVote(vote, voteFor(4)))).toEqual([false, true]);
    },
  );

  it('are of the forger itself on a forged relay, which it alone believes', () => {
    const { hooks, believed } = started({ kind: 'forged-relays', target: 1, of: 2, at: 4 });
    hooks.filter?.(1, 3, castBy(1, 4));
    expect(believed).toMatchObject([[3, 1, { type: 'relay', origin: 2 }]]);
    const [[, , forged] = []] = believed;
    expect(forged && [fits(1, forged.vote), fits(2, forged.vote)]).toEqual([true, false]);
  });

  const swarm = { seed: 5, at: 1, durationNs: 1e9, delayMaxNs: 0 };

  it('fit what a replica at fault corrupts, and do not where it unseals', () => {
    const of = { ...swarm, kind: 'swarm-of-replica', target: 1 } as const;
    const corrupting = started({ ...of, perMille: { corrupt: 1000 } });
    const unsealing = started({ ...of, perMille: { unseal: 1000 } });
    let changed = 0;
    for (let k = 2; k < 40; k += 1) {
      for (const message of [castBy(1, k), saidAgainBy(1, k)]) {
        const vote = voteIn(corrupting.hooks.filter?.(1, 2, structuredClone(message)));
        expect(vote && fits(1, vote)).toBe(true);
        if (vote && !sameVote(vote, voteFor(k))) changed += 1;
        const unsealed = voteIn(unsealing.hooks.filter?.(1, 2, structuredClone(message)));
        expect(unsealed && fits(1, unsealed)).toBe(false);
      }
    }
    expect(changed).toBeGreaterThan(20);
  });

  it('are on nothing that a link forges or corrupts', () => {
    const on = { ...swarm, kind: 'swarm-on-link', from: 1, to: 2 } as const;
    const forging = started({ ...on, perMille: { forge: 1000 } });
    const types = new Set<string>();
    for (let k = 2; k < 100; k += 1) {
      const message = forging.hooks.filter?.(1, 2, castBy(1, k));
      types.add(message?.type ?? 'none');
      const vote = voteIn(message);
      const sealedBySome = vote !== undefined && [1, 2, 3].some((origin) => fits(origin, vote));
      expect(sealedBySome).toBe(false);
    }
    expect([...types].toSorted()).toEqual([
      'ask',
      'done',
      'down',
      'ping',
      'pong',
      'relay',
      'view',
      'vote',
    ]);
  });
});
