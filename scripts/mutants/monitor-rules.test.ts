/** Rules of the monitor (R6, R13) that its own tests let be weakened: who is out has no word. */
import { describe, expect, it } from 'vitest';
import { NoticeBook } from '../../tmr/monitor/notices.ts';
import type { Notice } from '../../tmr/monitor/notices.ts';
import { MonitorSession } from '../../tmr/monitor/session.ts';
import type { ReplicaLink } from '../../tmr/monitor/session-types.ts';
import type { ToMonitor } from '../../tmr/wire/messages.ts';

const notice = (accuser: number, accused: number): Notice => ({
  accuser,
  accused,
  stream: 0,
  k: 1,
  mechanism: 'signature',
  tFirstSuspicionNs: 1,
  tSecondArrivalNs: 1,
});

describe('notices among four', () => {
  it('do not count when their sender was flagged since', () => {
    const book = new NoticeBook([1, 2, 3, 4], 'agreed');
    book.add(notice(1, 2), 0);
    book.add(notice(3, 1), 0);
    expect(book.add(notice(4, 1), 0)).toMatchObject({ type: 'flag', accused: 1 });
    expect(book.add(notice(3, 2), 0)).toEqual({ type: 'none' });
  });

  it('flag nobody twice', () => {
    const book = new NoticeBook([1, 2, 3, 4], 'agreed');
    book.add(notice(1, 2), 0);
    book.add(notice(3, 2), 0);
    expect(book.add(notice(4, 2), 0)).toEqual({ type: 'none' });
  });
});

/** Three replicas that have started. */
const running = () => {
  const session = new MonitorSession(
    { replicas: 3, policy: 'agreed', startTimeoutMs: 1e4, lingerMs: 1e3, signalGraceMs: 500 },
    {
      nowNs: () => 42,
      perform: () => Promise.resolve({ result: 0, bytes: Buffer.alloc(0) }),
      after: () => () => undefined,
      stopReplica: () => undefined,
      route: (_from, _to, own) => own,
      say: () => undefined,
      changed: () => undefined,
    },
  );
  const links = [1, 2, 3].map((): ReplicaLink => ({
    send: () => undefined,
    close: () => undefined,
  }));
  const from = (replica: number, message: ToMonitor): void => {
    session.message(replica, links[replica - 1] as ReplicaLink, message, JSON.stringify(message));
  };
  for (const replica of [1, 2, 3]) {
    from(replica, { type: 'ready', pid: 1, address: { host: '127.0.0.1', port: 1 } });
  }
  for (const replica of [1, 2, 3]) from(replica, { type: 'started', replicaPid: 1, files: [] });
  return { session, from };
};

describe('a running session of three', () => {
  it('goes on when one tracer stops, and ends when a second one does', () => {
    const { session, from } = running();
    from(1, { type: 'stopped', reason: 'no majority' });
    expect(session.state).toBe('running');
    from(2, { type: 'stopped', reason: 'no majority' });
    expect(session.state).toBe('ended');
  });

  it('does not count the slot of one that was flagged since', () => {
    const { session, from } = running();
    const exit: ToMonitor = { type: 'slot', n: 0, op: { type: 'exit', kind: 'status', value: 0 } };
    from(3, exit);
    from(1, { type: 'flag', ...notice(1, 3) });
    from(2, { type: 'flag', ...notice(2, 3) });
    from(1, exit);
    expect(session.state).toBe('running');
    from(2, exit);
    expect(session.state).toBe('ending');
  });
});
