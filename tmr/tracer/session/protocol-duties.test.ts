/**
 * What of the protocol the session process adds to the core: it carries out what the core says, compares
 * replies with what it asked, and watches the trusted parties. Real sockets on the loopback, a core
 * that says what the test wants; the other end has sent before it is waited for, since every wait blocks.
 */
import * as native from 'ptrace-napi';
import { describe, expect, it } from 'vitest';
import type { CoreEffect, CoreEvent, ProtocolCore, Vote } from '../../core/types.ts';
import { AUTH_TMR_DIGEST } from '../../nfs/protocol/constants.ts';
import { encodeCaller, requestDigest } from '../../nfs/protocol/digest.ts';
import {
  acceptStatus,
  encodeNotAccepted,
  finishReply,
  startReply,
} from '../../nfs/protocol/rpc.ts';
import { Link } from './link.ts';
import { MonitorLink } from './monitor-link.ts';
import { Pump } from './pump.ts';
import { Recorder } from './recorder.ts';
import { ServerLink } from './server-link.ts';
import { Services } from './services.ts';
import { Voter } from './voter.ts';
import { checkFrame, encodeFrame } from '../../wire/frame.ts';
import type { FromMonitor } from '../../wire/messages.ts';
import { decodeToMonitor, encodeFromMonitor } from '../../wire/monitor-codec.ts';
import { encodePeerMessage } from '../../wire/peer-codec.ts';
import { XdrWriter } from '../../wire/xdr.ts';

const SECOND_NS = 1e9;

/** Two ends of one TCP connection on the loopback. */
const pair = (): [Link, Link] => {
  const listener = native.listen('127.0.0.1', 0, 1);
  const deadlineNs = native.monotonicNs() + SECOND_NS;
  const dialled = native.connect('127.0.0.1', listener.port, deadlineNs);
  const accepted = native.accept(listener.fd, deadlineNs);
  native.close(listener.fd);
  return [new Link(dialled, 'a', 1 << 20), new Link(accepted, 'b', 1 << 20)];
};

/** A wait that would last for ever fails instead. */
const boundedPump = (): Pump => {
  const pump = new Pump();
  const dueNs = native.monotonicNs() + 3 * SECOND_NS;
  pump.addTimed({
    nextDeadlineNs: () => dueNs,
    expire: () => expect.fail('waited in vain'),
  });
  return pump;
};

const put = (link: Link, bytes: Uint8Array): void => {
  expect(link.send(Buffer.from(bytes), native.monotonicNs() + SECOND_NS)).toBe(true);
};

/** Everything that has arrived at an end. */
const taken = (link: Link): Buffer[] => {
  const records: Buffer[] = [];
  native.poll(Int32Array.of(link.fd), 1, new Uint8Array(1), native.monotonicNs() + SECOND_NS, 0);
  link.receive();
  for (let record = link.next(); record !== undefined; record = link.next()) {
    records.push(Buffer.from(record));
  }
  return records;
};

const vote: Vote = {
  stream: 0,
  k: 0,
  call: 39,
  sigHi: 1,
  sigLo: 2,
  inputs: { elapsedNs: 5, marks: 0 },
  direct: 0,
  seal: 0,
};

const voteFrame = (): Buffer =>
  Buffer.from(encodeFrame(new XdrWriter(), (w) => encodePeerMessage(w, { type: 'vote', vote })));

/** Says what it is told to, by the type of the event. */
class ScriptedCore implements ProtocolCore {
  readonly events: CoreEvent[] = [];
  readonly script: Partial<Record<CoreEvent['type'], CoreEffect[]>> = {};

  handle(event: CoreEvent): readonly CoreEffect[] {
    this.events.push(structuredClone(event));
    return this.script[event.type] ?? [];
  }

  nextDeadlineNs(): number {
    return Infinity;
  }
}

const bench = () => {
  const pump = boundedPump();
  const [peer, peerEnd] = pair();
  const [monitor, monitorEnd] = pair();
  const news = {
    peers: () => {},
    go: () => {},
    signal: () => {},
    suspend: () => {},
    resume: () => {},
    closed: () => {},
    heard: () => {},
  };
  const monitorLink = new MonitorLink(monitor, pump, SECOND_NS, news);
  const core = new ScriptedCore();
  const recorder = new Recorder(1);
  const notices: number[] = [];
  const voter = new Voter({
    core,
    pump,
    monitor: monitorLink,
    recorder,
    servicePorts: {
      noticeToServer: (accused) => notices.push(accused),
      sendBytesToServer: () => {},
      sendToMonitor: () => {},
      closeService: () => {},
    },
  });
  voter.addPeer(2, peer);
  // The first turn of a pump looks at new links before it polls.
  pump.poll();
  return { pump, peer, peerEnd, monitorLink, monitorEnd, core, recorder, notices, voter };
};

const goOn = (marks = 0): CoreEffect => ({
  type: 'go-on',
  k: 0,
  inputs: { elapsedNs: 77, marks },
  members: [1, 2],
});
const flag: CoreEffect = {
  type: 'flag',
  accused: 2,
  stream: 0,
  k: 0,
  mechanism: 'signature',
  tFirstSuspicionNs: 1,
  tSecondArrivalNs: 1,
};
const suspects = ({ recorder }: ReturnType<typeof bench>): unknown =>
  recorder.statistics({
    tsc: 'native',
    placement: { cpus: '', cpu: -1 },
  } as never).linkSuspects;

describe('the voter', () => {
  it('hands a whole frame to the core, and a spoilt one to nobody but the record', () => {
    const t = bench();
    put(t.peerEnd, voteFrame());
    t.pump.poll();
    expect(t.core.events).toMatchObject([{ type: 'message', from: 2, message: { vote } }]);
    const spoilt = voteFrame();
    spoilt[20] = (spoilt[20] ?? 0) ^ 1;
    put(t.peerEnd, spoilt);
    t.pump.poll();
    expect(t.core.events).toHaveLength(1);
    expect(suspects(t)).toEqual([{ from: 2, to: 1, count: 1 }]);
  });

  it('goes on when the core says so, with what was agreed', () => {
    const t = bench();
    t.core.script.message = [goOn(4)];
    put(t.peerEnd, voteFrame());
    t.voter.rendezvous(39, 1, 2, 0);
    expect(t.core.events.map(({ type }) => type)).toEqual(['own-vote', 'message']);
    expect(t.voter.agreed).toEqual({ elapsedNs: 77, marks: 4 });
    expect(t.voter.members).toEqual([1, 2]);
  });

  it('marks an announced signal in each vote until it is delivered', () => {
    const t = bench();
    t.voter.announceSignal(2);
    for (const marks of [0, 2, 0]) {
      t.core.script['own-vote'] = [goOn(marks)];
      t.voter.rendezvous(39, 1, 2, 0);
    }
    const marks = t.core.events.map((event) =>
      event.type === 'own-vote' ? event.vote.inputs.marks : NaN,
    );
    expect(marks).toEqual([2, 2, 0]);
  });

  it('tells both trusted parties of a flag, and cuts the link to the accused', () => {
    const t = bench();
    t.core.script['own-vote'] = [flag, { type: 'close-link', peer: 2 }, goOn()];
    t.voter.rendezvous(39, 1, 2, 0);
    expect(t.notices).toEqual([2]);
    const [frame] = taken(t.monitorEnd);
    const body = frame === undefined ? undefined : checkFrame(frame);
    expect(body === undefined ? undefined : decodeToMonitor(body)).toMatchObject({
      type: 'flag',
      accused: 2,
    });
    t.pump.poll();
    expect(t.peer.closed).toBe(true);
    expect(t.core.events.at(-1)).toEqual({ type: 'link-closed', peer: 2 });
  });

  it('leaves the session when the core fences or stops', () => {
    const t = bench();
    t.core.script['own-vote'] = [{ type: 'fence', reason: 'outvoted' }, goOn()];
    expect(() => t.voter.rendezvous(39, 1, 2, 0)).toThrow('outvoted');
    t.core.script['own-vote'] = [{ type: 'stop', reason: 'no majority' }, goOn()];
    expect(() => t.voter.rendezvous(39, 1, 2, 0)).toThrow('no majority');
  });

  it('tells the core of a pause and of the end of a link', () => {
    const t = bench();
    t.voter.suspend();
    t.voter.resume();
    t.peerEnd.close();
    t.pump.poll();
    expect(t.core.events).toEqual([
      { type: 'suspend' },
      { type: 'resume' },
      { type: 'link-closed', peer: 2 },
    ]);
  });
});

describe('the pump', () => {
  it('looks at the sockets before a timer, and takes all that is there', () => {
    const [a, b] = pair();
    const order: string[] = [];
    const pump = new Pump();
    pump.watch(b, {
      record: (body) => order.push(`record of ${body.length}`),
      closed: () => order.push('closed'),
    });
    pump.poll();
    let dueNs = native.monotonicNs() - 1;
    pump.addTimed({
      nextDeadlineNs: () => dueNs,
      expire: () => {
        dueNs = Infinity;
        order.push('timer');
      },
    });
    put(a, Buffer.concat([voteFrame(), voteFrame()]));
    a.close();
    pump.poll();
    pump.poll();
    expect(order).toEqual(['record of 56', 'record of 56', 'timer', 'closed']);
  });
});

describe('a call to the file server (R12)', () => {
  const args = Buffer.from('arguments!!!');
  const caller = (uid: number) => encodeCaller({ uid, gid: 1, gids: [4] });
  const digest = requestDigest(caller(1), 100003, 3, 1, args);
  const reply = (xid: number, body: Buffer): Buffer =>
    Buffer.from(
      finishReply(
        startReply(new XdrWriter(), xid, { flavour: AUTH_TMR_DIGEST, body }).opaque(
          Buffer.from(`result ${xid}`),
        ),
      ),
    );
  const call = (replies: readonly Buffer[]): string => {
    const pump = boundedPump();
    const [link, end] = pair();
    const server = new ServerLink({
      link,
      pump,
      session: 's',
      uid: 1,
      gid: 1,
      groups: [4],
      sendTimeoutNs: SECOND_NS,
    });
    server.watch({
      heard: () => {},
      closed: () => {
        throw new Error('the server is gone');
      },
    });
    pump.poll();
    put(end, Buffer.concat(replies));
    return server.call(100003, 3, 1, args).toString();
  };

  it('is answered by the reply of its own number', () => {
    const replies = [reply(9, digest), reply(1, digest)];
    expect(call(replies)).toContain('result 1');
  });

  it('stops when the server does not take it', () => {
    const refusal = encodeNotAccepted(new XdrWriter(), 1, acceptStatus.GARBAGE_ARGS);
    expect(() => call([Buffer.from(refusal)])).toThrow('did not accept call 1: GARBAGE_ARGS');
  });

  it('fences when another request was executed', () => {
    const other = requestDigest(caller(1), 100003, 3, 2, args);
    expect(() => call([reply(1, other)])).toThrow('file-digest');
  });

  it('fences when it was executed in the name of another user', () => {
    const other = requestDigest(caller(3), 100003, 3, 1, args);
    expect(() => call([reply(1, other)])).toThrow('file-digest');
  });
});

describe('slots of the monitor (R13)', () => {
  const replyTo = (n: number): FromMonitor => ({
    type: 'slot-reply',
    n,
    result: 10 + n,
    bytes: Buffer.alloc(0),
  });
  const frame = (message: FromMonitor): Buffer =>
    Buffer.from(encodeFrame(new XdrWriter(), (w) => encodeFromMonitor(w, message)));

  it('are numbered, and each is answered by the reply of its number', () => {
    const t = bench();
    const op = { type: 'exit', kind: 'status', value: 0 } as const;
    put(t.monitorEnd, Buffer.concat([frame(replyTo(0)), frame(replyTo(5))]));
    expect(t.monitorLink.slot(op).result).toBe(10);
    put(t.monitorEnd, frame(replyTo(1)));
    expect(t.monitorLink.slot(op).result).toBe(11);
  });

  it('end with the session when the monitor says so', () => {
    const t = bench();
    put(t.monitorEnd, frame({ type: 'end', reason: 'flagged' }));
    expect(() => t.pump.poll()).toThrow('flagged');
  });
});

describe('liveness of the trusted (R19)', () => {
  const L = 40 * SECOND_NS;
  const services = () => {
    const said: string[] = [];
    const watch = new Services({
      serviceTimeoutNs: L,
      graceNs: 2 * SECOND_NS,
      ping: {
        'file server': () => said.push('ping file server'),
        monitor: () => said.push('ping monitor'),
      },
      tell: (party) => said.push(`lost ${party}`),
    });
    return { said, watch, nowNs: native.monotonicNs() };
  };

  it('pings both every quarter of L', () => {
    const { said, watch, nowNs } = services();
    watch.expire(nowNs);
    expect(said).toEqual([]);
    expect(watch.nextDeadlineNs()).toBeLessThanOrEqual(nowNs + L / 4);
    watch.expire(watch.nextDeadlineNs());
    watch.expire(watch.nextDeadlineNs());
    expect(said).toEqual([1, 2].flatMap(() => ['ping file server', 'ping monitor']));
  });

  it('loses who says nothing for L, tells, and leaves after the grace', () => {
    const { said, watch, nowNs } = services();
    // Between two pings, so that the loss falls between two pings as well.
    while (native.monotonicNs() - nowNs < 2e6);
    watch.heard('file server');
    watch.heard('monitor');
    const heardNs = native.monotonicNs();
    for (let looks = 0; looks < 50 && !watch.lost; looks += 1) {
      expect(watch.nextDeadlineNs()).toBeLessThanOrEqual(heardNs + L);
      watch.expire(watch.nextDeadlineNs());
    }
    expect(said.filter((word) => word.startsWith('ping'))).toHaveLength(8);
    expect(said.at(-1)).toBe('lost file server');
    watch.lose('monitor');
    expect(said).not.toContain('lost monitor');
    // The grace counts from the loss.
    watch.expire(native.monotonicNs());
    expect(() => watch.expire(native.monotonicNs() + 2 * SECOND_NS)).toThrow('file server lost');
  });

  it('loses nobody who was not asked, since this process was stopped meanwhile', () => {
    const { said, watch, nowNs } = services();
    watch.expire(nowNs + 2 * L);
    expect(watch.lost).toBe(false);
    expect(said).toEqual(['ping file server', 'ping monitor']);
    expect(watch.nextDeadlineNs()).toBe(nowNs + 2 * L + L / 4);
  });

  it('hears who answers', () => {
    const before = native.monotonicNs();
    const { said, watch } = services();
    while (native.monotonicNs() - before < 2e6);
    watch.heard('file server');
    watch.heard('monitor');
    watch.expire(before + L + 1e6);
    expect(said).toEqual(['ping file server', 'ping monitor']);
  });

  it('expects nobody to answer during a pause, and starts again after it', () => {
    const before = native.monotonicNs();
    const { said, watch } = services();
    watch.suspend();
    expect(watch.nextDeadlineNs()).toBe(Infinity);
    while (native.monotonicNs() - before < 2e6);
    watch.resume();
    for (let quarter = 1; quarter <= 3; quarter += 1) watch.expire(watch.nextDeadlineNs());
    watch.expire(before + L + 1e6);
    expect(watch.lost).toBe(false);
    expect(said).toEqual([1, 2, 3].flatMap(() => ['ping file server', 'ping monitor']));
  });
});
