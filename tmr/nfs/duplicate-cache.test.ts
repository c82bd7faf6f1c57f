import { expect, it } from 'vitest';
import { DuplicateCache } from './duplicate-cache.ts';

it('a retransmission gets the reply of its own client, call and caller, for a minute', () => {
  let nowMs = 0;
  let runs = 0;
  const cache = new DuplicateCache(() => nowMs);
  const caller = { uid: 1, gid: 1, gids: [] };
  const call = { xid: 7, program: 100003, version: 3, procedure: 8, args: Buffer.from('x') };
  const ask = (client: string, change: object = {}, uid = 1): string =>
    cache
      .reply(client, { ...caller, uid } as never, { ...call, ...change } as never, () =>
        Buffer.from(`run ${(runs += 1)}`),
      )
      .toString();
  expect(ask('127.0.0.1')).toBe('run 1');
  expect(ask('127.0.0.1')).toBe('run 1');
  expect(ask('127.0.0.2')).toBe('run 2');
  expect(ask('127.0.0.1', {}, 2)).toBe('run 3');
  expect(ask('127.0.0.1', { xid: 8 })).toBe('run 4');
  nowMs = 60_001;
  expect(ask('127.0.0.1')).toBe('run 5');
});
