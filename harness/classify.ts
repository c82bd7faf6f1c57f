/**
 * The outcome of a trial from its evidence alone: a pure function (research/campaigns.md 4.3,
 * DESIGN.md 7). Where several classes would fit the most severe is taken, in the order of `outcomes`
 * in types.ts, but a fault that never acted hides nothing: a trial without an active fault is
 * `not-activated` only when all else is well.
 */
import type { ReplicaId } from '../tmr/core/types.ts';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import type { Outcome } from './types.ts';

/** How the service ended. */
export type ServiceEnd =
  /** As the program did; tmr reported no error. */
  | { type: 'completed' }
  /** tmr stopped safely, with an error and exit 125. */
  | { type: 'stopped'; reason: string }
  /** The trial's time limit passed. */
  | { type: 'hang'; limitMs: number }
  /** A signal or an internal error ended tmr itself, or it left no report. */
  | { type: 'crash'; reason: string };

export interface ActedFault {
  kind: FaultKindName;
  /** Late for a time, and never wrong. */
  finiteDelay: boolean;
  /** The replica that may rightly be lost; null for none and for a fault of a link. */
  faultyReplica: ReplicaId | null;
  /** All true for kind `none`. */
  injected: boolean;
  effective: boolean;
  activated: boolean;
}

export interface Evidence {
  /** What failed in the harness, or null. */
  harnessError: string | null;
  faults: readonly ActedFault[];
  end: ServiceEnd;
  /** How output, exit status and volume differ from the golden run; empty when they do not. */
  differences: readonly string[];
  /** Bytes got out that the golden run has not: not even a prefix of its output. */
  wrongOutput: boolean;
  /** Replicas with a flag that counted, in order. */
  flagged: readonly ReplicaId[];
  /** Replicas that fenced themselves or ended without having been flagged. */
  lost: readonly ReplicaId[];
}

export interface Verdict {
  outcome: Outcome;
  /** One sentence; null where the class says all. */
  reason: string | null;
}

export function classify(evidence: Evidence): Verdict {
  const { harnessError } = evidence;
  if (harnessError !== null) return { outcome: 'harness-error', reason: harnessError };
  const verdict = classifyService(evidence);
  const inactive = evidence.faults.map(inactivity).find((why) => why !== null) ?? null;
  if (inactive === null) return verdict;
  if (verdict.outcome === 'masked') return { outcome: 'not-activated', reason: inactive };
  return { ...verdict, reason: [inactive, verdict.reason].filter(Boolean).join('; ') };
}

function classifyService(evidence: Evidence): Verdict {
  const { end, differences, flagged, lost } = evidence;
  // Where the injector never acted, no replica has a fault.
  const acted = evidence.faults.filter(({ injected }) => injected);
  const faultsOf = (replica: ReplicaId): ActedFault[] =>
    acted.filter(({ faultyReplica }) => faultyReplica === replica);
  if (evidence.wrongOutput || (end.type === 'completed' && differences.length > 0)) {
    return { outcome: 'sdc', reason: differences.join('; ') };
  }
  if (end.type === 'hang') return { outcome: 'hang', reason: `no end within ${end.limitMs} ms` };
  if (end.type === 'crash') return { outcome: 'crash', reason: end.reason };
  const healthy = flagged.filter((replica) => faultsOf(replica).length === 0);
  if (healthy.length > 0) {
    return { outcome: 'wrong-flagged', reason: `${named(healthy)} without a fault flagged` };
  }
  const late = flagged.filter((replica) =>
    faultsOf(replica).every(({ finiteDelay }) => finiteDelay),
  );
  if (late.length > 0) {
    return { outcome: 'late-flagged', reason: `${named(late)} was only late` };
  }
  if (end.type === 'stopped') return { outcome: 'detected-stopped', reason: end.reason };
  if (flagged.length > 0) return { outcome: 'detected-masked', reason: null };
  if (lost.length > 0) {
    return { outcome: 'degraded', reason: `${named(lost)} lost without a flag` };
  }
  return { outcome: 'masked', reason: null };
}

/** Why the fault cannot have mattered, or null when it was active. */
function inactivity(fault: ActedFault): string | null {
  if (fault.kind === 'none') return null;
  if (!fault.injected) return 'the trigger was not reached';
  if (!fault.effective) return 'the injection had no effect';
  if (!fault.activated) return 'the fault did not become visible';
  return null;
}

function named(replicas: readonly ReplicaId[]): string {
  return `replica${replicas.length > 1 ? 's' : ''} ${replicas.join(' and ')}`;
}
