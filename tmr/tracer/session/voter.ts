/**
 * Votes of one session process: makes the own vote at each rendezvous, carries the core's effects
 * out on the links, and waits until the core lets the call go on. The core decides; this file only
 * speaks for it.
 */
import type {
  AgreedInputs,
  CoreEffect,
  PeerMessage,
  ProtocolCore,
  ReplicaId,
  Vote,
} from '../../core/types.ts';
import { blankVote } from '../../core/vote.ts';
import { checkFrame, encodeFrame } from '../../wire/frame.ts';
import { decodePeerMessage, encodePeerMessage } from '../../wire/peer-codec.ts';
import { XdrWriter } from '../../wire/xdr.ts';
import * as native from 'ptrace-napi';
import type { Link } from './link.ts';
import type { MonitorLink } from './monitor-link.ts';
import type { Pump, Timed } from './pump.ts';
import { SessionEnd } from './session-end.ts';
import { SignalMarks } from './signal-marks.ts';
import type { SessionPorts } from './session-ports.ts';
import type { Recorder } from './recorder.ts';

/** The ports that lead to NFS server and monitor. */
export type ServicePorts = Pick<
  SessionPorts,
  'noticeToServer' | 'sendBytesToServer' | 'sendToMonitor' | 'closeService'
>;

export class Voter implements Timed {
  readonly #core: ProtocolCore;
  readonly #pump: Pump;
  readonly #links: (Link | undefined)[] = [];
  readonly #monitor: MonitorLink;
  readonly #recorder: Recorder;
  readonly #writer = new XdrWriter(4096);
  readonly #servicePorts: ServicePorts;
  /** What fault injection may wrap; set once by the session. */
  ports: SessionPorts;
  /** The members after the last decision. */
  members: readonly ReplicaId[] = [];
  /** CLOCK_MONOTONIC at the close of rendezvous 0: elapsed time counts from here (R8). */
  baseNs: number;
  /** Signals announced by the monitor, and how often each was announced and delivered (R18). */
  readonly #signals = new SignalMarks();
  readonly agreed: AgreedInputs = { elapsedNs: 0, marks: 0 };
  readonly #vote: Vote = { ...blankVote(), k: -1 };
  #decided = false;
  #ended = false;
  #suspended = false;
  /** The encoded form of the message last sent: a vote goes to all peers as the same bytes. */
  #encoded: { message: PeerMessage | undefined; frame: Buffer } = {
    message: undefined,
    frame: Buffer.alloc(0),
  };

  constructor(options: {
    core: ProtocolCore;
    pump: Pump;
    monitor: MonitorLink;
    recorder: Recorder;
    servicePorts: ServicePorts;
  }) {
    this.#servicePorts = options.servicePorts;
    this.#core = options.core;
    this.#pump = options.pump;
    this.#monitor = options.monitor;
    this.#recorder = options.recorder;
    this.baseNs = native.monotonicNs();
    this.ports = this.#plainPorts();
    this.#pump.addTimed(this);
  }

  addPeer(replica: ReplicaId, link: Link): void {
    this.#links[replica] = link;
    this.#pump.watch(link, {
      record: (body) => this.#receive(replica, body),
      closed: () => {
        this.#links[replica] = undefined;
        this.#handle({ type: 'link-closed', peer: replica });
      },
    });
  }

  /** Rendezvous number of the last own vote. */
  get k(): number {
    return this.#vote.k;
  }

  /**
   * Votes and waits for the decision; `agreed` then holds the inputs that all members use. Throws
   * SessionEnd when there is none.
   */
  rendezvous(call: number, sigHi: number, sigLo: number, pid: number): void {
    const vote = this.#vote;
    vote.k++;
    vote.call = call;
    vote.sigHi = sigHi;
    vote.sigLo = sigLo;
    this.ports.atRendezvous(vote.k, call, pid);
    if (this.#suspended) this.#pump.until(() => !this.#suspended);
    vote.inputs.elapsedNs = Math.max(0, this.ports.nowNs() - this.baseNs);
    vote.inputs.marks = this.#signals.marks;
    const before = this.members.length;
    this.#decided = false;
    this.#recorder.arrival(vote.k, 0, native.monotonicNs());
    this.#handle({ type: 'own-vote', vote });
    this.ports.afterVote(vote.k, call, pid);
    if (!this.#decided) this.#pump.until(() => this.#decided);
    this.#recorder.decided(vote.k, before, native.monotonicNs());
    this.#signals.delivered(this.agreed.marks);
    this.ports.afterDecision(vote.k, call, pid);
  }

  /** All peers are connected: the clock of the start runs (R0). */
  start(): void {
    this.#handle({ type: 'timer' });
  }

  /** The monitor announced a signal that the program takes care of. */
  announceSignal(signal: number): void {
    this.#signals.announced(signal);
  }

  /** R10: DONE, and answering until nobody needs this tracer. */
  end(): void {
    this.#handle({ type: 'end' });
    this.#pump.until(() => this.#ended);
  }

  /** R16: the replica ended without a rendezvous. Always throws SessionEnd. */
  replicaDead(reason: string): never {
    this.#handle({ type: 'replica-dead', reason });
    throw new SessionEnd('crashed', reason);
  }

  suspend(): void {
    this.#suspended = true;
    this.#handle({ type: 'suspend' });
  }

  resume(): void {
    this.#suspended = false;
    this.#handle({ type: 'resume' });
  }

  nextDeadlineNs(): number {
    return this.#core.nextDeadlineNs();
  }

  expire(): void {
    this.#handle({ type: 'timer' });
  }

  closeAll(): void {
    for (const link of this.#links) if (link !== undefined && !link.closed) link.close();
  }

  #receive(from: ReplicaId, record: Buffer): void {
    const body = checkFrame(record);
    let message: PeerMessage | undefined;
    try {
      if (body !== undefined) message = decodePeerMessage(body);
    } catch {
      // Not of our protocol: as if it had not come (protocol.md 2).
    }
    if (message === undefined) {
      this.#recorder.linkSuspect(from);
      return;
    }
    if (message.type === 'vote') {
      this.#recorder.arrival(message.vote.k, from, native.monotonicNs());
    }
    this.ports.receiveFromPeer(from, message);
  }

  #handle(event: Parameters<ProtocolCore['handle']>[0]): void {
    const effects = this.#core.handle(event, native.monotonicNs());
    for (let i = 0; i < effects.length; i++) this.#apply(effects[i] as CoreEffect);
    this.#encoded.message = undefined;
  }

  #apply(effect: CoreEffect): void {
    switch (effect.type) {
      case 'send':
        this.ports.sendToPeer(effect.to, effect.message);
        break;
      case 'go-on':
        this.agreed.elapsedNs = effect.inputs.elapsedNs;
        this.agreed.marks = effect.inputs.marks;
        this.members = effect.members;
        this.#decided = true;
        break;
      case 'flag':
        this.ports.noticeToServer(effect.accused, effect.stream, effect.k, effect.mechanism);
        this.#monitor.send(effect);
        break;
      case 'close-link':
        this.ports.closePeer(effect.peer);
        break;
      case 'link-suspect':
        this.#recorder.linkSuspect(effect.peer);
        break;
      case 'fence':
        throw new SessionEnd('fenced', effect.reason);
      case 'stop':
        throw new SessionEnd('stopped', effect.reason);
      case 'ended':
        this.#ended = true;
        break;
    }
  }

  #plainPorts(): SessionPorts {
    return {
      atRendezvous: () => {},
      afterVote: () => {},
      afterDecision: () => {},
      sendToPeer: (peer, message) => {
        if (this.#links[peer] === undefined) return;
        if (this.#encoded.message !== message) {
          this.#encoded.frame = encodeFrame(this.#writer, (w) => encodePeerMessage(w, message));
          this.#encoded.message = message;
        }
        this.ports.sendBytesToPeer(peer, this.#encoded.frame);
      },
      sendBytesToPeer: (peer, frame) => {
        this.#links[peer]?.offer(frame);
      },
      receiveFromPeer: (from, message) => this.#handle({ type: 'message', from, message }),
      closePeer: (peer) => {
        const link = this.#links[peer];
        if (link !== undefined) link.closed = true; // The pump closes it and tells the core.
      },
      wait: (durationNs) => {
        const untilNs = native.monotonicNs() + durationNs;
        while (native.monotonicNs() < untilNs) this.#pump.turn(untilNs);
      },
      ...this.#servicePorts,
      nowNs: native.monotonicNs,
    };
  }
}
