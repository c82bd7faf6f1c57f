/** What happened in a session, as the monitor saw it: the raw material of the report. */
import type { Mechanism, ReplicaId } from '../core/types.ts';
import type { SessionStatistics, ToMonitor } from '../wire/messages.ts';
import type { RecordedNotice } from './notices.ts';

export type Outcome = 'completed' | 'stopped' | 'failed-to-start' | 'interrupted';

/** How the monitor is to end: as the program did, or 125. */
export type Exit = { status: number } | { signal: number };

export interface SessionResult {
  outcome: Outcome;
  /** Empty when completed. */
  reason: string;
  exit: Exit;
}

export interface FlagFact {
  replica: ReplicaId;
  stream: number;
  /** Rendezvous number. */
  k: number;
  mechanism: Mechanism;
  accusers: ReplicaId[];
  /** On the accusers' CLOCK_MONOTONIC, ns; NaN when unknown. */
  tFirstSuspicionNs: number;
  tSecondArrivalNs: number;
  tQuorumNs: number;
}

/** What the notices that made up a flag say together; there is at least one. */
export function flagFact(
  notices: readonly RecordedNotice[],
  mechanism: Mechanism,
  tQuorumNs: number,
): FlagFact {
  const { accused, stream, k } = notices[0] as RecordedNotice;
  return {
    replica: accused,
    stream,
    k,
    mechanism,
    accusers: notices.map(({ accuser }) => accuser).toSorted((a, b) => a - b),
    tFirstSuspicionNs: earliest(notices.map(({ tFirstSuspicionNs }) => tFirstSuspicionNs)),
    tSecondArrivalNs: earliest(notices.map(({ tSecondArrivalNs }) => tSecondArrivalNs)),
    tQuorumNs,
  };
}

function earliest(times: readonly number[]): number {
  const known = times.filter((time) => Number.isFinite(time));
  return known.length === 0 ? NaN : Math.min(...known);
}

export interface RefusedFact {
  kind: 'call' | 'path';
  what: string;
  errno: string;
  count: number;
}

export class SessionFacts {
  readonly flags: FlagFact[] = [];
  readonly fences: { replica: ReplicaId; reason: string }[] = [];
  readonly statistics = new Map<ReplicaId, SessionStatistics>();
  /** Frames of a replica's monitor link whose checksum failed. */
  readonly corruptFrames = new Map<ReplicaId, number>();
  /** Notices, filled when the session ends. */
  notices: readonly RecordedNotice[] = [];
  /** Largest rendezvous number that a replica told of. */
  rendezvous = 0;
  /** When the first word of a lost trusted party came; NaN when none did. */
  tFirstLostNs = NaN;
  /** A trusted party was lost for all, not for one tracer alone, whose own fault that would be. */
  trustedLost = false;
  readonly #refused = new Map<string, Map<ReplicaId, RefusedFact>>();

  refuse(replica: ReplicaId, kind: 'call' | 'path', what: string, errno: string): void {
    const key = `${kind} ${errno} ${what}`;
    const byReplica = this.#refused.get(key) ?? new Map<ReplicaId, RefusedFact>();
    this.#refused.set(key, byReplica);
    const fact = byReplica.get(replica) ?? { kind, what, errno, count: 0 };
    fact.count++;
    byReplica.set(replica, fact);
  }

  /** Refusals as the program had them: each replica tells its own, so the largest count is taken. */
  get refused(): RefusedFact[] {
    return [...this.#refused.values()].map((byReplica) =>
      [...byReplica.values()].reduce((a, b) => (b.count > a.count ? b : a)),
    );
  }

  /** What the report needs of a tracer that leaves, whether it was let go or cut off. */
  lastWords(replica: ReplicaId, message: ToMonitor): void {
    if (message.type === 'fenced' && !this.fences.some((fence) => fence.replica === replica)) {
      this.fences.push({ replica, reason: message.reason });
    }
    if (message.type === 'statistics') {
      this.statistics.set(replica, message.json);
      this.rendezvous = Math.max(this.rendezvous, message.json.rendezvous);
    }
  }

  corrupt(replica: ReplicaId): void {
    this.corruptFrames.set(replica, (this.corruptFrames.get(replica) ?? 0) + 1);
  }
}
