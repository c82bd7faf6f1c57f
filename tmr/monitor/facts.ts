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

type Refusal = Omit<RefusedFact, 'count'> & { counts: Map<ReplicaId, number> };

/**
 * Refusals of one replica that no other has told of yet. A healthy one is a rendezvous ahead at
 * most and has next to none; a faulty tracer may make up any number, which would never count.
 */
const LONE_REFUSALS_MAX = 256;

export class SessionFacts {
  readonly flags: FlagFact[] = [];
  readonly fences: { replica: ReplicaId; reason: string }[] = [];
  /** Of a completed session: neither flagged nor fenced, and not at the program's end. */
  readonly lost: { replica: ReplicaId; reason: string }[] = [];
  readonly statistics = new Map<ReplicaId, SessionStatistics>();
  /** Frames of a replica's monitor link whose checksum failed. */
  readonly corruptFrames = new Map<ReplicaId, number>();
  /** Notices, filled when the session ends. */
  notices: readonly RecordedNotice[] = [];
  /** When the first word of a lost trusted party came; NaN when none did. */
  tFirstLostNs = NaN;
  /** A trusted party was lost for all, not for one tracer alone, whose own fault that would be. */
  trustedLost = false;
  readonly #replicas: number;
  /** Of each replica, the largest rendezvous number that it told of. */
  readonly #reached = new Map<ReplicaId, number>();
  readonly #refused = new Map<string, Refusal>();
  /** Of each replica, how many refusals it alone has told of. */
  readonly #lone = new Map<ReplicaId, number>();

  /** `replicas`: how many were started. */
  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  refuse(replica: ReplicaId, kind: 'call' | 'path', what: string, errno: string): void {
    const key = `${kind} ${errno} ${what}`;
    const refusal = this.#refused.get(key) ?? { kind, what, errno, counts: new Map() };
    const { counts } = refusal;
    if (counts.size === 0) {
      if (!this.#addLone(replica, 1)) return;
      this.#refused.set(key, refusal);
    } else if (counts.size === 1 && !counts.has(replica)) {
      for (const first of counts.keys()) this.#addLone(first, -1);
    }
    counts.set(replica, (counts.get(replica) ?? 0) + 1);
  }

  /** Refusals as the program had them, as often as two replicas told of them: one may be lying. */
  get refused(): RefusedFact[] {
    const needed = Math.min(2, this.#replicas);
    return [...this.#refused.values()].flatMap(({ counts, ...what }) => {
      const count = [...counts.values()].toSorted((a, b) => b - a)[needed - 1];
      return count === undefined ? [] : [{ ...what, count }];
    });
  }

  /** What the report needs of a tracer that leaves, whether it was let go or cut off. */
  lastWords(replica: ReplicaId, message: ToMonitor): void {
    if (message.type === 'fenced' && !this.fences.some((fence) => fence.replica === replica)) {
      this.fences.push({ replica, reason: message.reason });
    }
    if (message.type === 'statistics') {
      this.statistics.set(replica, message.json);
      this.reach(replica, message.json.rendezvous);
    }
  }

  reach(replica: ReplicaId, rendezvous: number): void {
    this.#reached.set(replica, Math.max(this.#reached.get(replica) ?? 0, rendezvous));
  }

  /** How far two replicas came, or the only one that told: one of several may be lying. */
  get rendezvous(): number {
    return secondOrOnly(this.#reached.values(), (rendezvous) => rendezvous) ?? 0;
  }

  corrupt(replica: ReplicaId): void {
    this.corruptFrames.set(replica, (this.corruptFrames.get(replica) ?? 0) + 1);
  }

  /** False when there is room for no more; a lone replica's own are as many as its program makes. */
  #addLone(replica: ReplicaId, change: 1 | -1): boolean {
    const count = (this.#lone.get(replica) ?? 0) + change;
    if (count > LONE_REFUSALS_MAX && this.#replicas > 1) return false;
    this.#lone.set(replica, count);
    return true;
  }
}

/** The second largest of what replicas told, or the only one: the largest may be one tracer's lie. */
export function secondOrOnly<T>(told: Iterable<T>, size: (each: T) => number): T | undefined {
  const sorted = [...told].toSorted((a, b) => size(b) - size(a));
  return sorted[Math.min(2, sorted.length) - 1];
}
