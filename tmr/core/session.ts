/**
 * What belongs to the session, not to one stream (protocol.md 2, R15): links, flags, relay mode,
 * the way out. Effects are collected here.
 */
import type { Rules } from './rules.ts';
import type {
  AgreedInputs,
  CoreEffect,
  CoreOptions,
  Mechanism,
  PeerMessage,
  ReplicaId,
  Vote,
} from './types.ts';
import { isSealed, Sealer } from './seal.ts';
import { bit, blankVote } from './vote.ts';

type Send = Extract<CoreEffect, { type: 'send' }>;
type GoOn = Extract<CoreEffect, { type: 'go-on' }>;
export type Flag = Omit<Extract<CoreEffect, { type: 'flag' }>, 'type'>;

export class Session {
  readonly options: CoreOptions;
  readonly rules: Rules;
  /**
   * How long a healthy peer may take to close a rendezvous that is closed here, and to say so (R6, R10): its
   * time-out starts within d of the own, is looked at within a tick, and its word takes d.
   */
  readonly patienceNs: number;
  readonly effects: CoreEffect[] = [];
  /** Time of the event being handled. */
  nowNs = 0;
  /** Fenced, stopped or ended: nothing is handled any more. */
  over = false;
  /** Peers whose connection ended, whose tracer said DOWN, who said DONE. */
  closed = 0;
  dead = 0;
  done = 0;
  /** This tracer said DONE (R10). */
  ending = false;
  flagged = 0;
  /** Per asker: the origins whose votes are relayed to it until its direct mask holds them (R4). */
  readonly relayFor: number[];
  /** Some `relayFor` is not empty. */
  relaying = false;
  readonly #downNs: number[];
  readonly #sendVote: Send[];
  readonly #voteMessage: Extract<PeerMessage, { type: 'vote' }>;
  readonly #goOn: GoOn;
  readonly #sealer: Sealer;

  constructor(options: CoreOptions, rules: Rules) {
    this.options = options;
    this.rules = rules;
    this.patienceNs = options.timeoutNs + 2 * options.linkDelayNs + options.tickNs;
    this.relayFor = Array.from({ length: options.replicas + 1 }, () => 0);
    this.#downNs = Array.from({ length: options.replicas + 1 }, () => NaN);
    this.#voteMessage = { type: 'vote', vote: blankVote() };
    this.#sendVote = Array.from({ length: options.replicas + 1 }, (_, to) => ({
      type: 'send',
      to,
      message: this.#voteMessage,
    }));
    this.#sealer = new Sealer(options.sealKeys.own);
    this.#goOn = { type: 'go-on', k: 0, inputs: { elapsedNs: 0, marks: 0 }, members: [] };
  }

  /** True when a peer's entries start as DOWN: its link ended or its replica is dead. */
  isDown(peer: ReplicaId): boolean {
    return this.options.detect === 'any' && ((this.closed | this.dead) & bit(peer)) !== 0;
  }

  /** When the evidence for DOWN came, and which it was. */
  downSinceNs(peer: ReplicaId): number {
    return this.#downNs[peer] ?? NaN;
  }

  downMechanism(peer: ReplicaId): Mechanism {
    return (this.dead & bit(peer)) !== 0 ? 'replica-dead' : 'connection-closed';
  }

  noteDown(peer: ReplicaId): void {
    if (Number.isNaN(this.downSinceNs(peer))) this.#downNs[peer] = this.nowNs;
  }

  /** R1, R4: so that peers can tell it from one that somebody made up, whoever brings it. */
  seal(vote: Vote): void {
    vote.seal = this.#sealer.sealOf(vote);
  }

  /** R1, R4: `origin` cast this vote, whoever brings it. */
  isSealedBy(origin: ReplicaId, vote: Vote): boolean {
    return isSealed(vote, this.options.sealKeys.moduli[origin - 1] ?? 0);
  }

  /** The own vote, through effects that exist already: the path of every call. */
  broadcast(vote: Vote, peers: readonly ReplicaId[]): void {
    this.#voteMessage.vote = vote;
    for (const peer of peers) {
      const effect = this.#sendVote[peer];
      if (effect !== undefined && (this.closed & bit(peer)) === 0) this.effects.push(effect);
    }
  }

  send(to: ReplicaId, message: PeerMessage): void {
    if ((this.closed & bit(to)) === 0) this.effects.push({ type: 'send', to, message });
  }

  /** The reused inputs of the reused go-on effect, to be written before `goOn`. */
  get inputs(): AgreedInputs {
    return this.#goOn.inputs;
  }

  goOn(k: number, members: readonly ReplicaId[]): void {
    this.#goOn.k = k;
    this.#goOn.members = members;
    this.effects.push(this.#goOn);
  }

  /** One FLAG per accused (protocol.md 2); the connection to it is cut (R14). */
  flag(flag: Flag): void {
    if ((this.flagged & bit(flag.accused)) !== 0) return;
    this.flagged |= bit(flag.accused);
    this.effects.push({ type: 'flag', ...flag });
    if ((this.closed & bit(flag.accused)) !== 0) return;
    this.effects.push({ type: 'close-link', peer: flag.accused });
    this.closed |= bit(flag.accused);
    this.noteDown(flag.accused);
  }

  fence(reason: string): void {
    this.#leave({ type: 'fence', reason });
  }

  stop(reason: string): void {
    this.#leave({ type: 'stop', reason });
  }

  ended(): void {
    this.#leave({ type: 'ended' });
  }

  #leave(effect: CoreEffect): void {
    if (this.over) return;
    this.over = true;
    this.effects.push(effect);
  }
}
