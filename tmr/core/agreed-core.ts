/** The policy `agreed`: asks and relays (R4), disputes (R5-R7), being alone (R3). */
import { Stream } from './stream.ts';
import { cloneView, goodInView, voteInView } from './table.ts';
import type { Table } from './table.ts';
import type { ReplicaId, ViewEntry, Vote } from './types.ts';
import { bit, bitCount, cloneVote, sameVote } from './vote.ts';

export class AgreedStream extends Stream {
  /** R3: next ping, and the last answer; NaN while not alone for T. */
  #nextPingNs = NaN;
  #answerNs = NaN;

  /**
   * R1: a vote that its sender did not seal is none: a peer to which it is relayed would not count it either,
   * and two healthy tracers that count differently part.
   */
  override peerVote(from: ReplicaId, vote: Vote): void {
    if (this.session.rules.sealedVotes && !this.session.isSealedBy(from, vote)) return;
    super.peerVote(from, vote);
  }

  /** R4: a peer lacks votes. Who has one relays it at once; who has not, on its arrival. */
  ask(from: ReplicaId, k: number, missing: number): void {
    const table = this.#answerable(k);
    if (table === undefined || !this.members.has(from)) return;
    for (const origin of this.members.list) {
      if ((missing & bit(origin)) === 0 || origin === from) continue;
      const entry = table.at(origin);
      if (entry.state === 'vote') this.#relay(from, origin, entry.vote);
      else if (origin !== this.self) entry.askers |= bit(from);
      if (origin !== this.self) this.#startRelaying(from, origin);
    }
  }

  /** R4: a vote by a detour. It may acquit, never accuse; one that its origin did not seal is none. */
  relayed(from: ReplicaId, origin: ReplicaId, vote: Vote): void {
    if (origin === this.self || !this.members.has(from) || !this.members.has(origin)) return;
    const table = this.tableOf(vote.k);
    if (table === undefined || table === this.previous) return;
    const entry = table.at(origin);
    if (entry.relayHeld || !this.mayFill(table, entry)) return;
    if (this.session.rules.sealedRelays && !this.session.isSealedBy(origin, vote)) return;
    entry.relayHeld = true;
    Object.assign(entry.relayed, cloneVote(vote));
    if (table !== this.current || table.at(this.self).state !== 'vote') return;
    this.acceptHeld(table, origin);
    if (!table.frozen) this.arrived();
  }

  /** R7: a peer's table. */
  viewed(from: ReplicaId, k: number, entries: readonly ViewEntry[]): void {
    const table = this.tableOf(k);
    if (table === undefined || from === this.self || !this.members.has(from)) return;
    const entry = table.at(from);
    if (entry.view !== undefined) return;
    entry.view = cloneView(entries);
    if (this.#heldBadByPeers(table)) {
      this.#giveUp(`outvoted at rendezvous ${k}: the peers' views agree against this replica`);
    } else if (table === this.previous) {
      if (this.#answerable(k) !== undefined) this.#sendView(table, from);
    } else if (table === this.current && table.frozen) {
      this.judge();
    } else if (!this.session.rules.answerAfterClose) {
      this.#sendView(table, from);
    }
  }

  /** R3: a peer is there. */
  answered(from: ReplicaId): void {
    if (this.members.has(from) && !Number.isNaN(this.#answerNs)) {
      this.#answerNs = this.session.nowNs;
    }
  }

  override restartTimers(): void {
    super.restartTimers();
    this.#nextPingNs = NaN;
    this.#answerNs = NaN;
  }

  protected override firstArrival(table: Table, from: ReplicaId, vote: Vote): void {
    if (this.session.relaying) this.#endRelaying(from, vote.direct);
    this.#relayToAskers(table, from, vote);
  }

  protected override acceptHeld(table: Table, origin: ReplicaId): void {
    const entry = table.at(origin);
    if (!entry.relayHeld) return;
    entry.relayHeld = false;
    const own = table.at(this.self);
    if (!sameVote(entry.relayed, own.vote) && this.session.rules.relayOnlyAcquits) return;
    entry.fill(entry.relayed, 'relayed');
    // The origin may have told this tracer alone, so who asked has no other way to it.
    this.#relayToAskers(table, origin, entry.vote);
  }

  protected override judge(): void {
    const table = this.current;
    const bad = this.badMask();
    if (bad === 0) {
      this.#answerEarlyViews();
      this.#goOnAnd();
    } else if (this.members.count === 2) {
      if (table.k === 0) this.notStarted(bad);
      else this.session.stop(`no majority of two at rendezvous ${table.k}: ${this.describe(bad)}`);
    } else {
      if (Number.isNaN(table.disputeNs)) {
        table.disputeNs = this.session.nowNs;
        for (const peer of this.members.peers) this.#sendView(table, peer);
      }
      this.#decide(bad, false);
    }
  }

  protected override policyTimer(): void {
    const { current: table, session } = this;
    if (session.nowNs >= this.#disputeDeadlineNs()) {
      this.#decide(this.badMask(), true);
      return;
    }
    if (session.nowNs >= this.#askDeadlineNs()) this.#askPeers(table);
    if (session.nowNs >= this.#aloneDeadlineNs()) this.#stillAlone();
  }

  protected override policyDeadlineNs(): number {
    return Math.min(this.#disputeDeadlineNs(), this.#askDeadlineNs(), this.#aloneDeadlineNs());
  }

  // --- R4 -------------------------------------------------------------------------------------

  /** Q after the time-out's start, once; only a tracer that has its own vote asks. */
  #askDeadlineNs(): number {
    const { current: table, session } = this;
    if (!session.rules.ask || table.frozen || table.asked) return Infinity;
    if (Number.isNaN(table.ownNs) || Number.isNaN(table.timerNs)) return Infinity;
    return table.timerNs + session.options.askDelayNs;
  }

  #askPeers(table: Table): void {
    table.asked = true;
    let missing = 0;
    for (const peer of this.members.peers) {
      if (table.at(peer).state !== 'vote') missing |= bit(peer);
    }
    for (const peer of this.members.peers) {
      this.session.send(peer, { type: 'ask', stream: this.id, k: table.k, missing });
    }
  }

  /** A vote that was not here when it was asked for has come, over its own link or by a detour. */
  #relayToAskers(table: Table, origin: ReplicaId, vote: Vote): void {
    const entry = table.at(origin);
    let { askers } = entry;
    if (this.session.relaying && table !== this.previous) askers |= this.#askersFor(origin);
    if (askers === 0) return;
    entry.askers = 0;
    for (const asker of this.members.peers) {
      if (asker !== origin && (askers & bit(asker)) !== 0) this.#relay(asker, origin, vote);
    }
  }

  #relay(to: ReplicaId, origin: ReplicaId, vote: Vote): void {
    this.session.send(to, { type: 'relay', origin, vote: cloneVote(vote) });
  }

  /** Relay mode: a dead link then costs a message a rendezvous, not Q. */
  #startRelaying(asker: ReplicaId, origin: ReplicaId): void {
    const { session } = this;
    session.relayFor[asker] = (session.relayFor[asker] ?? 0) | bit(origin);
    session.relaying = true;
  }

  #endRelaying(asker: ReplicaId, direct: number): void {
    const { session } = this;
    session.relayFor[asker] = (session.relayFor[asker] ?? 0) & ~direct;
    session.relaying = session.relayFor.some((origins) => origins !== 0);
  }

  #askersFor(origin: ReplicaId): number {
    let askers = 0;
    for (const peer of this.members.peers) {
      if (((this.session.relayFor[peer] ?? 0) & bit(origin)) !== 0) askers |= bit(peer);
    }
    return askers;
  }

  // --- R5, R6 ---------------------------------------------------------------------------------

  /** R11; before the start there is nothing to fence off (R0). */
  #giveUp(reason: string): void {
    if (this.k === 0) this.session.stop(`start: ${reason}`);
    else this.session.fence(reason);
  }

  /** How long the own close waits for views; at rendezvous 0 the start time-out bounds it (R0). */
  #disputeDeadlineNs(): number {
    const { disputeNs, k } = this.current;
    return k === 0 || Number.isNaN(disputeNs) ? Infinity : disputeNs + this.session.patienceNs;
  }

  /**
   * With three members exactly R6. With more: a peer is vouched for if one good peer's view holds a
   * good vote of it, and flagged if the views of a majority (this one counted) do not. `expired` is
   * said by a timer event alone, when the sockets have been drained.
   */
  #decide(bad: number, expired: boolean): void {
    const { members, session, current: table } = this;
    if (members.count - bitCount(bad) < members.majority) {
      if (expired || this.#othersAgree(bad)) {
        this.#giveUp(
          `outvoted at rendezvous ${table.k}: ${this.describe(bad)} do not agree with it`,
        );
      }
      return;
    }
    const waitFor = session.rules.ignoreAccusedView ? ~bad : ~0;
    let viewers = 0;
    let pending = 0;
    for (const peer of members.peers) {
      if ((bit(peer) & waitFor) === 0) continue;
      if (table.at(peer).view !== undefined) viewers |= bit(peer);
      else if (!session.isDown(peer) || waitFor === ~0) pending |= bit(peer);
    }
    if (pending !== 0 && !expired) return;
    viewers &= ~bad;
    if (pending !== 0 && waitFor === ~0) viewers = 0;
    if (bitCount(viewers) + 1 < members.majority) {
      this.#giveUp(
        `no second view of rendezvous ${table.k}, where ${this.describe(bad)} looks bad: two faults`,
      );
    } else {
      this.#resolve(bad, viewers);
    }
  }

  /** The bad votes of a majority are equal: it is this tracer that is the odd one. */
  #othersAgree(bad: number): boolean {
    const { members, current: table } = this;
    for (const peer of members.peers) {
      const entry = table.at(peer);
      if ((bad & bit(peer)) === 0 || entry.state !== 'vote') continue;
      let equal = 0;
      for (const other of members.peers) {
        const { state, vote } = table.at(other);
        if (state === 'vote' && sameVote(vote, entry.vote)) equal += 1;
      }
      if (equal >= members.majority) return true;
    }
    return false;
  }

  #resolve(bad: number, viewers: number): void {
    const { members, current: table } = this;
    const own = table.at(this.self).vote;
    for (const peer of members.peers) {
      if ((bad & bit(peer)) === 0) continue;
      const vouched = this.#goodInViews(viewers, peer);
      if (vouched === undefined && table.k === 0) {
        this.notStarted(bad);
        return;
      }
      if (vouched === undefined) {
        this.flag(peer);
      } else if (sameVote(vouched, own)) {
        table.at(peer).fill(vouched, 'vouched');
      } else {
        this.#giveUp(`a peer's view contradicts its vote at rendezvous ${table.k}: two faults`);
        return;
      }
    }
    this.#goOnAnd();
  }

  #goodInViews(viewers: number, accused: ReplicaId): Vote | undefined {
    for (const viewer of this.members.peers) {
      const { view } = this.current.at(viewer);
      if (view === undefined || (viewers & bit(viewer)) === 0) continue;
      const vote = goodInView(view, viewer, accused);
      if (vote !== undefined) return vote;
    }
    return undefined;
  }

  // --- R7 -------------------------------------------------------------------------------------

  #sendView(table: Table, to: ReplicaId): void {
    if ((table.viewSent & bit(to)) !== 0) return;
    table.viewSent |= bit(to);
    const entries = table.toView(this.members.list);
    this.session.send(to, { type: 'view', stream: this.id, k: table.k, entries });
  }

  /** Views that came before this table was closed without anything bad in it. */
  #answerEarlyViews(): void {
    for (const peer of this.members.peers) {
      if (this.current.at(peer).view !== undefined) this.#sendView(this.current, peer);
    }
  }

  /** A majority of the members (of three: both peers) hold this replica bad at one rendezvous. */
  #heldBadByPeers(table: Table): boolean {
    let against = 0;
    for (const peer of this.members.peers) {
      const { view } = table.at(peer);
      if (view === undefined || voteInView(view, peer) === undefined) continue;
      if (goodInView(view, peer, this.self) === undefined) against += 1;
    }
    return against >= this.members.majority;
  }

  /** A table from which asks and views are answered. */
  #answerable(k: number): Table | undefined {
    const table = this.tableOf(k);
    return table === this.previous && !this.session.rules.history ? undefined : table;
  }

  // --- R3 -------------------------------------------------------------------------------------

  /** The own vote stands alone: more than one entry is still open. */
  #aloneDeadlineNs(): number {
    const { current: table, session } = this;
    if (table.k === 0 || Number.isNaN(table.ownNs) || !Number.isNaN(table.timerNs)) return Infinity;
    if (table.frozen) return Infinity;
    const { timeoutNs } = session.options;
    if (Number.isNaN(this.#nextPingNs)) return table.ownNs + timeoutNs;
    return Math.min(this.#nextPingNs, this.#answerNs + timeoutNs);
  }

  #stillAlone(): void {
    const { session } = this;
    const { timeoutNs } = session.options;
    if (Number.isNaN(this.#nextPingNs)) this.#answerNs = session.nowNs;
    if (session.nowNs >= this.#answerNs + timeoutNs) {
      session.fence(`alone at rendezvous ${this.k}: no peer answers for the time-out`);
      return;
    }
    this.#nextPingNs = session.nowNs + timeoutNs / 4;
    for (const peer of this.members.peers) session.send(peer, { type: 'ping' });
  }

  #goOnAnd(): void {
    this.#nextPingNs = NaN;
    this.#answerNs = NaN;
    this.goOn();
  }
}
