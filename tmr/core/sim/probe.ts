/** One core on a bench: a unit test feeds it by hand and reads its effects as copies. */
import { Core } from '../core.ts';
import { allRules } from '../rules.ts';
import type {
  CoreEffect,
  CoreEvent,
  CoreOptions,
  PeerMessage,
  ReplicaId,
  ViewEntry,
  Vote,
} from '../types.ts';
import { sealedBy } from './seals.ts';
import { coreOptionsOf } from './trio.ts';
import { plainScenario } from './scenarios.ts';

/** T 1600, Q 400, d 100; tracer 1 of 3. */
export const probeOptions = (change: Partial<CoreOptions> = {}): CoreOptions => ({
  ...coreOptionsOf(plainScenario, 1),
  ...change,
});

/** A vote that is equal to every other of the same k, unless changed. */
export const voteFor = (k: number, change: Partial<Vote> = {}): Vote => ({
  stream: 0,
  k,
  call: 39,
  sigHi: k,
  sigLo: 77,
  inputs: { elapsedNs: 10 * k, marks: 0 },
  direct: 0,
  seal: 0,
  ...change,
});

export const wrongVote = (k: number): Vote => voteFor(k, { sigLo: 13 });

/** A view in which `viewer` holds these votes; who is not named is missing. */
export const viewOf = (
  k: number,
  votes: Readonly<Record<ReplicaId, Vote>>,
): Extract<PeerMessage, { type: 'view' }> => ({
  type: 'view',
  stream: 0,
  k,
  entries: [1, 2, 3].map((replica): ViewEntry => {
    const vote = votes[replica];
    return vote === undefined ? { replica, state: 'missing' } : { replica, state: 'vote', vote };
  }),
});

export class Probe {
  nowNs = 0;
  readonly #core: Core;

  constructor(change: Partial<CoreOptions> = {}) {
    this.#core = new Core(probeOptions(change), allRules);
  }

  /** A core whose rendezvous 0 is closed. */
  static started(change: Partial<CoreOptions> = {}): Probe {
    const probe = new Probe(change);
    probe.agree(0);
    return probe;
  }

  /** All votes for k, equal. */
  agree(k: number): CoreEffect[] {
    const { self, replicas } = probeOptions();
    const peers = Array.from({ length: replicas }, (_, index) => index + 1);
    for (const peer of peers) {
      if (peer !== self) this.vote(peer, voteFor(k));
    }
    return this.own(voteFor(k));
  }

  handle(event: CoreEvent): CoreEffect[] {
    return structuredClone(this.#core.handle(event, this.nowNs)) as CoreEffect[];
  }

  own(vote: Vote): CoreEffect[] {
    return this.handle({ type: 'own-vote', vote });
  }

  from(from: ReplicaId, message: PeerMessage): CoreEffect[] {
    return this.handle({ type: 'message', from, message });
  }

  /** Sealed by `from`, as its core would. */
  vote(from: ReplicaId, vote: Vote): CoreEffect[] {
    return this.from(from, { type: 'vote', vote: sealedBy(from, vote) });
  }

  relay(from: ReplicaId, origin: ReplicaId, vote: Vote): CoreEffect[] {
    return this.from(from, { type: 'relay', origin, vote: sealedBy(origin, vote) });
  }

  closed(peer: ReplicaId): CoreEffect[] {
    return this.handle({ type: 'link-closed', peer });
  }

  /** To the next deadline, and past it. */
  waitForTimer(): CoreEffect[] {
    this.nowNs = this.deadlineNs;
    return this.handle({ type: 'timer' });
  }

  at(nowNs: number): this {
    this.nowNs = nowNs;
    return this;
  }

  get deadlineNs(): number {
    return this.#core.nextDeadlineNs();
  }
}

/** Effect types in order, sends with their message's type and receiver. */
export const outline = (effects: readonly CoreEffect[]): string[] =>
  effects.map((effect) =>
    effect.type === 'send' ? `${effect.message.type} to ${effect.to}` : effect.type,
  );
