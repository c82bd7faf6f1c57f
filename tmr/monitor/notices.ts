/**
 * Who is out (R6, R12, R13, R15). Under `agreed` a flag counts when two replicas that are not out,
 * other than the accused, sent it; under `paper` the first does. Sans-IO.
 */
import type { Mechanism, Policy, ReplicaId } from '../core/types.ts';

export interface Notice {
  accuser: ReplicaId;
  accused: ReplicaId;
  stream: number;
  /** Rendezvous number. */
  k: number;
  mechanism: Mechanism;
  /** On the accuser's CLOCK_MONOTONIC. */
  tFirstSuspicionNs: number;
  /** NaN when there was no second arrival. */
  tSecondArrivalNs: number;
}

export interface RecordedNotice extends Notice {
  /** It took part in a flag. */
  counted: boolean;
  /** When the monitor had it, CLOCK_MONOTONIC. */
  tNs: number;
}

export type NoticeDecision =
  | { type: 'none' }
  | { type: 'flag'; accused: ReplicaId; notices: RecordedNotice[] }
  /** R15: two members, and one accuses the other. Nobody is flagged; the session ends. */
  | { type: 'duplex' };

export class NoticeBook {
  readonly #policy: Policy;
  readonly #replicas: readonly ReplicaId[];
  readonly #members: Set<ReplicaId>;
  readonly #notices: RecordedNotice[] = [];

  constructor(replicas: readonly ReplicaId[], policy: Policy) {
    this.#policy = policy;
    this.#replicas = replicas;
    this.#members = new Set(replicas);
  }

  /** Notices in order of arrival, ignored ones too: one of each replica about each. */
  get notices(): readonly RecordedNotice[] {
    return this.#notices;
  }

  /** Not flagged. */
  get members(): readonly ReplicaId[] {
    return [...this.#members];
  }

  add(notice: Notice, tNs: number): NoticeDecision {
    // There is no end of those that a faulty tracer can name.
    if (!this.#replicas.includes(notice.accused)) return { type: 'none' };
    const recorded: RecordedNotice = { ...notice, counted: false, tNs };
    const again = this.#notices.some((n) => same(n, notice));
    if (!again) this.#notices.push(recorded);
    const { accuser, accused } = notice;
    const valid =
      accuser !== accused && this.#members.has(accuser) && this.#members.has(accused) && !again;
    if (!valid) return { type: 'none' };
    if (this.#policy === 'paper') return this.#flag(accused, [recorded]);
    if (this.#members.size === 2) return { type: 'duplex' };
    const supporting = this.#notices.filter(
      (n) => n.accused === accused && n.accuser !== accused && this.#members.has(n.accuser),
    );
    return supporting.length >= 2 ? this.#flag(accused, supporting) : { type: 'none' };
  }

  #flag(accused: ReplicaId, notices: RecordedNotice[]): NoticeDecision {
    for (const notice of notices) notice.counted = true;
    this.#members.delete(accused);
    return { type: 'flag', accused, notices };
  }
}

/** Notices count once per replica, whatever its connections. */
function same(a: Notice, b: Notice): boolean {
  return a.accuser === b.accuser && a.accused === b.accused;
}
