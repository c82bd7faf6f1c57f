/**
 * One core whose peers say anything at any time: walks at random through its states. The simulator's
 * parties are too healthy to take it everywhere.
 */
import { Core } from '../core.ts';
import { allRules } from '../rules.ts';
import type { CoreEvent, CoreOptions, PeerMessage, ReplicaId, ViewEntry, Vote } from '../types.ts';
import { Dice } from './dice.ts';
import { probeOptions, voteFor, wrongVote } from './probe.ts';
import { WatchedCore } from './watched-core.ts';
import type { Transitions } from './watched-core.ts';
import { sealedBy } from './seals.ts';

const EVENTS_MAX = 40;

/** Walks number `first` to `first + count - 1`, each its own seed. */
export const walk = (first: number, count: number, transitions: Transitions): void => {
  for (let seed = first; seed < first + count; seed += 1) new Walk(seed, transitions).run();
};

const allKinds = [
  'link-closed',
  'replica-dead',
  'suspend',
  'down',
  'ask',
  'relay',
  'vote',
  'view',
  'ping',
  'pong',
  'done',
] as const;
type Kind = (typeof allKinds)[number];

class Walk {
  readonly #dice: Dice;
  readonly #options: CoreOptions;
  readonly #core: WatchedCore;
  readonly #peers: readonly ReplicaId[];
  /** Those whose connection stands: nothing comes from the others any more. */
  #connected: readonly ReplicaId[];
  /** How often a peer does what a healthy one would, and how often it speaks for this replica. */
  readonly #helpful: number;
  readonly #kind: number;
  readonly #kinds: readonly Kind[];
  #nowNs = 0;

  constructor(seed: number, transitions: Transitions) {
    this.#dice = new Dice(seed);
    const replicas = this.#dice.below(8) === 0 ? 2 : 3;
    this.#peers = replicas === 2 ? [2] : [2, 3];
    this.#connected = this.#peers;
    this.#helpful = this.#dice.pick([200, 500, 700, 900]);
    this.#kind = this.#dice.pick([100, 600, 900]);
    this.#kinds = ['vote', ...allKinds.filter(() => this.#dice.below(3) > 0)];
    const detect = this.#dice.pick(['any', 'any', 'timeout-only'] as const);
    this.#options = probeOptions({ replicas, detect });
    this.#core = new WatchedCore(new Core(this.#options, allRules), this.#options, transitions);
  }

  run(): void {
    for (let count = 0; count < EVENTS_MAX && !this.#core.isOver; count += 1) {
      this.#nowNs += this.#dice.below(3) === 0 ? this.#dice.below(300) : 0;
      this.#core.handle(this.#next(), this.#nowNs);
    }
  }

  /** Mostly what a session that goes well would bring next, else anything. */
  #next(): CoreEvent {
    const { canEnd, canVote, k } = this.#core;
    if (this.#dice.strikes(this.#helpful)) {
      const own = canVote && this.#dice.strikes(500);
      if (own) return { type: 'own-vote', vote: voteFor(k) };
      return this.#cast(voteFor(k));
    }
    if (canEnd && this.#dice.strikes(100)) return { type: 'end' };
    if (canVote && this.#dice.strikes(100)) return { type: 'own-vote', vote: wrongVote(k) };
    if (this.#dice.strikes(300)) return this.#timer();
    return this.#anything(k + this.#dice.pick([0, 0, 0, -1, -1, 1, 1, -2, 2]));
  }

  #timer(): CoreEvent {
    const deadlineNs = this.#core.nextDeadlineNs();
    if (deadlineNs !== Infinity) this.#nowNs = Math.max(this.#nowNs, deadlineNs);
    return { type: 'timer' };
  }

  #anything(k: number): CoreEvent {
    const dice = this.#dice;
    const vote = this.#vote(k);
    const origin = dice.pick([1, 2, 3]);
    const reason = 'signal 9';
    const kind = dice.strikes(300) ? 'view' : dice.pick(this.#kinds);
    switch (kind) {
      case 'link-closed':
        return this.#close(dice.pick(this.#peers));
      case 'replica-dead':
        return dice.strikes(200) ? { type: kind, reason } : { type: 'timer' };
      case 'suspend':
        return { type: dice.pick(['suspend', 'resume'] as const) };
      case 'down':
        return this.#message({ type: kind, reason });
      case 'ask':
        return this.#message({ type: kind, stream: 0, k, missing: dice.below(8) });
      case 'relay':
        return this.#message({
          type: kind,
          origin,
          vote: dice.strikes(200) ? vote : sealedBy(origin, vote),
        });
      case 'vote':
        return this.#cast(vote);
      case 'view':
        return this.#message({ type: kind, stream: 0, k, entries: this.#view(k) });
      default:
        return this.#message({ type: kind });
    }
  }

  #vote(k: number): Vote {
    const direct = this.#dice.below(8);
    if (this.#dice.strikes(this.#kind)) return voteFor(k, { direct });
    return this.#dice.below(4) === 0 ? voteFor(k, { call: 40 }) : wrongVote(k);
  }

  /** By one peer, nearly always with its seal. */
  #cast(vote: Vote): CoreEvent {
    return this.#say((from) => {
      return { type: 'vote', vote: this.#dice.strikes(50) ? vote : sealedBy(from, vote) };
    });
  }

  #view(k: number): ViewEntry[] {
    return [1, ...this.#peers].map((replica): ViewEntry => {
      // Without its sender's own vote a view says nothing.
      const present = replica === 1 ? this.#kind : 950;
      if (this.#dice.strikes(present)) return { replica, state: 'vote', vote: this.#vote(k) };
      return { replica, state: this.#dice.pick(['open', 'missing', 'down'] as const) };
    });
  }

  #close(peer: ReplicaId): CoreEvent {
    this.#connected = this.#connected.filter((other) => other !== peer);
    return { type: 'link-closed', peer };
  }

  #message(message: PeerMessage): CoreEvent {
    return this.#say(() => message);
  }

  #say(messageOf: (from: ReplicaId) => PeerMessage): CoreEvent {
    if (this.#connected.length === 0) return this.#timer();
    const from = this.#dice.pick(this.#connected);
    return { type: 'message', from, message: messageOf(from) };
  }
}
