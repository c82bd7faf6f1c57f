/** Rules of slots (R12) that need no connection. */
import { describe, expect, it } from 'vitest';
import type { SessionConfig } from '../protocol/private-program.ts';
import { Session } from './session.ts';
import type { SessionFiles } from './session.ts';
import { SlotTable } from './slots.ts';

const bench = () => {
  const ran: string[] = [];
  const answers: string[] = [];
  const table = new SlotTable({
    started: 3,
    policy: 'agreed',
    isUnflagged: () => true,
    onDigestFault: () => undefined,
    onNoQuorum: () => undefined,
  });
  const ask = (replica: number, what: string, mutating = false): void => {
    table.arrive({
      replica,
      stream: 0,
      counter: 1,
      mutating,
      digest: Buffer.from(what),
      execute: () => {
        ran.push(what);
        return Buffer.from(`reply to ${what}`);
      },
      answer: (record) => answers.push(`${replica}: ${record.toString()}`),
    });
  };
  return { ran, answers, table, ask };
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
