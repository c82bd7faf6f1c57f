/**
 * A core seen from outside: which state it is in by what it was told and what it said, and which
 * transitions it makes. The core itself knows nothing of this and pays nothing for it.
 */
import type {
  CoreEffect,
  CoreEvent,
  CoreOptions,
  ProtocolCore,
  ReplicaId,
  Vote,
} from '../types.ts';
import { isSealed } from '../seal.ts';
import { bit, bitCount, sameVote } from '../vote.ts';

/** Counts of `state, event -> next state` and of `state says word`. */
export interface Transitions {
  moves: Map<string, number>;
  words: Map<string, number>;
}

export const noTransitions = (): Transitions => ({ moves: new Map(), words: new Map() });

/** One rendezvous as far as it can be seen from outside. */
interface Seen {
  own: Vote | undefined;
  /** Peers whose vote is there, was taken from a relay, or who are down. */
  arrived: number;
  /** Relayed votes that wait for the own one, by origin. */
  held: Map<ReplicaId, Vote>;
}

const nothing = (): Seen => ({ own: undefined, arrived: 0, held: new Map() });

export class WatchedCore implements ProtocolCore {
  readonly #core: ProtocolCore;
  readonly #options: CoreOptions;
  readonly #transitions: Transitions;
  #k = 0;
  #members: number;
  #current = nothing();
  #next = nothing();
  /** Down or closed, under `--detect any`. */
  #down = 0;
  #disputing = false;
  #ending = false;
  #suspended = false;
  #over = false;

  constructor(core: ProtocolCore, options: CoreOptions, transitions: Transitions) {
    this.#core = core;
    this.#options = options;
    this.#transitions = transitions;
    this.#members = (1 << options.replicas) - 1;
  }

  handle(event: CoreEvent, nowNs: number): readonly CoreEffect[] {
    if (this.#over) return this.#core.handle(event, nowNs);
    const state = this.#state();
    const name = this.#nameOf(event);
    this.#learn(event);
    const effects = this.#core.handle(event, nowNs);
    const { moves, words } = this.#transitions;
    for (const word of this.#follow(effects)) count(words, `${state} says ${word}`);
    count(moves, `${state}, ${name} -> ${this.#state()}`);
    return effects;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get k(): number {
    return this.#k;
  }

  /** The caller's part of the contract: one own vote a rendezvous, an end only between two. */
  get canVote(): boolean {
    return this.#current.own === undefined && !this.#ending;
  }

  get canEnd(): boolean {
    return this.canVote && this.#k > 0;
  }

  nextDeadlineNs(): number {
    return this.#core.nextDeadlineNs();
  }

  #state(): string {
    if (this.#over) return 'over';
    if (this.#ending) return 'ending';
    const start = this.#k === 0 ? 'start ' : '';
    if (this.#disputing) return `${start}disputing`;
    if (this.#current.own === undefined) return `${start}computing`;
    const open = bitCount(this.#members & ~this.#current.arrived) - 1;
    return `${start}${open > 1 ? 'alone' : 'waiting'}`;
  }

  #nameOf(event: CoreEvent): string {
    if (event.type === 'timer' && this.#suspended) return 'timer while suspended';
    if (event.type !== 'message') return event.type;
    const { message } = event;
    switch (message.type) {
      case 'vote':
      case 'relay':
        return `${message.type} for ${this.#relation(message.vote.k)}`;
      case 'view':
      case 'ask':
        return `${message.type} for ${this.#relation(message.k)}`;
      default:
        return message.type;
    }
  }

  #relation(k: number): string {
    const difference = k - this.#k;
    if (difference === 0) return 'k';
    if (difference === 1) return 'k+1';
    return difference === -1 ? 'k-1' : 'another k';
  }

  /** What the event says of arrivals; as R1, R4 and R5 have it. */
  #learn(event: CoreEvent): void {
    switch (event.type) {
      case 'own-vote':
        this.#current.own = event.vote;
        for (const [origin, vote] of this.#current.held) this.#relayed(origin, vote);
        break;
      case 'message': {
        const { message } = event;
        if (message.type === 'down') this.#isDown(event.from);
        if (message.type === 'vote') this.#arrived(event.from, message.vote);
        if (message.type === 'relay') this.#relayed(message.origin, message.vote);
        break;
      }
      case 'link-closed':
        this.#isDown(event.peer);
        break;
      case 'suspend':
      case 'resume':
        this.#suspended = event.type === 'suspend';
        break;
      case 'end':
        this.#ending = true;
        break;
      default:
        break;
    }
  }

  /** R1: one that its sender did not seal is none. */
  #arrived(from: ReplicaId, vote: Vote): void {
    const seen = this.#rendezvous(vote.k);
    if (!this.#isSealedBy(from, vote)) return;
    if (seen !== undefined) seen.arrived |= bit(from);
  }

  #rendezvous(k: number): Seen | undefined {
    if (k === this.#k) return this.#current;
    return k === this.#k + 1 ? this.#next : undefined;
  }

  /** R4: the first one is held until the own vote is there; only one that is equal counts. */
  #relayed(origin: ReplicaId, vote: Vote): void {
    const seen = this.#rendezvous(vote.k);
    if (seen === undefined || origin === this.#options.self) return;
    if (!this.#isSealedBy(origin, vote)) return;
    if (seen.own !== undefined) {
      if (sameVote(seen.own, vote)) seen.arrived |= bit(origin);
    } else if (!seen.held.has(origin)) {
      seen.held.set(origin, vote);
    }
  }

  #isSealedBy(origin: ReplicaId, vote: Vote): boolean {
    return isSealed(vote, this.#options.sealKeys.moduli[origin - 1] ?? 0);
  }

  #isDown(peer: ReplicaId): void {
    if (this.#options.detect !== 'any') return;
    this.#down |= bit(peer);
    this.#current.arrived |= bit(peer);
  }

  /** What the core said, in words, without repetition; how it changes the state. */
  #follow(effects: readonly CoreEffect[]): ReadonlySet<string> {
    const said = new Set<string>();
    let goesOn = false;
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#sent(effect.message, said);
          break;
        case 'flag':
          this.#members &= ~bit(effect.accused);
          said.add(`flag (${effect.mechanism})`);
          break;
        case 'go-on':
          said.add(this.#disputing && !hasFlag(effects) ? 'vouched, go on' : 'go on');
          goesOn = true;
          break;
        case 'fence':
        case 'stop':
          this.#over = true;
          said.add(`${effect.type} (${whyOf(effect.reason)})`);
          break;
        case 'ended':
          this.#over = true;
          said.add('ended');
          break;
        case 'close-link':
        case 'link-suspect':
          said.add(effect.type);
          break;
      }
    }
    if (goesOn) this.#advance();
    return said;
  }

  #sent(message: Extract<CoreEffect, { type: 'send' }>['message'], said: Set<string>): void {
    if (message.type === 'view' && message.k === this.#k) this.#disputing = true;
    said.add(message.type === 'view' ? `view of ${this.#relation(message.k)}` : message.type);
  }

  #advance(): void {
    this.#k += 1;
    this.#disputing = false;
    this.#current = this.#next;
    this.#current.arrived |= this.#down;
    this.#next = nothing();
  }
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const hasFlag = (effects: readonly CoreEffect[]): boolean =>
  effects.some(({ type }) => type === 'flag');

/** The reason's first words, those that no number or name is part of. */
const whyOf = (reason: string): string => {
  const known = reasons.find(([words]) => reason.includes(words));
  if (known === undefined) throw new Error(`a reason without a name: ${reason}`);
  return known[1];
};

const reasons: readonly (readonly [string, string])[] = [
  ['start: not all of', 'start time-out'],
  ['differs at the exec stop', 'start: one differs'],
  ["the peers' views agree", 'views against it'],
  ['no second view', 'no second view'],
  ['view contradicts', 'view contradicts'],
  ['do not agree with it', 'outvoted'],
  ['cut off', 'cut off'],
  ['alone at', 'alone'],
  ['replica died', 'replica died'],
  ['no majority of two', 'no majority of two'],
  ['the only other member', 'link of two ended'],
];
