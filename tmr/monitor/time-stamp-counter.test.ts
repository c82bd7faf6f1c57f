import { describe, expect, it } from 'vitest';
import type { Mechanism } from '../core/types.ts';
import type { SessionStatistics } from '../wire/messages.ts';
import { SessionFacts } from './facts.ts';
import { suspectCounter, tscOf } from './time-stamp-counter.ts';

function factsOf(used: SessionStatistics['tsc'], differed?: Mechanism | 'fence'): SessionFacts {
  const facts = new SessionFacts(3);
  for (const replica of [1, 2, 3]) {
    facts.statistics.set(replica, { tsc: used } as SessionStatistics);
  }
  if (differed === 'fence') facts.fences.push({ replica: 1, reason: 'outvoted' });
  else if (differed !== undefined) {
    const times = { tFirstSuspicionNs: NaN, tSecondArrivalNs: NaN, tQuorumNs: NaN };
    const place = { replica: 2, stream: 0, k: 7, accusers: [1, 3] };
    facts.flags.push({ ...place, mechanism: differed, ...times });
  }
  return facts;
}

describe('a machine that traps no rdtsc', () => {
  it('is named in the report where a trap was wanted', () => {
    expect(tscOf('trap', true)).toBe('not trapped');
    expect(tscOf('trap', false)).toBe('trap');
    expect(tscOf('native', true)).toBe('native');
  });

  it.each(['fence', 'signature', 'call-number', 'output-digest'] as const)(
    'is named to the user when replicas differed: %s',
    (how) => {
      expect(suspectCounter(factsOf('trap', how), [3, 1])).toMatch(
        /machine of replica 1, 3, which/,
      );
    },
  );

  it('is none of the reasons for other faults, where all agreed, and where nothing was to be trapped', () => {
    expect(suspectCounter(factsOf('trap'), [1, 2, 3])).toBeUndefined();
    expect(suspectCounter(factsOf('trap', 'connection-closed'), [1, 2, 3])).toBeUndefined();
    expect(suspectCounter(factsOf('native', 'fence'), [1, 2, 3])).toBeUndefined();
    expect(suspectCounter(factsOf('trap', 'fence'), [])).toBeUndefined();
  });
});
