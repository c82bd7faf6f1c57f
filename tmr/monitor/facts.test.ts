import { describe, expect, it } from 'vitest';
import { flagFact, SessionFacts } from './facts.ts';
import type { RecordedNotice } from './notices.ts';

describe('refusals', () => {
  it('count as often as two replicas told of them, so one tracer cannot invent any', () => {
    const facts = new SessionFacts(3);
    for (const replica of [1, 2, 3]) facts.refuse(replica, 'path', '/etc/x', 'EROFS');
    facts.refuse(2, 'path', '/etc/x', 'EROFS');
    for (let i = 0; i < 9; i++) facts.refuse(3, 'path', '/etc/x', 'EROFS');
    facts.refuse(3, 'path', 'send money to', 'EROFS');
    expect(facts.refused).toEqual([{ kind: 'path', what: '/etc/x', errno: 'EROFS', count: 2 }]);
  });

  it('of a lone replica count by its own word', () => {
    const facts = new SessionFacts(1);
    facts.refuse(1, 'call', 'rseq', 'ENOSYS');
    expect(facts.refused).toEqual([{ kind: 'call', what: 'rseq', errno: 'ENOSYS', count: 1 }]);
  });

  it('that nobody else tells of do not pile up, and do not crowd out those that others do', () => {
    const facts = new SessionFacts(3);
    for (let i = 0; i < 10_000; i++) facts.refuse(3, 'path', `lie ${i}`, 'EROFS');
    for (let i = 0; i < 1000; i++) {
      for (const replica of [1, 2]) facts.refuse(replica, 'path', `truth ${i}`, 'EROFS');
    }
    expect(facts.refused).toHaveLength(1000);
    // What was kept of the lies shows once another tells the same.
    for (let i = 0; i < 10_000; i++) facts.refuse(2, 'path', `lie ${i}`, 'EROFS');
    expect(facts.refused.length).toBeLessThan(2000);
  });
});

describe('the rendezvous reached', () => {
  it('is what two replicas came to, whatever the third says', () => {
    const facts = new SessionFacts(3);
    expect(facts.rendezvous).toBe(0);
    facts.reach(1, 40);
    expect(facts.rendezvous).toBe(40);
    for (const [replica, k] of [
      [2, 41],
      [1, 42],
      [3, 10 ** 9],
      [2, 7],
    ] as const) {
      facts.reach(replica, k);
    }
    expect(facts.rendezvous).toBe(42);
  });
});

it('a flag has the earliest suspicion of its accusers, and the earliest second arrival', () => {
  const notice = (accuser: number, tFirstSuspicionNs: number, tSecondArrivalNs: number) =>
    ({
      accuser,
      accused: 3,
      stream: 0,
      k: 7,
      mechanism: 'time-out',
      tFirstSuspicionNs,
      tSecondArrivalNs,
      counted: true,
      tNs: 900,
    }) satisfies RecordedNotice;
  const fact = flagFact([notice(2, 300, NaN), notice(1, 200, 150)], 'time-out', 900);
  expect(fact).toMatchObject({
    accusers: [1, 2],
    tFirstSuspicionNs: 200,
    tSecondArrivalNs: 150,
    tQuorumNs: 900,
  });
  const later = flagFact([notice(1, 200, 150), notice(2, 300, 160)], 'time-out', 900);
  expect(later).toMatchObject({ tFirstSuspicionNs: 200, tSecondArrivalNs: 150 });
});
