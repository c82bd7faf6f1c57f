import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerMessage, Vote } from '../tmr/core/types.ts';
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
  readonly notices: [number, number, number, string][] = [];
  readonly calls: Buffer[] = [];
  readonly told: ToMonitor[] = [];
  readonly closed: (number | string)[] = [];
  ports: SessionPorts;
  #nowNs = 1000;
  #encoded: { message?: PeerMessage; frame: Buffer } = { frame: Buffer.alloc(0) };

  constructor(replica: number, spec: unknown) {
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
      sendBytesToPeer: (peer, frame) => void this.frames.push([peer, Buffer.from(frame)]),
      noticeToServer: (...notice) => void this.notices.push(notice),
      sendBytesToServer: (record) => void this.calls.push(Buffer.from(record)),
      sendToMonitor: (message) => void this.told.push(message),
      closePeer: (peer) => void this.closed.push(peer),
      closeService: (service) => void this.closed.push(service),
      nowNs: () => 0,
    };
    const monotonicNs = () => (this.#nowNs += 1e6);
    const plan = { ...samplePlan(), replica };
    this.ports = interpose(plain, { plan, options: { faults: [spec], eventLog }, monotonicNs });
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

const sampleVote = (k: number): Vote => ({
  stream: 0,
  k,
  call: 1,
  sigHi: 0x89ab_cdef,
  sigLo: 0x0123_4567,
  inputs: { elapsedNs: 5, marks: 0 },
  direct: 6,
});

const types = (events: FaultEvent[]): string[] => events.map((event) => event.type);

describe('signature-bit-flip', () => {
  it('at the sender gives all peers the same wrong vote with a good checksum, once', () => {
    const it1 = new Recording(1, 'signature-bit-flip:replica=1,bit=33,at=rendezvous:7');
    const own = [6, 7, 8].map((k) => it1.vote(k));
    // The core's own votes stay as they are.
    expect(own).toEqual([6, 7, 8].map(sampleVote));
    const flipped = { ...sampleVote(7), sigHi: 0x89ab_cdef ^ 2, sigLo: 0x0123_4567 };
    flipped.sigHi >>>= 0;
    expect([0, 1, 4, 5].map((n) => it1.received(n).vote)).toEqual([6, 6, 8, 8].map(sampleVote));
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
