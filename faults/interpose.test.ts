import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isSealed, Sealer } from '../tmr/core/seal.ts';
import type { PeerMessage, Vote } from '../tmr/core/types.ts';
import { sameVote } from '../tmr/core/vote.ts';
import type { SessionPorts } from '../tmr/tracer/session/session-ports.ts';
import { checkFrame, encodeFrame } from '../tmr/wire/frame.ts';
import type { ToMonitor } from '../tmr/wire/messages.ts';
import { decodePeerMessage, encodePeerMessage } from '../tmr/wire/peer-codec.ts';
import { samplePlan } from '../tmr/wire/sample-plan.ts';
import { XdrWriter } from '../tmr/wire/xdr.ts';
import { readEventLog, type FaultEvent } from './event-log.ts';
import { interpose } from './interpose.ts';

let directory: string;
let eventLog: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmr-interpose-test-'));
  eventLog = join(directory, 'events.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Ports that keep what passes through them, wired to each other as in voter.ts. */
class Recording {
  readonly messages: [number, PeerMessage][] = [];
  readonly frames: [number, Buffer][] = [];
  readonly taken: [number, PeerMessage][] = [];
  /** Of the relays in `taken`: whether the core would count them. */
  readonly believed: boolean[] = [];
  readonly notices: [number, number, number, string][] = [];
  readonly calls: Buffer[] = [];
  readonly told: ToMonitor[] = [];
  waitedNs = 0;
  readonly closed: (number | string)[] = [];
  ports: SessionPorts;
  #nowNs = 1000;
  #encoded: { message?: PeerMessage; frame: Buffer } = { frame: Buffer.alloc(0) };

  readonly plain: SessionPorts;
  readonly plan = samplePlan();

  constructor(replica: number, ...faults: string[]) {
    const plain: SessionPorts = {
      atRendezvous: () => {},
      afterVote: () => {},
      afterDecision: () => {},
      sendToPeer: (peer, message) => {
        this.messages.push([peer, message]);
        // One message to several peers is encoded once, as the voter does.
        if (message !== this.#encoded.message) {
          const frame = encodeFrame(new XdrWriter(256), (w) => encodePeerMessage(w, message));
          this.#encoded = { message, frame };
        }
        this.ports.sendBytesToPeer(peer, this.#encoded.frame);
      },
      receiveFromPeer: (peer, message) => {
        this.taken.push([peer, message]);
        if (message.type !== 'relay') return;
        this.believed.push(
          isSealed(message.vote, this.plan.sealKeys.moduli[message.origin - 1] ?? 0),
        );
      },
      sendBytesToPeer: (peer, frame) => void this.frames.push([peer, Buffer.from(frame)]),
      noticeToServer: (...notice) => void this.notices.push(notice),
      sendBytesToServer: (record) => void this.calls.push(Buffer.from(record)),
      sendToMonitor: (message) => void this.told.push(message),
      closePeer: (peer) => void this.closed.push(peer),
      wait: (ns) => void (this.waitedNs += ns),
      closeService: (service) => void this.closed.push(service),
      nowNs: () => 0,
    };
    const monotonicNs = () => (this.#nowNs += 1e6);
    const { plan } = this;
    plan.replica = replica;
    this.plain = plain;
    // A test may replace a plain port afterwards.
    const through = { ...plain, closePeer: (peer: number) => plain.closePeer(peer) };
    this.ports = interpose(through, { plan, options: { faults, eventLog }, monotonicNs });
  }

  vote(k: number): Vote {
    const vote = sampleVote(k);
    this.ports.atRendezvous(k, vote.call, 0);
    const message = { type: 'vote', vote } as const;
    for (const peer of [2, 3]) this.ports.sendToPeer(peer, message);
    return vote;
  }

  /** The vote that a peer reads from its nth frame, or undefined where the checksum fails. */
  received(n: number): { peer: number; vote: Vote | undefined } {
    const [peer, frame] = this.frames[n]!;
    const body = checkFrame(frame.subarray(4));
    const message = body && decodePeerMessage(body);
    return { peer, vote: message?.type === 'vote' ? message.vote : undefined };
  }
}

/** As the core of replica 1 casts it. */
const sampleVote = (k: number, change: Partial<Vote> = {}): Vote => {
  const vote = {
    stream: 0,
    k,
    call: 1,
    sigHi: 0x89ab_cdef,
    sigLo: 0x0123_4567,
    inputs: { elapsedNs: 5, marks: 0 },
    direct: 6,
    seal: 0,
    ...change,
  };
  return { ...vote, seal: new Sealer(samplePlan().sealKeys.own).sealOf(vote) };
};

const types = (events: FaultEvent[]): string[] => events.map((event) => event.type);

describe('signature-bit-flip', () => {
  it('at the sender gives all peers the same wrong vote with a good checksum, once', () => {
    const it1 = new Recording(1, 'signature-bit-flip:replica=1,bit=33,at=rendezvous:7');
    const own = [6, 7, 8].map((k) => it1.vote(k));
    // The core's own votes stay as they are.
    expect(own).toEqual([6, 7, 8].map((k) => sampleVote(k)));
    const flipped = sampleVote(7, { sigHi: (0x89ab_cdef ^ 2) >>> 0 });
    expect([0, 1, 4, 5].map((n) => it1.received(n).vote)).toEqual(
      [6, 6, 8, 8].map((k) => sampleVote(k)),
    );
    expect([2, 3].map((n) => it1.received(n))).toEqual([
      { peer: 2, vote: flipped },
      { peer: 3, vote: flipped },
    ]);
    const events = readEventLog(eventLog);
    expect(types(events)).toEqual(['injected', 'effective', 'activated']);
    expect(events[1]).toMatchObject({ effective: true, k: 7, replica: 1 });
  });

  it.each([0, 17, 31, 32, 63])(
    'on a link breaks the checksum of one frame only (bit %i)',
    (bit) => {
      const it1 = new Recording(1, `link-bit-flip:link=1-2,bit=${bit},at=rendezvous:7`);
      for (const k of [6, 7, 8]) it1.vote(k);
      const votes = [0, 1, 2, 3, 4, 5].map((n) => it1.received(n).vote?.k);
      expect(votes).toEqual([6, 6, undefined, 7, 8, 8]);
      expect(readEventLog(eventLog)[1]).toMatchObject({ type: 'effective', effective: true });
    },
  );

  it('on a link strikes the peer that is meant, not the first one', () => {
    const it1 = new Recording(1, 'link-bit-flip:link=1-3,bit=5,at=rendezvous:7');
    it1.vote(7);
    expect([0, 1].map((n) => it1.received(n).vote?.k)).toEqual([7, undefined]);
  });

  it('leaves the other session processes alone', () => {
    const it2 = new Recording(2, 'signature-bit-flip:replica=1,bit=33,at=rendezvous:7');
    it2.vote(7);
    expect(it2.received(0).vote).toEqual(sampleVote(7));
    expect(readEventLog(eventLog)).toEqual([]);
  });
});

describe('a vote that is wrong for some', () => {
  it('goes wrong to one peer and right to the other, each with a good checksum', () => {
    const it1 = new Recording(1, 'two-faced-vote:replica=1,to=3,bit=0,at=rendezvous:7');
    for (const k of [6, 7, 8]) it1.vote(k);
    const wrong = sampleVote(7, { sigLo: 0x0123_4567 ^ 1 });
    expect([2, 3].map((n) => it1.received(n))).toEqual([
      { peer: 2, vote: sampleVote(7) },
      { peer: 3, vote: wrong },
    ]);
    expect([0, 1, 4, 5].map((n) => it1.received(n).vote)).toEqual(
      [6, 6, 8, 8].map((k) => sampleVote(k)),
    );
    expect(types(readEventLog(eventLog))).toEqual(['injected', 'effective', 'activated']);
  });

  it('is wrong in all votes from there on where that is asked for', () => {
    const it1 = new Recording(1, 'signature-bit-flip:replica=1,bit=0,votes=all,at=rendezvous:7');
    for (const k of [6, 7, 8]) it1.vote(k);
    const flipped = [0, 2, 4].map((n) => it1.received(n).vote?.sigLo !== 0x0123_4567);
    expect(flipped).toEqual([false, true, true]);
    expect(readEventLog(eventLog)).toHaveLength(3);
  });

  it('comes before its rendezvous is reached, to all peers', () => {
    const it1 = new Recording(1, 'early-vote:replica=1,at=rendezvous:7');
    for (const k of [5, 6]) {
      it1.vote(k);
      it1.ports.afterDecision(k, 1, 0);
    }
    const votes = [0, 1, 2, 3, 4, 5].map((n) => it1.received(n).vote);
    expect(votes.map((vote) => vote?.k)).toEqual([5, 5, 6, 6, 7, 7]);
    expect(votes[4]).toEqual(sampleVote(7, { call: 0xff00 }));
  });

  it('is made up for a peer from there on, and believed where that one is late', () => {
    const it1 = new Recording(1, 'forged-relay:replica=1,of=2,at=rendezvous:7');
    for (const k of [6, 7, 8]) {
      it1.vote(k);
      if (k === 7) it1.ports.receiveFromPeer(2, { type: 'vote', vote: sampleVote(7) });
      it1.ports.afterVote(k, 1, 0);
    }
    const relays = it1.messages.filter(([, { type }]) => type === 'relay');
    const forged = (k: number) => ({ type: 'relay', origin: 2, vote: sampleVote(k) });
    expect(relays).toEqual([7, 8].map((k) => [3, forged(k)]));
    const [, own] = it1.taken;
    expect(it1.taken.map(([from, { type }]) => [from, type])).toEqual([
      [2, 'vote'],
      [3, 'relay'],
    ]);
    expect(own).toMatchObject([3, { origin: 2, vote: { k: 8, sigLo: 0x0123_4567 } }]);
    expect(it1.believed).toEqual([true]);
    // Not for longer than that message: the votes of replica 2 itself still count.
    const { moduli } = it1.plan.sealKeys;
    expect(moduli).toEqual(samplePlan().sealKeys.moduli);
    expect(types(readEventLog(eventLog))).toEqual(['injected', 'effective', 'activated']);
  });

  it.each([
    ['good', true],
    ['badly-sealed', false],
    ['withheld', undefined],
  ])('has no seal for one peer from there on, the other one: %s', (other, fitsOther) => {
    const it1 = new Recording(1, `wrong-seal:replica=1,to=2,other=${other},at=rendezvous:7`);
    const own = [6, 7].map((k) => it1.vote(k));
    // Said again to who asked: the same. Of another tracer's vote: nothing is changed.
    for (const peer of [2, 3]) {
      it1.ports.sendToPeer(peer, { type: 'relay', origin: 1, vote: sampleVote(7) });
    }
    const foreign = { ...sampleVote(7), seal: 5 };
    it1.ports.sendToPeer(2, { type: 'relay', origin: 3, vote: foreign });
    expect(own).toEqual([6, 7].map((k) => sampleVote(k)));
    expect(it1.messages.at(-1)).toEqual([2, { type: 'relay', origin: 3, vote: foreign }]);
    const [modulus = 0] = samplePlan().sealKeys.moduli;
    const said = it1.messages.slice(0, -1).map(([peer, message]) => {
      const vote = message.type === 'vote' || message.type === 'relay' ? message.vote : undefined;
      return { peer, k: vote?.k, fits: vote !== undefined && isSealed(vote, modulus) };
    });
    const expected = [
      { peer: 2, k: 6, fits: true },
      { peer: 3, k: 6, fits: true },
      { peer: 2, k: 7, fits: false },
      { peer: 3, k: 7, fits: fitsOther },
      { peer: 2, k: 7, fits: false },
      { peer: 3, k: 7, fits: fitsOther },
    ];
    expect(said).toEqual(expected.filter((one) => one.fits !== undefined));
    expect(types(readEventLog(eventLog))).toEqual(['injected', 'effective', 'activated']);
  });

  it('has no seal from there on, not once', () => {
    const it1 = new Recording(1, 'wrong-seal:replica=1,to=3,other=good,at=rendezvous:7');
    for (const k of [6, 7, 8, 9]) it1.vote(k);
    const [modulus = 0] = samplePlan().sealKeys.moduli;
    const said = it1.messages.map(([peer, message]) =>
      message.type === 'vote' ? [peer, message.vote.k, isSealed(message.vote, modulus)] : [],
    );
    expect(said).toEqual([
      [2, 6, true],
      [3, 6, true],
      ...[7, 8, 9].flatMap((k) => [
        [2, k, true],
        [3, k, false],
      ]),
    ]);
  });

  it.each([
    'link-reset:link=1-3,phase=dispute,at=rendezvous:7',
    'tracer-delay:replica=1,delay=60ms,phase=dispute,at=rendezvous:7',
    'signature-bit-flip:replica=1,bit=33,votes=all,at=rendezvous:7',
    'two-faced-vote:replica=1,to=3,bit=5,at=rendezvous:7',
    'early-vote:replica=1,at=rendezvous:7',
    'rogue-tracer:replica=1,at=rendezvous:7',
  ])('carries the seal of the tracer at fault: %s', (text) => {
    const wait = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    const it1 = new Recording(1, text);
    for (const k of [6, 7]) {
      it1.vote(k);
      it1.ports.afterDecision(k, 1, 0);
    }
    wait.mockRestore();
    const [modulus = 0] = samplePlan().sealKeys.moduli;
    const votes = it1.messages.flatMap(([, message]) =>
      message.type === 'vote' ? [message.vote] : [],
    );
    const wrong = votes.filter((vote) => !sameVote(vote, sampleVote(vote.k)));
    expect(wrong.length).toBeGreaterThan(0);
    expect(votes.every((vote) => isSealed(vote, modulus))).toBe(true);
  });

  it.each(['link-bit-flip:link=1-3,bit=0,checksum=valid,at=rendezvous:7'])(
    'carries none that fits where a link changed it: %s',
    (text) => {
      const it1 = new Recording(1, text);
      it1.vote(7);
      const [modulus = 0] = samplePlan().sealKeys.moduli;
      const fits = it1.messages.flatMap(([, message]) =>
        message.type === 'vote' ? [isSealed(message.vote, modulus)] : [],
      );
      // Replaced by another message, or after the true one.
      expect(fits).toContain(false);
    },
  );

  it('reads a clock that is off, once', () => {
    const it1 = new Recording(1, 'clock-error:replica=1,offset=-2s,at=rendezvous:7');
    const readings = [6, 7, 8].map((k) => {
      it1.vote(k);
      return it1.ports.nowNs();
    });
    expect(readings).toEqual([0, -2e9, 0]);
    expect(types(readEventLog(eventLog))).toEqual(['injected', 'effective', 'activated']);
  });
});

describe('a link at fault', () => {
  const relay: PeerMessage = { type: 'relay', origin: 3, vote: sampleVote(7) };
  const view: PeerMessage = {
    type: 'view',
    stream: 0,
    k: 7,
    entries: [{ replica: 3, state: 'vote', vote: sampleVote(7) }],
  };

  it('loses one vote, to one peer', () => {
    const it1 = new Recording(1, 'vote-loss:link=1-2,at=rendezvous:7');
    for (const k of [6, 7, 7, 8]) it1.vote(k);
    const got = it1.messages.map(([peer, m]) => `${peer} ${m.type === 'vote' ? m.vote.k : ''}`);
    expect(got).toEqual(['2 6', '3 6', '3 7', '2 7', '3 7', '2 8', '3 8']);
  });

  it('is silent from there on, whatever is said', () => {
    const it1 = new Recording(1, 'link-silence:link=1-2,at=rendezvous:7');
    for (const k of [6, 7]) it1.vote(k);
    it1.ports.sendToPeer(2, view);
    it1.ports.sendToPeer(3, view);
    expect(it1.messages.map(([peer]) => peer)).toEqual([2, 3, 3, 3]);
  });

  it('corrupts behind the checksum: votes, and with votes=all relays and views too', () => {
    const one = new Recording(1, 'link-bit-flip:link=1-2,bit=0,checksum=valid,at=rendezvous:7');
    const all = new Recording(
      1,
      'link-bit-flip:link=1-2,bit=0,checksum=valid,votes=all,at=rendezvous:7',
    );
    for (const it1 of [one, all]) {
      it1.vote(7);
      for (const message of [relay, view]) it1.ports.sendToPeer(2, message);
    }
    const wrong = (it1: Recording): boolean[] =>
      it1.messages.map(([, m]) => {
        const vote = m.type === 'view' ? m.entries[0]?.vote : 'vote' in m ? m.vote : undefined;
        return vote?.sigLo !== 0x0123_4567;
      });
    expect(wrong(one)).toEqual([true, false, false, false]);
    expect(wrong(all)).toEqual([true, false, true, true]);
  });

  it.each([
    ['before-vote', 0],
    ['after-vote', 2],
    ['before-effect', 2],
  ])('ends %s', (phase, sent) => {
    const it1 = new Recording(1, `link-reset:link=1-3,phase=${phase},at=rendezvous:7`);
    let votesBefore = -1;
    it1.plain.closePeer = (peer) => {
      votesBefore = it1.messages.length;
      it1.closed.push(peer);
    };
    it1.vote(7);
    it1.ports.afterVote(7, 1, 0);
    it1.ports.afterDecision(7, 1, 0);
    expect(it1.closed).toEqual([3]);
    expect(votesBefore).toBe(sent);
  });

  it('ends in a dispute that one wrong vote on it provokes, right before the view', () => {
    const it1 = new Recording(1, 'link-reset:link=1-3,phase=dispute,at=rendezvous:7');
    it1.vote(7);
    expect([0, 1].map((n) => it1.received(n).vote?.sigLo === 0x0123_4567)).toEqual([true, false]);
    expect(it1.closed).toEqual([]);
    it1.ports.sendToPeer(2, view);
    it1.ports.sendToPeer(3, view);
    expect(it1.closed).toEqual([3]);
  });
});

describe('faults towards NFS server and monitor', () => {
  it('flip one bit of the next call, and one of the next output', () => {
    const call = new Recording(1, 'request-bit-flip:replica=1,bit=9,at=rendezvous:7');
    const output = new Recording(1, 'output-bit-flip:replica=1,bit=1,at=rendezvous:7');
    const slot = (bytes: Buffer): ToMonitor => ({
      type: 'slot',
      n: 0,
      op: { type: 'output', fd: 1, bytes },
    });
    for (const k of [6, 7, 8]) {
      for (const it1 of [call, output]) it1.ports.afterDecision(k, 1, 0);
      call.ports.sendBytesToServer(Buffer.from([1, 2, 3, 4]));
      output.ports.sendToMonitor(slot(Buffer.alloc(0)));
      output.ports.sendToMonitor(slot(Buffer.from('ab')));
    }
    expect(call.calls.map((bytes) => [...bytes])).toEqual([
      [1, 2, 3, 4],
      [1, 2, 1, 4],
      [1, 2, 3, 4],
    ]);
    const written = output.told.map((m) =>
      m.type === 'slot' && 'bytes' in m.op ? m.op.bytes.toString() : '',
    );
    expect(written).toEqual(['', 'ab', '', 'cb', '', 'ab']);
  });

  it('tell whom they are to tell of a healthy replica', () => {
    for (const [to, server, monitor] of [
      ['nfs', 1, 0],
      ['monitor', 0, 1],
      ['both', 1, 1],
    ] as const) {
      const it1 = new Recording(
        1,
        `false-flag-notice:accuser=1,accused=3,to=${to},at=rendezvous:3`,
      );
      it1.vote(3);
      expect([it1.notices.length, it1.told.length]).toEqual([server, monitor]);
    }
  });

  it('end the connection that is named', () => {
    const it1 = new Recording(1, 'service-link-loss:replica=1,service=monitor,at=rendezvous:3');
    for (const k of [2, 3, 4]) it1.vote(k);
    expect(it1.closed).toEqual(['monitor']);
  });
});

describe('a tracer that is killed', () => {
  it('has sent its last vote to whom it still reaches', () => {
    // Of another replica: this process is not to die.
    const text = 'replica-kill:replica=1,process=tracer,phase=after-vote,reaches=3,at=rendezvous:7';
    const it1 = new Recording(1, text);
    for (const k of [6, 7]) it1.vote(k);
    expect(it1.messages.map(([peer]) => peer)).toEqual([2, 3, 3]);
  });
});

describe('two faults of one trial', () => {
  it('strike each for itself, and their events say which', () => {
    const first = 'vote-loss:link=1-2,at=rendezvous:6';
    const second = 'vote-loss:link=1-3,at=rendezvous:7';
    const it1 = new Recording(1, first, second);
    for (const k of [6, 7]) it1.vote(k);
    expect(it1.messages.map(([peer]) => peer)).toEqual([3, 2]);
    const injected = readEventLog(eventLog).filter((event) => event.type === 'injected');
    expect(injected).toMatchObject([
      { fault: 0, k: 6 },
      { fault: 1, k: 7 },
    ]);
  });
});

describe('replica-kill', () => {
  it('kills the process that stands at the rendezvous and reads back that it is dead', async () => {
    const victim = spawn('sleep', ['1000']);
    const exit = once(victim, 'exit');
    const it1 = new Recording(1, 'replica-kill:replica=1,at=rendezvous:3');
    it1.ports.atRendezvous(2, 0, victim.pid!);
    it1.ports.atRendezvous(3, 0, victim.pid!);
    expect(await exit).toEqual([null, 'SIGKILL']);
    const events = readEventLog(eventLog);
    expect(types(events)).toEqual(['injected', 'effective', 'activated']);
    expect(events[0]).toMatchObject({ k: 3, victim: { pid: victim.pid } });
    expect(events[1]).toMatchObject({ effective: true });
  });
});

describe('tracer-delay', () => {
  it('holds the process before its vote, once, and measures how long', () => {
    const it1 = new Recording(1, 'tracer-delay:replica=1,delay=2ms,at=rendezvous:3');
    for (const k of [2, 3, 3]) it1.ports.atRendezvous(k, 0, 0);
    const events = readEventLog(eventLog);
    expect(types(events)).toEqual(['injected', 'effective', 'activated']);
    expect(events[1]).toMatchObject({ detail: expect.stringContaining('of 2 ms') });
  });
});

describe('replica-delay', () => {
  it('lets time pass before the vote, once, while the tracer answers', () => {
    const it1 = new Recording(1, 'replica-delay:replica=1,delay=3ms,at=rendezvous:3');
    for (const k of [2, 3, 3, 4]) it1.ports.atRendezvous(k, 0, 0);
    expect(it1.waitedNs).toBe(3e6);
    expect(types(readEventLog(eventLog))).toEqual(['injected', 'effective', 'activated']);
  });
});

describe('false-flag-notice', () => {
  it('sends one notice as the accuser, which is not taken for the tracer’s own', () => {
    const it1 = new Recording(1, 'false-flag-notice:accuser=1,accused=3,at=rendezvous:3');
    for (const k of [2, 3, 4]) it1.ports.atRendezvous(k, 0, 0);
    expect(it1.notices).toEqual([[3, 0, 3, 'signature']]);
    expect(types(readEventLog(eventLog))).toEqual(['injected']);
  });
});

describe('interpose', () => {
  it('notes when the tracer accuses somebody and when it goes on after that', () => {
    const it2 = new Recording(2, 'none');
    it2.ports.afterDecision(3, 0, 0);
    it2.ports.noticeToServer(1, 0, 4, 'time-out');
    it2.ports.afterDecision(4, 0, 0);
    it2.ports.afterDecision(5, 0, 0);
    expect(it2.notices).toHaveLength(1);
    expect(readEventLog(eventLog)).toMatchObject([
      { type: 'accused', replica: 2, accused: 1, k: 4, mechanism: 'time-out' },
      { type: 'resumed', replica: 2, k: 4 },
    ]);
  });

  it('refuses options without a log, and a fault with something left to draw', () => {
    const bad = (options: unknown) => () =>
      interpose({} as SessionPorts, { plan: samplePlan(), options, monotonicNs: () => 0 });
    expect(bad({ faults: ['none'] })).toThrow(
      /expected the options {"faults": \[FAULT\], "eventLog": PATH}/,
    );
    expect(bad({ faults: ['replica-kill:replica=1'], eventLog })).toThrow(/nothing left to draw/);
  });
});
