/** Rules of slots (R12) that need no connection. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { SessionConfig } from '../protocol/private-program.ts';
import { Session } from './session.ts';
import type { SessionFiles } from './session.ts';
import { AHEAD_MAX, SlotTable, WINDOW } from './slots.ts';

const MIB = 1024 * 1024;

const bench = (replyBytes = 0) => {
  const ran: string[] = [];
  const answers: string[] = [];
  const due: (() => void)[] = [];
  const dropped: number[] = [];
  const flagged = new Set<number>();
  const table = new SlotTable({
    streams: 2,
    started: 3,
    policy: 'agreed',
    isUnflagged: (replica) => !flagged.has(replica),
    onDigestFault: () => undefined,
    onNoQuorum: () => undefined,
    later: (run) => void due.push(run),
  });
  const ask = (replica: number, what: string, mutating = false, counter = 1, stream = 0) =>
    table.arrive({
      replica,
      stream,
      counter,
      mutating,
      digest: Buffer.from(what),
      execute: () => {
        ran.push(what);
        return Buffer.from(`reply to ${what}`.padEnd(replyBytes));
      },
      answer: (record) => answers.push(`${replica}: ${record.toString()}`),
      superseded: () => void dropped.push(replica),
    });
  /** Two replicas make the calls `from` to `to` together, until one has to wait; how far they got. */
  const go = (from: number, to: number): number => {
    for (let counter = from; counter <= to && ran.length >= counter - 1; counter++) {
      for (const replica of [1, 2]) ask(replica, `call ${counter}`, true, counter);
    }
    return ran.length;
  };
  for (const replica of [1, 2, 3]) table.connected(replica);
  return { ran, answers, due, dropped, flagged, table, ask, go };
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

describe('what one replica alone can make the server keep', () => {
  it('is no stream that is not there', () => {
    const { ran, ask } = bench();
    expect(ask(1, 'read', false, 1, 2)).toContain('stream 2');
    expect(ran).toEqual([]);
  });

  it('is no call far ahead of what is agreed', () => {
    const { ask } = bench();
    expect(ask(1, 'write', true, 1 + AHEAD_MAX)).toBeUndefined();
    expect(ask(1, 'write', true, 2 + AHEAD_MAX)).toContain('ahead');
  });

  it('is one request to each slot beside its first, however often it sends it', () => {
    const { ask, dropped, answers } = bench();
    for (let i = 0; i < 5; i++) ask(1, 'write', true);
    expect(dropped).toEqual([1, 1, 1, 1]);
    ask(2, 'write', true);
    expect(answers).toEqual(['1: reply to write', '2: reply to write']);
  });
});

it('a slot that is settled keeps no arguments for who is behind', async () => {
  const { table } = bench();
  const kept = [1, 2].map((replica) => {
    const args = { replica };
    const execute = () => Buffer.of(args.replica);
    const [digest, answer] = [Buffer.of(1), () => undefined];
    const call = { stream: 0, counter: 1, mutating: true, digest };
    table.arrive({ replica, ...call, execute, answer, superseded: answer });
    return new WeakRef(args);
  });
  // A weak reference holds until the turn is over.
  await setImmediate();
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  expect(kept.map((each) => each.deref())).toEqual([undefined, undefined]);
  // The table itself lives.
  expect(table.quorum).toBe(2);
});

it('streams have slots of their own', () => {
  const { ran, ask } = bench();
  ask(1, 'write', true, 1, 0);
  ask(1, 'read', false, 1, 1);
  expect(ran).toEqual(['read']);
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
      expect(ask(3, `call ${counter}`, true, counter)).toBeUndefined();
      expect(answers.at(-1)).toBe(`3: reply to call ${counter}`);
    }
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(WINDOW + 2);
  });

  it('lets the others go when its last connection ends while they wait', () => {
    const { table, go } = bench();
    expect(go(1, 2 * WINDOW)).toBe(WINDOW);
    table.disconnected(3);
    expect(go(WINDOW + 2, 2 * WINDOW)).toBe(2 * WINDOW);
  });

  it('lets the others go when it is flagged', () => {
    const { table, flagged, go } = bench();
    expect(go(1, 2 * WINDOW)).toBe(WINDOW);
    flagged.add(3);
    table.flagged();
    expect(go(WINDOW + 2, 2 * WINDOW)).toBe(2 * WINDOW);
  });

  it('is refused once its slots are dropped, and holds nobody up by coming back', () => {
    const { table, ask, due, go } = bench();
    table.disconnected(3);
    go(1, 2 * WINDOW);
    table.connected(3);
    expect(go(2 * WINDOW + 1, 2 * WINDOW + 9)).toBe(2 * WINDOW + 9);
    expect(ask(3, 'call 1', true, 1)).toContain('dropped');
    expect(due).toEqual([]);
  });

  it('holds the others up for a time only when it is connected and silent', () => {
    const { ask, due, go } = bench();
    expect(go(1, WINDOW + 1)).toBe(WINDOW);
    expect(due).toHaveLength(1);
    due[0]?.();
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(3 * WINDOW);
    expect(due).toHaveLength(1);
    expect(ask(3, 'call 1', true, 1)).toContain('dropped');
  });

  it('holds them up no longer by a call now and then', () => {
    const { ask, due, go } = bench();
    go(1, WINDOW + 1);
    expect(ask(3, 'call 1', true, 1)).toBeUndefined();
    due[0]?.();
    expect(go(WINDOW + 2, 2 * WINDOW)).toBe(2 * WINDOW);
  });

  it('has 64 MiB of replies kept for it, not a whole window of MiB', () => {
    const { table, ask, go } = bench(MIB);
    expect(go(1, 200)).toBe(65);
    for (let counter = 1; counter <= 10; counter++) ask(3, `call ${counter}`, true, counter);
    expect(go(66, 200)).toBe(74);
    table.disconnected(3);
    expect(go(75, 200)).toBe(200);
    expect(ask(3, 'call 11', true, 11)).toContain('dropped');
    expect(ask(3, 'call 150', true, 150)).toBeUndefined();
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
        superseded: () => undefined,
      });
    }
    expect(ran).toEqual([]);
  });
});

describe('a retransmission', () => {
  it('of an older call sets nobody back', () => {
    const { ask, due, go } = bench();
    go(1, WINDOW + 1);
    for (let counter = 1; counter <= WINDOW; counter++) ask(3, `call ${counter}`, true, counter);
    due[0]?.();
    ask(3, `call ${WINDOW - 2}`, true, WINDOW - 2);
    expect(go(WINDOW + 2, 3 * WINDOW)).toBe(2 * WINDOW);
  });
});

describe('a replica with two connections', () => {
  it('is there until the last of them has ended', () => {
    const config = { replicas: 3, policy: 'agreed', volumes: [] } as unknown as SessionConfig;
    const session = new Session('s', config, {} as unknown as SessionFiles, () => 0);
    const connections = [1, 2].map(() => ({ cut: () => undefined }));
    for (const replica of [1, 2, 3]) session.bind(replica, connections[0]!);
    session.bind(3, connections[1]!);
    session.unbind(3, connections[1]!);
    let ran = 0;
    for (let counter = 1; counter <= 2 * WINDOW && ran >= counter - 1; counter++) {
      for (const replica of [1, 2]) {
        session.request({
          replica,
          stream: 0,
          counter,
          mutating: true,
          digest: Buffer.from(`call ${counter}`),
          execute: () => Buffer.of((ran += 1) & 255),
          answer: () => undefined,
          superseded: () => undefined,
        });
      }
    }
    expect(ran).toBe(WINDOW);
  });
});
