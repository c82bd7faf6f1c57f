/** Rules of slots (R12) that need no connection. */
import { describe, expect, it } from 'vitest';
import type { SessionConfig } from '../protocol/private-program.ts';
import { Session } from './session.ts';
import type { SessionFiles } from './session.ts';
import { SlotTable, WINDOW } from './slots.ts';

const bench = () => {
  const ran: string[] = [];
  const answers: string[] = [];
  const due: (() => void)[] = [];
  const table = new SlotTable({
    started: 3,
    policy: 'agreed',
    isUnflagged: () => true,
    onDigestFault: () => undefined,
    onNoQuorum: () => undefined,
    later: (run) => void due.push(run),
  });
  const ask = (replica: number, what: string, mutating = false, counter = 1): boolean =>
    table.arrive({
      replica,
      stream: 0,
      counter,
      mutating,
      digest: Buffer.from(what),
      execute: () => {
        ran.push(what);
        return Buffer.from(`reply to ${what}`);
      },
      answer: (record) => answers.push(`${replica}: ${record.toString()}`),
    });
  /** Two replicas make the calls `from` to `to` together; how far they got. */
  const go = (from: number, to: number): number => {
    for (let counter = from; counter <= to; counter++) {
      for (const replica of [1, 2]) ask(replica, `call ${counter}`, true, counter);
    }
    return ran.length;
  };
  for (const replica of [1, 2, 3]) table.connected(replica);
  return { ran, answers, due, table, ask, go };
};

describe('a slot that is not settled', () => {
  it('gives nobody the reply to what another one asked', () => {
    const { answers, ask } = bench();
    ask(1, 'odd');
    ask(2, 'good');
    ask(2, 'good');
    expect(answers).toEqual(['1: reply to odd']);
    ask(3, 'good');
    expect(answers.slice(1).every((answer) => answer.endsWith('reply to good'))).toBe(true);
  });

  it('counts the first request of a replica, whatever it sends again', () => {
    const { ran, ask } = bench();
    ask(1, 'odd', true);
    ask(1, 'good', true);
    ask(2, 'good', true);
    expect(ran).toEqual([]);
    ask(3, 'good', true);
    expect(ran).toEqual(['good']);
  });
});

describe('a replica far behind', () => {
  it('holds nobody up when it has no connection, and finds its slots when it comes back', () => {
    const { table, ask, answers, go } = bench();
    ask(3, 'call 1', true, 1);
    go(1, 1);
    table.disconnected(3);
    expect(go(2, WINDOW + 1)).toBe(WINDOW + 1);
    table.connected(3);
    // R12: a retransmission keeps its counter.
    for (const counter of [1, 2]) {
      expect(ask(3, `call ${counter}`, true, counter)).toBe(true);
      expect(answers.at(-1)).toBe(`3: reply to call ${counter}`);
    }
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(WINDOW + 2);
  });

  it('lets the others go when its last connection ends while they wait', () => {
    const { table, go } = bench();
    expect(go(1, 2 * WINDOW)).toBe(WINDOW);
    table.disconnected(3);
    expect(go(1, 0)).toBe(2 * WINDOW);
  });

  it('is refused once its slots are dropped, and holds nobody up by coming back', () => {
    const { table, ask, due, go } = bench();
    table.disconnected(3);
    go(1, 2 * WINDOW);
    table.connected(3);
    expect(go(2 * WINDOW + 1, 2 * WINDOW + 9)).toBe(2 * WINDOW + 9);
    expect(ask(3, 'call 1', true, 1)).toBe(false);
    expect(due).toEqual([]);
  });

  it('holds the others up for a time only when it is connected and silent', () => {
    const { ask, due, go } = bench();
    expect(go(1, WINDOW + 1)).toBe(WINDOW);
    expect(due).toHaveLength(1);
    due[0]?.();
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(3 * WINDOW);
    expect(due).toHaveLength(1);
    expect(ask(3, 'call 1', true, 1)).toBe(false);
  });

  it('holds them up no longer by a call now and then', () => {
    const { ask, due, go } = bench();
    go(1, WINDOW + 2);
    expect(ask(3, 'call 1', true, 1)).toBe(true);
    due[0]?.();
    expect(go(WINDOW + 3, 2 * WINDOW)).toBe(2 * WINDOW);
  });

  it('keeps its place when it has caught up in that time', () => {
    const { ask, due, go } = bench();
    go(1, WINDOW + 1);
    for (let counter = 1; counter <= WINDOW; counter++) ask(3, `call ${counter}`, true, counter);
    due[0]?.();
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(2 * WINDOW);
    expect(due).toHaveLength(2);
  });
});

describe('a session that stopped', () => {
  it('runs nothing any more', () => {
    const ran: number[] = [];
    const config = { replicas: 2, policy: 'agreed', volumes: [] } as unknown as SessionConfig;
    const session = new Session('s', config, {} as unknown as SessionFiles, () => 0);
    const flag = { accused: 2, stream: 0, k: 1, mechanism: 'signature' };
    expect(session.flag(1, flag)).toMatchObject({ ok: false });
    for (const replica of [1, 2]) {
      session.request({
        replica,
        stream: 0,
        counter: 1,
        mutating: true,
        digest: Buffer.from('good'),
        execute: () => Buffer.of(ran.push(replica)),
        answer: () => undefined,
      });
    }
    expect(ran).toEqual([]);
  });
});
