/**
 * One stream of votes (one process of a replica): the tables of k-1, k and k+1, arrivals, the
 * time-out, closing, going on. What a closed table leads to is the policy's (`judge`).
 */
import { agreeInputs } from './agreed-inputs.ts';
import { invariant } from './invariant.ts';
import { Membership } from './membership.ts';
import type { Session } from './session.ts';
import { Entry, Table } from './table.ts';
import type { Mechanism, ReplicaId, Vote } from './types.ts';
import { bit, sameVote } from './vote.ts';

export abstract class Stream {
  readonly id: number;
  readonly members: Membership;
  protected readonly session: Session;
  protected readonly self: ReplicaId;
  /** k-1, the history. */
  protected previous: Table;
  /** k. */
  protected current: Table;
  /** k+1: what came early. */
  protected next: Table;
  #agreedNs = -Infinity;

  constructor(session: Session, id: number) {
    const { replicas, self } = session.options;
    this.session = session;
    this.id = id;
    this.self = self;
    this.members = new Membership(replicas, self);
    this.previous = new Table(replicas, -1);
    this.current = new Table(replicas, 0);
    this.next = new Table(replicas, 1);
  }

  /** The rendezvous that is not closed yet. */
  get k(): number {
    return this.current.k;
  }

  /** R1, the own arrival. The core fills in the mask of direct votes. */
  ownVote(vote: Vote): void {
    const table = this.current;
    const own = table.at(this.self);
    invariant(
      vote.k === table.k && own.state === 'open',
      `the own vote for rendezvous ${table.k} of stream ${this.id}, once`,
      `one for ${vote.k} (own entry: ${own.state})`,
    );
    own.fill(vote, 'direct');
    own.vote.direct = this.previous.directMask();
    this.session.seal(own.vote);
    table.ownNs = this.session.nowNs;
    this.session.broadcast(own.vote, this.members.peers);
    for (const peer of this.members.peers) {
      const entry = table.at(peer);
      if (entry.state === 'vote') this.#compare(entry, own);
      else this.acceptHeld(table, peer);
    }
    this.arrived();
  }

  /** R1, a peer's arrival over its own link. */
  peerVote(from: ReplicaId, vote: Vote): void {
    const table = this.tableOf(vote.k);
    if (table === undefined || !this.members.has(from)) return;
    const entry = table.at(from);
    if (!entry.cameDirectly) {
      entry.cameDirectly = true;
      this.firstArrival(table, from, vote);
    }
    if (table === this.previous || !this.mayFill(table, entry)) return;
    entry.fill(vote, 'direct');
    if (table === this.next) return;
    const own = table.at(this.self);
    if (own.state === 'vote') this.#compare(entry, own);
    if (table.frozen) this.judge();
    else this.arrived();
  }

  /** A peer's connection ended, or its replica is dead: OPEN becomes DOWN. */
  peerDown(peer: ReplicaId): void {
    if (!this.members.has(peer)) return;
    if (!this.current.frozen) this.#markDown(peer);
    if (this.current.frozen) this.judge();
    else this.arrived();
  }

  /** R18: every running timer starts again from zero. */
  restartTimers(): void {
    const { current, session } = this;
    if (!Number.isNaN(current.timerNs)) current.timerNs = session.nowNs;
    if (!Number.isNaN(current.ownNs)) current.ownNs = session.nowNs;
    if (!Number.isNaN(current.disputeNs)) current.disputeNs = session.nowNs;
  }

  /** Time may have passed a deadline; the sockets have been drained. */
  timer(): void {
    if (this.session.nowNs >= this.#closeDeadlineNs()) this.#close();
    else this.policyTimer();
  }

  nextDeadlineNs(): number {
    return Math.min(this.#closeDeadlineNs(), this.policyDeadlineNs());
  }

  /** The members' entries that are open, the own one counted. */
  openCount(): number {
    let open = 0;
    for (const member of this.members.list) {
      if (this.current.at(member).state === 'open') open += 1;
    }
    return open;
  }

  /**
   * Votes of a closed rendezvous that came only by a detour (R4, R6): told when the history is given
   * up, since until then the peer's own message may only be slower than the relay.
   */
  reportDetours(): void {
    const { previous: table, session } = this;
    for (const peer of this.members.peers) {
      const { state, provenance, cameDirectly } = table.at(peer);
      if (state !== 'vote' || provenance === 'direct') continue;
      if (provenance === 'relayed' && cameDirectly) continue;
      session.effects.push({ type: 'link-suspect', peer, k: table.k });
    }
  }

  /** What follows a closed table, or news about one that is in dispute. */
  protected abstract judge(): void;
  protected abstract policyTimer(): void;
  protected abstract policyDeadlineNs(): number;
  /** A vote came over its own link for the first time, in any of the three tables. */
  protected abstract firstArrival(table: Table, from: ReplicaId, vote: Vote): void;
  /** The own vote is there: a relayed one that was held may be taken (R4). */
  protected abstract acceptHeld(table: Table, origin: ReplicaId): void;

  /** R1, R5: a vote fills an OPEN or DOWN entry, and none of a frozen table. */
  protected mayFill(table: Table, entry: Entry): boolean {
    return entry.state !== 'vote' && !(table.frozen && this.session.rules.freeze);
  }

  protected tableOf(k: number): Table | undefined {
    if (k === this.current.k) return this.current;
    if (k === this.next.k) return this.next;
    return k === this.previous.k && k >= 0 ? this.previous : undefined;
  }

  /** R2 and R5 after anything that may have filled an entry. */
  protected arrived(): void {
    const { current: table, session } = this;
    const open = this.openCount();
    if (open <= 1 && Number.isNaN(table.secondNs)) table.secondNs = session.nowNs;
    if (Number.isNaN(table.timerNs) && this.#timeoutStarts(open)) table.timerNs = session.nowNs;
    if (open === 0) this.#close();
  }

  /** Missing, down, or not equal to the own (R5): the mask of the members for which it holds. */
  protected badMask(): number {
    const own = this.current.at(this.self);
    let bad = 0;
    for (const peer of this.members.peers) {
      const entry = this.current.at(peer);
      if (entry.state !== 'vote' || this.#differs(entry, own)) bad |= bit(peer);
    }
    return bad;
  }

  /** R8: every member's entry is a vote now; the call may take effect. */
  protected goOn(): void {
    const { current: closed, session, members } = this;
    this.reportDetours();
    const previousNs = session.rules.monotonic ? this.#agreedNs : -Infinity;
    agreeInputs(session.inputs, closed, members, previousNs);
    this.#agreedNs = session.inputs.elapsedNs;
    session.goOn(closed.k, members.list);
    this.#rotate();
  }

  /** R6: the accused leaves, and server and monitor hear of it. */
  protected flag(accused: ReplicaId): void {
    const { suspectNs } = this.current.at(accused);
    this.members.remove(accused);
    this.session.flag({
      accused,
      stream: this.id,
      k: this.current.k,
      mechanism: this.mechanism(accused),
      tFirstSuspicionNs: suspectNs,
      tSecondArrivalNs: this.current.secondNs,
    });
  }

  /** R0: at rendezvous 0 nobody is flagged; the session is not started. */
  protected notStarted(bad: number): void {
    this.session.stop(
      `start: ${this.describe(bad)} differs at the exec stop; ` +
        'see that all hosts have the same program and libraries',
    );
  }

  protected mechanism(accused: ReplicaId): Mechanism {
    const entry = this.current.at(accused);
    if (entry.state === 'down') return this.session.downMechanism(accused);
    if (entry.state !== 'vote') return 'time-out';
    const own = this.current.at(this.self);
    return entry.vote.call === own.vote.call ? 'signature' : 'call-number';
  }

  /** "replica 2 (time-out), replica 3 (signature)" */
  protected describe(mask: number): string {
    return this.members.list
      .filter((member) => (mask & bit(member)) !== 0)
      .map((member) => `replica ${member} (${this.mechanism(member)})`)
      .join(', ');
  }

  #timeoutStarts(open: number): boolean {
    switch (this.session.options.timeoutFrom) {
      case 'quorum':
        return open <= 1;
      case 'first':
        return open < this.members.count;
      case 'own':
        return this.current.at(this.self).state === 'vote';
    }
  }

  /** R5: T, unless the own entry is open; R0: not at rendezvous 0. */
  #closeDeadlineNs(): number {
    const { current: table, session } = this;
    if (table.frozen || table.k === 0 || Number.isNaN(table.timerNs)) return Infinity;
    if (table.at(this.self).state === 'open') return Infinity;
    return table.timerNs + session.options.timeoutNs;
  }

  #close(): void {
    const { current: table, session } = this;
    for (const member of this.members.list) {
      const entry = table.at(member);
      if (entry.state !== 'open') continue;
      entry.state = 'missing';
      entry.suspectNs = session.nowNs;
    }
    table.frozen = true;
    this.judge();
  }

  #rotate(): void {
    const closed = this.current;
    const free = this.previous;
    this.previous = closed;
    this.current = this.next;
    this.next = free;
    free.reset(this.current.k + 1);
    if ((this.session.closed | this.session.dead) !== 0) {
      for (const peer of this.members.peers) this.#markDown(peer);
    }
    this.arrived();
  }

  #markDown(peer: ReplicaId): void {
    const entry = this.current.at(peer);
    if (entry.state !== 'open' || !this.session.isDown(peer)) return;
    entry.state = 'down';
    entry.suspectNs = this.session.downSinceNs(peer);
  }

  #compare(entry: Entry, own: Entry): void {
    if (this.#differs(entry, own)) entry.suspectNs = this.session.nowNs;
  }

  #differs(entry: Entry, own: Entry): boolean {
    return !sameVote(entry.vote, own.vote) && this.session.rules.compareVotes;
  }
}
