/** What tracers, file server and monitor of a simulation say to each other, and their quorum rules. */
import type { Policy, ReplicaId } from '../types.ts';

export type ToServer =
  { type: 'call'; slot: number; kind: 'read' | 'write'; digest: number } | Notice;

export type ToMonitor =
  | { type: 'slot'; slot: number; kind: 'output' | 'input' | 'exit'; digest: number }
  | Notice
  | { type: 'fenced'; reason: string }
  | { type: 'stopped'; reason: string };

/** A FLAG, true or erroneous. */
export interface Notice {
  type: 'flag';
  accused: ReplicaId;
  k: number;
}

/** The reply to a call or slot, with the digest of what was executed (R12). */
export interface FromService {
  type: 'reply';
  slot: number;
  executed: number;
  result: number;
}

/** Switches of the simulated parties for ablations (protocol.md 4); `agreed` sets all. */
export interface ServiceRules {
  /** R12: a flag counts on two notices; without: on the first. */
  twoNotices: boolean;
  /** R12: a mutating call runs on two equal digests; without: at its first arrival. */
  twoDigests: boolean;
  /** R12: no call of slot c before slot c-1 holds its quorum. */
  slotOrder: boolean;
  /** R12: a reply to a call of another digest is not for this one. */
  replyPerDigest: boolean;
  /** R12: the tracer compares the executed digest with the one it computed. */
  compareExecuted: boolean;
  /** R9: a tracer that waits for a service answers its peers. */
  serveWhileWaiting: boolean;
  /** A frame whose checksum fails counts as not received. */
  checksum: boolean;
}

export const agreedServiceRules: Readonly<ServiceRules> = {
  twoNotices: true,
  twoDigests: true,
  slotOrder: true,
  replyPerDigest: true,
  compareExecuted: true,
  serveWhileWaiting: true,
  checksum: true,
};

/** protocol.md 3b: requests at the first arrival, one notice, no checksum beyond TCP's. */
export const serviceRulesOf = (policy: Policy): ServiceRules =>
  policy === 'agreed'
    ? { ...agreedServiceRules }
    : {
        ...agreedServiceRules,
        twoNotices: false,
        twoDigests: false,
        slotOrder: false,
        replyPerDigest: false,
        compareExecuted: false,
        checksum: false,
      };

/** Who was accused by whom, and who is out. The same book in file server and monitor. */
export class FlagBook {
  readonly flagged = new Set<ReplicaId>();
  readonly #accusers = new Map<ReplicaId, Set<ReplicaId>>();
  readonly #needed: number;

  constructor(needed: number) {
    this.#needed = needed;
  }

  /** True when this notice is the one that counts. */
  notice(from: ReplicaId, accused: ReplicaId): boolean {
    if (from === accused || this.flagged.has(from) || this.flagged.has(accused)) return false;
    const accusers = this.#accusers.get(accused) ?? new Set();
    accusers.add(from);
    this.#accusers.set(accused, accusers);
    const counting = [...accusers].filter((accuser) => !this.flagged.has(accuser));
    if (counting.length < this.#needed) return false;
    this.flagged.add(accused);
    return true;
  }
}

/** The digests of one slot and its outcome. */
export class Slot {
  readonly digests = new Map<ReplicaId, number>();
  readonly answered = new Set<ReplicaId>();

  /** The first digest of a replica counts; a retransmission changes nothing. */
  record(from: ReplicaId, digest: number): void {
    if (!this.digests.has(from)) this.digests.set(from, digest);
  }

  /** The digest that `needed` unflagged replicas sent, if any. */
  quorum(needed: number, flagged: ReadonlySet<ReplicaId>): number | undefined {
    const counts = new Map<number, number>();
    for (const [replica, digest] of this.digests) {
      if (flagged.has(replica)) continue;
      const count = (counts.get(digest) ?? 0) + 1;
      if (count >= needed) return digest;
      counts.set(digest, count);
    }
    return undefined;
  }

  /** All of these have sent, and no quorum was reached. */
  isHopeless(
    needed: number,
    unflagged: readonly ReplicaId[],
    flagged: ReadonlySet<ReplicaId>,
  ): boolean {
    return (
      unflagged.every((replica) => this.digests.has(replica)) &&
      this.quorum(needed, flagged) === undefined
    );
  }
}
