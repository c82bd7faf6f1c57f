/** Who is flagged, and by which notices (protocol.md R12, R15; `paper`: 3b). */
import type { Policy, ReplicaId } from '../../core/types.ts';
import type { FlagArgs, Notice } from '../protocol/private-program.ts';

export type NoticeOutcome =
  /** The accused is out, by this notice or an earlier one. */
  | { kind: 'counted' }
  | { kind: 'not-counted' }
  /** In duplex nobody can say who is right (R15). */
  | { kind: 'stop'; reason: string }
  | { kind: 'invalid'; reason: string };

/** Equal notices of other replicas that flag one: two, of three. */
const NOTICES_NEEDED = 2;

export class Membership {
  readonly notices: Notice[] = [];
  readonly #started: number;
  readonly #policy: Policy;
  readonly #flagged = new Map<ReplicaId, { tIsolatedNs: number }>();

  constructor(started: number, policy: Policy) {
    this.#started = started;
    this.#policy = policy;
  }

  isUnflagged(replica: ReplicaId): boolean {
    return this.isReplica(replica) && !this.#flagged.has(replica);
  }

  isFlagged(replica: ReplicaId): boolean {
    return this.#flagged.has(replica);
  }

  isReplica(replica: ReplicaId): boolean {
    return Number.isInteger(replica) && replica >= 1 && replica <= this.#started;
  }

  flags(): { accused: ReplicaId; tIsolatedNs: number }[] {
    return [...this.#flagged].map(([accused, { tIsolatedNs }]) => ({ accused, tIsolatedNs }));
  }

  /** A notice of an authenticated, unflagged replica. A repeated one counts once. */
  notice(accuser: ReplicaId, flag: FlagArgs, tNs: number): NoticeOutcome {
    const invalid = this.#refuse(accuser, flag.accused);
    if (invalid !== undefined) return { kind: 'invalid', reason: invalid };
    const { accused, mechanism, stream, k } = flag;
    if (this.#flagged.has(accused)) return { kind: 'counted' };
    const known = this.notices.some((n) => n.accuser === accuser && n.accused === accused);
    if (!known) {
      this.notices.push({ accuser, accused, counted: false, tNs, mechanism, stream, k });
    }
    if (this.#policy === 'agreed' && this.#members() <= 2) {
      return { kind: 'stop', reason: 'notice in duplex' };
    }
    const against = this.notices.filter(
      (n) => n.accused === accused && this.isUnflagged(n.accuser),
    );
    if (against.length < (this.#policy === 'paper' ? 1 : NOTICES_NEEDED)) {
      return { kind: 'not-counted' };
    }
    for (const each of against) each.counted = true;
    this.#flagged.set(accused, { tIsolatedNs: tNs });
    return { kind: 'counted' };
  }

  #refuse(accuser: ReplicaId, accused: ReplicaId): string | undefined {
    if (!this.isReplica(accused)) {
      return `expected an accused replica of 1 to ${this.#started}, got ${accused}`;
    }
    if (accuser === accused) return `expected another replica, got a notice about itself`;
    return undefined;
  }

  #members(): number {
    return this.#started - this.#flagged.size;
  }
}
