/** The table of one rendezvous: what is known of each replica's vote (protocol.md 2). */
import { invariant } from './invariant.ts';
import type { EntryState, ReplicaId, ViewEntry, Vote } from './types.ts';
import { bit, blankVote, cloneVote, copyVote, sameVote } from './vote.ts';

/** How the vote of an entry came. */
export type Provenance = 'direct' | 'relayed' | 'vouched';

export class Entry {
  state: EntryState = 'open';
  /** Meaningful while state is `vote`. */
  readonly vote: Vote = blankVote();
  provenance: Provenance = 'direct';
  /** The replica's own message came over the link, whether or not it filled the entry. */
  cameDirectly = false;
  /** A relayed vote is held until the own vote is there (R4). */
  relayHeld = false;
  readonly relayed: Vote = blankVote();
  /** When evidence against the replica was first seen; NaN: none. */
  suspectNs = NaN;
  /** Peers that asked for this vote before it was here (R4). */
  askers = 0;
  /** The table as this replica sent it (R7). */
  view: ViewEntry[] | undefined = undefined;

  reset(): void {
    this.state = 'open';
    this.provenance = 'direct';
    this.cameDirectly = false;
    this.relayHeld = false;
    this.suspectNs = NaN;
    this.askers = 0;
    this.view = undefined;
  }

  fill(vote: Vote, provenance: Provenance): void {
    copyVote(this.vote, vote);
    this.state = 'vote';
    this.provenance = provenance;
    this.suspectNs = NaN;
  }
}

export class Table {
  k: number;
  /** R5: closed; no later vote changes it. */
  frozen = false;
  /** When at most one entry was still open (R2); NaN: not yet. */
  secondNs = NaN;
  /** When the time-out started; NaN: not running. */
  timerNs = NaN;
  /** When the own vote came, for R3; NaN: not yet. */
  ownNs = NaN;
  /** When the table was closed with something bad in it (R6); NaN: it was not. */
  disputeNs = NaN;
  /** R4: the asks for this rendezvous are out. */
  asked = false;
  /** Members that were sent this table as a view (R7). */
  viewSent = 0;
  readonly #entries: Entry[];

  constructor(replicas: number, k: number) {
    this.k = k;
    this.#entries = Array.from({ length: replicas }, () => new Entry());
  }

  at(replica: ReplicaId): Entry {
    const entry = this.#entries[replica - 1];
    if (entry === undefined) {
      invariant(false, `a replica of 1..${this.#entries.length}`, `replica ${replica}`);
    }
    return entry;
  }

  reset(k: number): void {
    this.k = k;
    this.frozen = false;
    this.secondNs = NaN;
    this.timerNs = NaN;
    this.ownNs = NaN;
    this.disputeNs = NaN;
    this.asked = false;
    this.viewSent = 0;
    for (const entry of this.#entries) entry.reset();
  }

  /** Mask of the replicas whose vote came over their own link. */
  directMask(): number {
    let mask = 0;
    for (let r = 1; r <= this.#entries.length; r += 1) {
      if (this.at(r).cameDirectly) mask |= bit(r);
    }
    return mask;
  }

  /** The table as it is told to others: a copy, so that a later change does not reach it. */
  toView(members: readonly ReplicaId[]): ViewEntry[] {
    return members.map((replica) => {
      const { state, vote } = this.at(replica);
      return state === 'vote' ? { replica, state, vote: cloneVote(vote) } : { replica, state };
    });
  }
}

/** The vote that a view holds of a replica, if any. */
export const voteInView = (view: readonly ViewEntry[], replica: ReplicaId): Vote | undefined => {
  for (const entry of view) {
    if (entry.replica === replica) return entry.state === 'vote' ? entry.vote : undefined;
  }
  return undefined;
};

/** A replica's vote in a view, if it is good: equal to the viewer's own vote in that view. */
export const goodInView = (
  view: readonly ViewEntry[],
  viewer: ReplicaId,
  replica: ReplicaId,
): Vote | undefined => {
  const own = voteInView(view, viewer);
  const vote = voteInView(view, replica);
  return own !== undefined && vote !== undefined && sameVote(own, vote) ? vote : undefined;
};

/** A view that outlives the message it came in. */
export const cloneView = (view: readonly ViewEntry[]): ViewEntry[] =>
  view.map(({ replica, state, vote }) =>
    vote === undefined ? { replica, state } : { replica, state, vote: cloneVote(vote) },
  );
