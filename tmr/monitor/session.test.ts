import { describe, expect, it } from 'vitest';
import type { FileDigest } from '../wire/file-digest.ts';
import { goldenToMonitor } from '../wire/golden.ts';
import type { FromMonitor, SlotOp, ToMonitor } from '../wire/messages.ts';
import type { SessionResult } from './facts.ts';
import { MonitorSession } from './session.ts';
import type { SessionOptions, StreamOp } from './session-types.ts';
import type { SlotResult } from './slots.ts';

/** A session with scripted replicas; streams collect what is let out. */
class Bench {
  readonly out: string[] = [];
  readonly said: string[] = [];
  readonly stopped: number[] = [];
  readonly sent = new Map<number, FromMonitor[]>();
  readonly links = new Map<number, { send(message: FromMonitor): void; close(): void }>();
  readonly session: MonitorSession;
  result: SessionResult | undefined;
  #timers: { ms: number; due: () => void }[] = [];
  #inputs: ((result: SlotResult) => void)[] = [];

  constructor(options: Partial<SessionOptions> = {}, changed: () => void = () => undefined) {
    const replicas = options.replicas ?? 3;
    this.session = new MonitorSession(
      {
        replicas,
        policy: 'agreed',
        startTimeoutMs: 30_000,
        lingerMs: 1000,
        signalGraceMs: 500,
        ...options,
      },
      {
        nowNs: () => 42,
        perform: (op) => this.#perform(op),
        after: (ms, due) => {
          const timer = { ms, due };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
        stopReplica: (replica) => this.stopped.push(replica),
        route: (_from, _to, own) => own,
        say: (line) => this.said.push(line),
        changed,
      },
    );
    void this.session.ended.then((result) => {
      this.result = result;
    });
    for (let replica = 1; replica <= replicas; replica++) {
      const sent: FromMonitor[] = [];
      this.sent.set(replica, sent);
      this.links.set(replica, { send: (m) => void sent.push(m), close: () => undefined });
    }
  }

  static ready(options: Partial<SessionOptions> = {}, changed?: () => void): Bench {
    const bench = new Bench(options, changed);
    for (const replica of bench.links.keys()) {
      const address = { host: '127.0.0.1', port: 40000 + replica };
      bench.from(replica, { type: 'ready', pid: 100 + replica, address });
    }
    return bench;
  }

  static running(options: Partial<SessionOptions> = {}, changed?: () => void): Bench {
    const bench = Bench.ready(options, changed);
    for (const replica of bench.links.keys()) {
      bench.started(replica);
    }
    return bench;
  }

  started(replica: number, files: FileDigest[] = []): void {
    this.from(replica, { type: 'started', replicaPid: 200 + replica, files });
  }

  from(replica: number, message: ToMonitor): void {
    const digest = message.type === 'slot' ? JSON.stringify(message.op) : '';
    this.session.message(replica, this.#link(replica), message, digest);
  }

  slot(replica: number, n: number, op: SlotOp): void {
    this.from(replica, { type: 'slot', n, op });
  }

  flag(accuser: number, accused: number): void {
    this.from(accuser, {
      type: 'flag',
      accused,
      stream: 0,
      k: 120,
      mechanism: 'connection-closed',
      tFirstSuspicionNs: 10 + accuser,
      tSecondArrivalNs: NaN,
    });
  }

  close(replica: number): void {
    this.session.closed(replica, this.#link(replica), 'the connection was closed');
  }

  replies(replica: number): number[] {
    return (this.sent.get(replica) ?? []).flatMap((m) =>
      m.type === 'slot-reply' ? [m.result] : [],
    );
  }

  fire(ms: number): void {
    for (const timer of this.#timers.filter((t) => t.ms === ms)) timer.due();
  }

  /** Lets promises that are ready go on. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  answerInput(text: string): void {
    this.#inputs.shift()?.({ result: text.length, bytes: Buffer.from(text) });
  }

  #link(replica: number): { send(message: FromMonitor): void; close(): void } {
    const link = this.links.get(replica);
    if (link === undefined) throw new Error(`no replica ${replica}`);
    return link;
  }

  #perform(op: StreamOp): Promise<SlotResult> {
    if (op.type === 'input') return new Promise((resolve) => this.#inputs.push(resolve));
    if (op.type === 'output') this.out.push(op.bytes.toString());
    const result = op.type === 'output' ? op.bytes.length : 0;
    return Promise.resolve({ result, bytes: Buffer.alloc(0) });
  }
}

const hello: SlotOp = { type: 'output', fd: 1, bytes: Buffer.from('hello') };
const hallo: SlotOp = { type: 'output', fd: 1, bytes: Buffer.from('hallo') };
const exit3: SlotOp = { type: 'exit', kind: 'status', value: 3 };

describe('a session without a fault', () => {
  it('tells everybody where the others are once all are ready', () => {
    const bench = Bench.running();
    expect(bench.sent.get(1)).toContainEqual({
      type: 'peers',
      peers: [
        { replica: 2, address: { host: '127.0.0.1', port: 40002 } },
        { replica: 3, address: { host: '127.0.0.1', port: 40003 } },
      ],
    });
    expect(bench.session.state).toBe('running');
  });

  it('lets output out once and ends with the exit status that all agreed on', async () => {
    const bench = Bench.running();
    for (const replica of [3, 1, 2]) bench.slot(replica, 0, hello);
    await bench.settle();
    for (const replica of [1, 2, 3]) bench.slot(replica, 1, exit3);
    for (const replica of [1, 2, 3]) bench.close(replica);
    await bench.settle();
    expect(bench.out).toEqual(['hello']);
    expect(bench.replies(2)).toEqual([5, 0]);
    expect(bench.result).toEqual({ outcome: 'completed', reason: '', exit: { status: 3 } });
    expect(bench.stopped).toEqual([]);
    expect(bench.session.facts.lost).toEqual([]);
  });

  it('reads input once, when two have asked, and answers pings meanwhile', async () => {
    const bench = Bench.running();
    const input: SlotOp = { type: 'input', fd: 0, count: 10, offset: -1 };
    bench.slot(1, 0, input);
    bench.answerInput('early');
    bench.slot(2, 0, input);
    bench.from(3, { type: 'ping' });
    expect(bench.sent.get(3)).toContainEqual({ type: 'pong' });
    bench.answerInput('line\n');
    await bench.settle();
    bench.slot(3, 0, input);
    for (const replica of [1, 2, 3]) {
      expect(bench.sent.get(replica)).toContainEqual({
        type: 'slot-reply',
        n: 0,
        result: 5,
        bytes: Buffer.from('line\n'),
      });
    }
  });

  it.each([
    ['its connection ended', (bench: Bench) => bench.close(3), 'the connection was closed'],
    [
      'it is at another end',
      (bench: Bench) => bench.slot(3, 0, hello),
      'outvoted at the monitor, slot 0',
    ],
  ])('loses a replica that never came to the end: %s', async (_how, leave, reason) => {
    const bench = Bench.running();
    for (const replica of [1, 2]) bench.slot(replica, 0, exit3);
    leave(bench);
    for (const replica of [1, 2]) bench.close(replica);
    bench.fire(1000);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'completed' });
    expect(bench.session.facts.lost).toEqual([{ replica: 3, reason }]);
  });

  it.each([
    ['flagged', (bench: Bench) => [1, 2].map((by) => bench.flag(by, 3))],
    ['fenced', (bench: Bench) => bench.from(3, { type: 'fenced', reason: 'outvoted' })],
  ])('has no other word for a replica that was %s', async (_word, leave) => {
    const bench = Bench.running();
    leave(bench);
    for (const replica of [1, 2]) bench.slot(replica, 0, exit3);
    for (const replica of [1, 2, 3]) bench.close(replica);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'completed' });
    expect(bench.session.facts.lost).toEqual([]);
  });

  it('waits for stragglers after the exit status, but not for ever', async () => {
    const bench = Bench.running();
    for (const replica of [1, 2, 3]) bench.slot(replica, 0, hello);
    await bench.settle();
    bench.slot(1, 1, exit3);
    bench.slot(2, 1, exit3);
    bench.close(1);
    bench.close(2);
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.fire(1000);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'completed', exit: { status: 3 } });
    expect(bench.stopped).toEqual([3]);
    expect(bench.session.facts.lost).toEqual([{ replica: 3, reason: 'left behind' }]);
  });
});

describe('one faulty replica', () => {
  it('is flagged for what its peers saw where that is more than silence', async () => {
    const bench = Bench.running();
    bench.slot(2, 0, hallo);
    for (const replica of [1, 3]) bench.slot(replica, 0, hello);
    await bench.settle();
    for (const accuser of [1, 3]) {
      bench.from(accuser, {
        type: 'flag',
        accused: 2,
        stream: 0,
        k: 120,
        mechanism: 'signature',
        tFirstSuspicionNs: 10,
        tSecondArrivalNs: 9,
      });
    }
    expect(bench.session.facts.flags).toMatchObject([{ replica: 2, mechanism: 'signature' }]);
  });

  it('that fenced leaves a session of three: one of the two others does not stop it at once', async () => {
    const bench = Bench.running();
    bench.from(3, { type: 'fenced', reason: 'alone' });
    bench.from(2, { type: 'stopped', reason: 'let me end it' });
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.fire(1000);
    await bench.settle();
    expect(bench.result).toMatchObject({ reason: expect.stringContaining('too few') });
  });

  it('does not get its output out, and its flag carries the mechanism output-digest', async () => {
    const bench = Bench.running();
    bench.slot(2, 0, hallo);
    bench.slot(1, 0, hello);
    bench.slot(3, 0, hello);
    await bench.settle();
    expect(bench.out).toEqual(['hello']);
    expect(bench.sent.get(2)?.at(-1)).toMatchObject({ type: 'end' });
    bench.flag(1, 2);
    bench.flag(3, 2);
    expect(bench.session.facts.flags).toMatchObject([
      { replica: 2, k: 120, mechanism: 'output-digest', accusers: [1, 3], tQuorumNs: 42 },
    ]);
    expect(bench.said).toEqual([
      'replica 2 flagged at rendezvous 120: output-digest (accused by 1 and 3)',
    ]);
  });

  it('is cut off when two others have flagged it, and the two go on', async () => {
    const bench = Bench.running();
    bench.flag(3, 1);
    expect(bench.session.facts.flags).toEqual([]);
    bench.flag(2, 1);
    expect(bench.stopped).toEqual([1]);
    expect(bench.sent.get(2)).toContainEqual({ type: 'flagged', accused: 1 });
    bench.slot(1, 0, hallo);
    bench.slot(2, 0, hello);
    expect(bench.out).toEqual([]);
    bench.slot(3, 0, hello);
    await bench.settle();
    expect(bench.out).toEqual(['hello']);
    expect(bench.result).toBeUndefined();
  });

  it('is not let in again by its own word, and cannot stop the two others then', async () => {
    const bench = Bench.running();
    bench.flag(1, 3);
    bench.flag(2, 3);
    for (let i = 0; i < 2; i++) {
      bench.started(3);
      bench.from(3, { type: 'stopped', reason: 'let me end it' });
    }
    await bench.settle();
    expect(bench.session.replicas[2]).toMatchObject({ state: 'flagged' });
    expect(bench.result).toBeUndefined();
  });

  it('that was outvoted has no word any more, though its peers have not flagged it yet', async () => {
    const bench = Bench.running();
    bench.slot(3, 0, hallo);
    for (const replica of [1, 2]) bench.slot(replica, 0, hello);
    await bench.settle();
    bench.started(3);
    bench.from(3, { type: 'lost', party: 'nfs' });
    bench.from(3, { type: 'stopped', reason: 'let me end it' });
    bench.from(1, { type: 'lost', party: 'nfs' });
    expect(bench.session.replicas[2]).toMatchObject({ state: 'gone' });
    expect(bench.session.state).toBe('running');
  });

  it('that asks for no slots does not fill the memory: it is let go, and the two go on', async () => {
    const bench = Bench.running();
    const input: SlotOp = { type: 'input', fd: 0, count: 2 ** 20, offset: -1 };
    const text = 'x'.repeat(2 ** 20);
    for (let n = 0; n < 40; n++) {
      for (const replica of [1, 2]) bench.slot(replica, n, input);
      bench.answerInput(text);
      await bench.settle();
    }
    expect(bench.session.replicas[2]).toMatchObject({ state: 'gone' });
    expect(bench.session.slotsCompleted).toBe(40);
    expect(bench.session.state).toBe('running');
  });

  it('gives its last words for the report once, and tells of no more changes', () => {
    let changes = 0;
    const bench = Bench.running({}, () => changes++);
    const running = changes;
    bench.from(3, { type: 'down', reason: 'killed by signal 9' });
    for (let i = 0; i < 3; i++) {
      bench.from(3, { type: 'fenced', reason: `killed by signal ${9 + i}` });
      bench.from(3, { type: 'down', reason: 'again' });
      bench.from(3, { type: 'stopped', reason: 'again' });
    }
    bench.from(3, goldenToMonitor.statistics);
    const { fences, statistics } = bench.session.facts;
    expect(fences).toEqual([{ replica: 3, reason: 'killed by signal 9' }]);
    expect(statistics.get(3)?.rendezvous).toBe(121);
    expect(changes).toBe(running + 1);
  });

  it('that stops by itself does not stop the two others', async () => {
    const bench = Bench.running();
    bench.from(1, { type: 'stopped', reason: 'out of memory' });
    bench.close(1);
    await bench.settle();
    expect(bench.result).toBeUndefined();
  });

  it('has no word any more in a slot that it filled before its flag', () => {
    const bench = Bench.running();
    const exit: SlotOp = { type: 'exit', kind: 'status', value: 0 };
    bench.slot(3, 0, exit);
    bench.flag(1, 3);
    bench.flag(2, 3);
    bench.slot(1, 0, exit);
    expect(bench.session.state).toBe('running');
    bench.slot(2, 0, exit);
    expect(bench.session.state).toBe('ending');
  });

  it('may send a notice over a second connection, and it counts once', () => {
    const bench = Bench.running();
    const second = { send: () => undefined, close: () => undefined };
    const flag: ToMonitor = {
      type: 'flag',
      accused: 2,
      stream: 0,
      k: 1,
      mechanism: 'time-out',
      tFirstSuspicionNs: 1,
      tSecondArrivalNs: 1,
    };
    bench.session.message(1, second, flag);
    bench.from(1, flag);
    expect(bench.session.facts.flags).toEqual([]);
    bench.session.message(1, second, { type: 'slot', n: 0, op: hello }, JSON.stringify(hello));
    bench.slot(2, 0, hello);
    expect(bench.out).toEqual([]);
  });
});

describe('more than one fault', () => {
  it('stops a session of three when a second tracer stops', () => {
    const bench = Bench.running();
    bench.from(1, { type: 'stopped', reason: 'no majority' });
    expect(bench.session.state).toBe('running');
    bench.from(2, { type: 'stopped', reason: 'no majority' });
    expect(bench.session.state).toBe('ended');
  });

  it('stops the session when no two agree, and lets nothing out', async () => {
    const bench = Bench.running();
    bench.slot(1, 0, hello);
    bench.slot(2, 0, hallo);
    bench.slot(3, 0, exit3);
    await bench.settle();
    expect(bench.out).toEqual([]);
    expect(bench.result).toEqual({
      outcome: 'stopped',
      reason: 'no quorum at monitor',
      exit: { status: 125 },
    });
    expect(bench.said).toEqual(['stopped: no quorum at monitor']);
  });

  it('stops on a notice in duplex and flags nobody', async () => {
    const bench = Bench.running({ replicas: 2 });
    bench.flag(1, 2);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'stopped', reason: 'notice in duplex' });
    expect(bench.session.facts.flags).toEqual([]);
  });

  it('stops when one of two members says so', async () => {
    const bench = Bench.running();
    bench.flag(1, 3);
    bench.flag(2, 3);
    bench.from(1, { type: 'stopped', reason: 'votes differ in duplex' });
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'stopped', reason: 'votes differ in duplex' });
  });

  it('does not listen to a flagged one that would stop it', async () => {
    const bench = Bench.running();
    bench.flag(1, 3);
    bench.flag(2, 3);
    bench.from(3, { type: 'stopped', reason: 'no majority of two' });
    await bench.settle();
    expect(bench.result).toBeUndefined();
  });

  it('stops when one is left that says nothing: alone it can agree on nothing', async () => {
    const bench = Bench.running();
    bench.from(1, { type: 'fenced', reason: 'outvoted' });
    bench.fire(1000);
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.from(2, { type: 'fenced', reason: 'outvoted too' });
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.fire(1000);
    await bench.settle();
    expect(bench.result).toMatchObject({
      outcome: 'stopped',
      reason:
        'too few replicas are left (replica 1 outvoted; replica 2 outvoted too; replica 3 is alone)',
    });
  });

  it('stops when no replica is left, and says why each went', async () => {
    const bench = Bench.running({ replicas: 1 });
    bench.from(1, { type: 'down', reason: 'killed by signal 9' });
    await bench.settle();
    expect(bench.result?.reason).toContain('replica 1 its process ended: killed by signal 9');
  });
});

describe('the same bytes in all replicas', () => {
  const libc = (digit: string): FileDigest[] => [
    { path: '/usr/bin/cat', sha256: '0'.repeat(64) },
    { path: '/lib/libc.so.6', sha256: digit.repeat(64) },
  ];
  const types = (bench: Bench, replica: number): string[] =>
    (bench.sent.get(replica) ?? []).map(({ type }) => type);

  it('let all of them run, once the last has told its files', () => {
    const bench = Bench.ready();
    bench.started(1, libc('a'));
    bench.started(2, libc('a'));
    expect(types(bench, 1)).toEqual(['peers']);
    bench.started(3, libc('a'));
    for (const replica of [1, 2, 3]) expect(types(bench, replica)).toEqual(['peers', 'go']);
    expect(bench.session.state).toBe('running');
  });

  it('are refused by name where one has others: nobody runs, and nobody is flagged', async () => {
    const bench = Bench.ready();
    for (const replica of [1, 2, 3]) bench.started(replica, libc(replica === 2 ? 'b' : 'a'));
    // Too late: the session is over.
    bench.flag(1, 2);
    bench.flag(3, 2);
    bench.close(2);
    await bench.settle();
    const reason =
      'replica 2 has another /lib/libc.so.6 (sha256 bbbbbbbbbbbb..., the others aaaaaaaaaaaa...): ' +
      'install the same bytes everywhere';
    expect(bench.result).toEqual({ outcome: 'failed-to-start', reason, exit: { status: 125 } });
    expect(bench.said).toEqual([`cannot start: ${reason}`]);
    expect(bench.session.facts.flags).toEqual([]);
    for (const replica of [1, 2, 3]) expect(types(bench, replica)).toEqual(['peers', 'end']);
    expect(bench.stopped).toEqual([1, 2, 3]);
  });
});

describe('faults around the session', () => {
  it('fails to start, flagging nobody, when a tracer leaves before all have started', async () => {
    const bench = new Bench();
    bench.from(1, { type: 'ready', pid: 1, address: { host: '127.0.0.1', port: 1 } });
    bench.close(1);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'failed-to-start', exit: { status: 125 } });
  });

  it('fails to start within the start time-out, and names who is missing', async () => {
    const bench = new Bench();
    bench.fire(30_000);
    await bench.settle();
    expect(bench.said[0]).toMatch(/cannot start: replica 1, 2, 3 did not start/);
  });

  it('ends as env(1) when the program cannot be executed', async () => {
    const bench = new Bench();
    bench.from(1, { type: 'ready', pid: 1, address: { host: '127.0.0.1', port: 1 } });
    bench.from(1, { type: 'stopped', reason: 'execve: ENOEXEC: no known format' });
    await bench.settle();
    expect(bench.result).toMatchObject({ exit: { status: 126 } });
  });

  it('stops on two words of a lost file server, not on one', async () => {
    const bench = Bench.running();
    bench.from(1, { type: 'lost', party: 'nfs' });
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.from(3, { type: 'lost', party: 'nfs' });
    await bench.settle();
    expect(bench.result?.reason).toMatch(/^file server lost/);
    expect(bench.session.facts.trustedLost).toBe(true);
  });

  it('takes the word of a lost file server from no replica that a false notice cut off', async () => {
    const bench = Bench.running({ policy: 'paper' });
    bench.from(2, { type: 'lost', party: 'nfs' });
    bench.flag(1, 2);
    expect(bench.session.facts).toMatchObject({ flags: [{ replica: 2 }], trustedLost: false });
    bench.close(3);
    bench.from(2, { type: 'lost', party: 'nfs' });
    await bench.settle();
    expect(bench.session.facts.trustedLost).toBe(false);
    expect(bench.result).toBeUndefined();
  });
});

describe('signals of the user', () => {
  it('end the session when two replicas say that the disposition is the default', async () => {
    const bench = Bench.running();
    bench.session.signal(15);
    expect(bench.sent.get(2)).toContainEqual({ type: 'signal', signal: 15 });
    bench.from(1, { type: 'disposition', signal: 15, kind: 'default' });
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.from(2, { type: 'disposition', signal: 15, kind: 'default' });
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'interrupted', exit: { signal: 15 } });
  });

  it('are left to a program that catches them; a second Ctrl-C kills', async () => {
    const bench = Bench.running();
    bench.session.signal(2);
    for (const replica of [1, 2]) {
      bench.from(replica, { type: 'disposition', signal: 2, kind: 'caught' });
    }
    bench.fire(500);
    await bench.settle();
    expect(bench.result).toBeUndefined();
    bench.session.signal(2);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'interrupted', exit: { signal: 2 } });
  });

  it('do not undo the exit status of a program that ended meanwhile', async () => {
    const bench = Bench.running();
    bench.session.signal(15);
    bench.slot(1, 0, exit3);
    bench.slot(2, 0, exit3);
    bench.fire(500);
    for (const replica of [1, 2, 3]) bench.close(replica);
    await bench.settle();
    expect(bench.result).toMatchObject({ outcome: 'completed', exit: { status: 3 } });
  });

  it('end the session when nobody answers', async () => {
    const bench = Bench.running();
    bench.session.signal(2);
    bench.fire(500);
    await bench.settle();
    expect(bench.result).toMatchObject({ exit: { signal: 2 } });
  });
});
