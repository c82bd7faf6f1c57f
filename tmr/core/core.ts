/**
 * The protocol core of one tracer: hands each event to the stream or to the session, and holds what
 * neither owns: the start (R0), ends of replicas (R16), suspension (R18), the end (R10).
 */
import { AgreedStream } from './agreed-core.ts';
import { invariant } from './invariant.ts';
import { PaperStream } from './paper-core.ts';
import type { Rules } from './rules.ts';
import { isModulus } from './seal.ts';
import { Session } from './session.ts';
import type {
  CoreEffect,
  CoreEvent,
  CoreOptions,
  PeerMessage,
  ProtocolCore,
  ReplicaId,
} from './types.ts';
import { bit } from './vote.ts';

export class Core implements ProtocolCore {
  readonly #session: Session;
  /** Stream 0, the program's first process; further streams are not opened in this version. */
  readonly #stream: AgreedStream | PaperStream;
  /** The same stream where the policy knows asks and views. */
  readonly #agreed: AgreedStream | undefined;
  #startNs = NaN;
  #endNs = NaN;
  #suspended = false;

  constructor(options: CoreOptions, rules: Rules) {
    checkOptions(options);
    this.#session = new Session(options, rules);
    this.#stream =
      options.policy === 'agreed'
        ? new AgreedStream(this.#session, 0)
        : new PaperStream(this.#session, 0);
    this.#agreed = this.#stream instanceof AgreedStream ? this.#stream : undefined;
  }

  handle(event: CoreEvent, nowNs: number): readonly CoreEffect[] {
    const session = this.#session;
    session.effects.length = 0;
    if (session.over) return session.effects;
    session.nowNs = nowNs;
    if (Number.isNaN(this.#startNs)) this.#startNs = nowNs;
    switch (event.type) {
      case 'own-vote':
        invariant(event.vote.stream === 0, 'a vote of stream 0', `stream ${event.vote.stream}`);
        this.#stream.ownVote(event.vote);
        break;
      case 'message':
        if (this.#isPeer(event.from)) this.#message(event.from, event.message);
        break;
      case 'link-closed':
        if (this.#isPeer(event.peer)) this.#linkClosed(event.peer);
        break;
      case 'replica-dead':
        this.#replicaDead(event.reason);
        break;
      case 'end':
        this.#end();
        break;
      case 'timer':
        if (!this.#suspended) this.#timer();
        break;
      case 'suspend':
        this.#suspended = true;
        break;
      case 'resume':
        this.#resume();
        break;
    }
    return session.effects;
  }

  nextDeadlineNs(): number {
    if (this.#session.over || this.#suspended) return Infinity;
    return Math.min(this.#startDeadlineNs(), this.#endDeadlineNs(), this.#stream.nextDeadlineNs());
  }

  #message(from: ReplicaId, message: PeerMessage): void {
    switch (message.type) {
      case 'vote':
        if (message.vote.stream === 0) this.#stream.peerVote(from, message.vote);
        break;
      case 'down':
        this.#peerDead(from);
        break;
      case 'done':
        this.#session.done |= bit(from);
        this.#endIfNobodyNeedsMe();
        break;
      default:
        if (this.#agreed !== undefined) this.#agreedMessage(this.#agreed, from, message);
    }
  }

  #agreedMessage(stream: AgreedStream, from: ReplicaId, message: PeerMessage): void {
    if (this.#session.ending && !this.#session.rules.serveAtEnd) return;
    switch (message.type) {
      case 'relay':
        if (message.vote.stream === 0) stream.relayed(from, message.origin, message.vote);
        break;
      case 'view':
        if (message.stream === 0) stream.viewed(from, message.k, message.entries);
        break;
      case 'ask':
        if (message.stream === 0) stream.ask(from, message.k, message.missing);
        break;
      case 'ping':
        if (stream.members.has(from)) this.#session.send(from, { type: 'pong' });
        break;
      case 'pong':
        stream.answered(from);
        break;
      default:
        break;
    }
  }

  #linkClosed(peer: ReplicaId): void {
    const session = this.#session;
    if ((session.closed & bit(peer)) !== 0) return;
    session.closed |= bit(peer);
    session.noteDown(peer);
    if (session.ending) {
      this.#endIfNobodyNeedsMe();
      return;
    }
    this.#leaveIfCutOff();
    if (!session.over && session.isDown(peer)) this.#stream.peerDown(peer);
  }

  /** R16: a peer's replica ended without a rendezvous. */
  #peerDead(peer: ReplicaId): void {
    const session = this.#session;
    if ((session.dead & bit(peer)) !== 0) return;
    session.dead |= bit(peer);
    session.noteDown(peer);
    if (session.isDown(peer)) this.#stream.peerDown(peer);
  }

  /**
   * R5: the links to all members ended before DONE. A tracer of two stops the session instead, and
   * not under `timeout-only`, where R16 has it wait for T.
   */
  #leaveIfCutOff(): void {
    const { members } = this.#stream;
    const { closed, done, options } = this.#session;
    for (const peer of members.peers) {
      if ((closed & ~done & bit(peer)) === 0) return;
    }
    if (members.count === 2) {
      if (options.detect === 'timeout-only') return;
      this.#session.stop(`the link to replica ${members.peers[0]}, the only other member, ended`);
    } else if (members.count > 2) {
      this.#session.fence('cut off: the links to all members ended');
    }
  }

  /** R16. */
  #replicaDead(reason: string): void {
    for (const peer of this.#stream.members.peers) {
      this.#session.send(peer, { type: 'down', reason });
    }
    this.#session.fence(`replica died: ${reason}`);
  }

  /** R10. */
  #end(): void {
    const session = this.#session;
    invariant(!session.ending, 'one end of a session', 'a second one');
    session.ending = true;
    this.#endNs = session.nowNs;
    this.#stream.reportDetours();
    for (const peer of this.#stream.members.peers) session.send(peer, { type: 'done' });
    this.#endIfNobodyNeedsMe();
  }

  #endIfNobodyNeedsMe(): void {
    const session = this.#session;
    if (!session.ending) return;
    for (const peer of this.#stream.members.peers) {
      if (((session.done | session.closed) & bit(peer)) === 0) return;
    }
    session.ended();
  }

  #timer(): void {
    const session = this.#session;
    const { nowNs, options } = session;
    if (nowNs >= this.#startDeadlineNs()) {
      session.stop(
        `start: not all of ${options.replicas} replicas agreed at their exec stop within ` +
          `${options.startTimeoutNs / 1e6} ms (${this.#stream.openCount()} have not reached it)`,
      );
    } else if (nowNs >= this.#endDeadlineNs()) {
      session.ended();
    } else {
      this.#stream.timer();
    }
  }

  #startDeadlineNs(): number {
    if (this.#stream.k !== 0 || Number.isNaN(this.#startNs)) return Infinity;
    return this.#startNs + this.#session.options.startTimeoutNs;
  }

  #endDeadlineNs(): number {
    return Number.isNaN(this.#endNs) ? Infinity : this.#endNs + this.#session.patienceNs;
  }

  /** R18: the timers start again from zero. */
  #resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    const { nowNs } = this.#session;
    this.#startNs = nowNs;
    if (!Number.isNaN(this.#endNs)) this.#endNs = nowNs;
    this.#stream.restartTimers();
  }

  #isPeer(replica: ReplicaId): boolean {
    const { self, replicas } = this.#session.options;
    return replica !== self && replica >= 1 && replica <= replicas;
  }
}

const checkOptions = (options: CoreOptions): void => {
  const { self, replicas } = options;
  invariant(
    Number.isInteger(replicas) && replicas >= 1 && replicas <= 7,
    'replicas from 1 to 7',
    `replicas ${replicas}`,
  );
  invariant(
    Number.isInteger(self) && self >= 1 && self <= replicas,
    `self from 1 to ${replicas}`,
    `self ${self}`,
  );
  for (const name of ['timeoutNs', 'linkDelayNs', 'askDelayNs', 'startTimeoutNs'] as const) {
    invariant(options[name] > 0, `${name} above 0`, `${name} ${options[name]}`);
  }
  invariant(options.tickNs >= 0, 'tickNs not below 0', `tickNs ${options.tickNs}`);
  const { own, moduli } = options.sealKeys;
  invariant(
    moduli.length >= replicas && moduli.every(isModulus),
    `a modulus from 2^49 to 2^50 for each of ${replicas} replicas`,
    moduli.join(),
  );
  const product = own[0] * own[1];
  invariant(
    product === moduli[self - 1],
    `own seal keys with the product ${moduli[self - 1]}, the modulus of replica ${self}`,
    `the product ${product}`,
  );
};
