import { faultyReplica } from '../../faults/fault-spec.ts';
import { parseFault } from '../../faults/text.ts';
import { goneReplicas } from '../../harness/trial-record.ts';
import type { TrialRecord } from '../../harness/types.ts';

/** tmr's own exit status when it stops safely. No workload ends with it. */
const STOPPED = 125;

/**
 * What became of service and healthy replicas, coarser than an outcome: the first that fits, from below.
 * Null in `fateOf`: the harness failed, or no fault became visible.
 */
export const fates = [
  /** Output, volume and exit status as in the golden run; no healthy replica flagged, fenced or left behind. */
  'survived',
  /** Service as in the golden run, but a healthy replica is gone. */
  'healthy-lost',
  /** An error was reported and nothing wrong got out. */
  'stopped',
  'crash',
  'hang',
  /** Something else than in the golden run got out. */
  'wrong-output',
] as const;
export type Fate = (typeof fates)[number];

export function fateOf(record: TrialRecord): Fate | null {
  const { outcome, exitStatus } = record;
  switch (outcome) {
    case 'harness-error':
    case 'not-activated':
      return null;
    case 'sdc':
      return 'wrong-output';
    case 'hang':
    case 'crash':
      return outcome;
    default:
      if (exitStatus === STOPPED) return 'stopped';
      return healthyLost(record).length > 0 ? 'healthy-lost' : 'survived';
  }
}

/** Replicas without a fault of their own that were flagged, fenced themselves or were left behind. */
export function healthyLost(record: TrialRecord): number[] {
  const { injected, faultSpec, second } = record;
  const acted = [
    ...(injected === true ? [faultSpec] : []),
    ...(second?.injected === true ? [second.faultSpec] : []),
  ];
  const faulty = acted.map((text) => faultyReplica(parseFault(text)));
  return goneReplicas(record).filter((replica) => !faulty.includes(replica));
}
