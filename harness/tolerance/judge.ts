/**
 * P1 to P5 of DESIGN.md 4 on the record of a trial with a single fault: what its kind promises under
 * `agreed`, against what happened. Knows the record alone, and never the injector's own hopes.
 */
import {
  definitionOf,
  durationMs,
  faultyReplica,
  provokesDispute,
} from '../../faults/fault-spec.ts';
import type { Expectation } from '../../faults/kinds/define.ts';
import { defaultLinkDelayMs } from '../../tmr/core/bounds.ts';
import { requireResolved } from '../../faults/resolve.ts';
import { parseFault } from '../../faults/text.ts';
import type { ResolvedFault } from '../../faults/fault-spec.ts';
import type { TrialRecord } from '../types.ts';

export type Property = 'P1' | 'P2' | 'P3' | 'P4' | 'P5';

export interface Judgement {
  /** An empty list: all hold. */
  violations: { property: Property; text: string }[];
  /** Why a bound could not be judged: the machine did not keep the assumption that it rests on. */
  unknown: string | null;
}

/** `lastRendezvous`: of the golden run, the exit's. */
export function judgeSingleFault(record: TrialRecord, lastRendezvous: number): Judgement {
  const fault = requireResolved(parseFault(record.faultSpec));
  const faulty = record.injected === false ? null : faultyReplica(fault);
  const violations: Judgement['violations'] = [];
  const violated = (property: Property, text: string): void => {
    violations.push({
      property,
      text: record.reason === null ? text : `${text} (${record.reason})`,
    });
  };
  const { outcome, flagged, fenced } = record;
  if (outcome === 'sdc') violated('P1', 'output or volume differ from the golden run');
  if (outcome === 'crash') violated('P1', 'the service crashed');
  if (outcome === 'detected-stopped') violated('P1', 'a single fault stopped the session');
  if (outcome === 'hang') violated('P5', 'the session did not end');
  for (const replica of new Set([...flagged, ...fenced])) {
    if (replica !== faulty)
      violated('P2', `healthy replica ${replica} was flagged or fenced itself`);
  }
  const expected = expectationOf(fault, record, lastRendezvous);
  if (expected === 'never' && faulty !== null && flagged.includes(faulty)) {
    violated('P2', `replica ${faulty} was flagged for a fault that is none of its votes'`);
  }
  if (expected === 'must' && faulty !== null && !flagged.includes(faulty) && hasEnded(record)) {
    violated('P3', `replica ${faulty} was not flagged`);
  }
  if (record.flagsApart.length > 0) {
    violated(
      'P4',
      `monitor and file server disagree on replica ${record.flagsApart.join(' and ')}`,
    );
  }
  const late = expected === 'must' ? beyondBound(record) : null;
  if (late !== null && late.isViolation) violated('P3', late.text);
  return { violations, unknown: late !== null && !late.isViolation ? late.text : null };
}

/** The kind's word, unless the fault never showed, was too short, or came when nothing is voted any more. */
function expectationOf(
  fault: ResolvedFault,
  { activated, timeoutMs }: TrialRecord,
  lastRendezvous: number,
): Expectation {
  if (fault.kind === 'none') return 'never';
  const [kind, values] = definitionOf(fault);
  const expected = kind.flag(values);
  if (activated !== true) return expected === 'must' ? 'may' : expected;
  const isVotedOn = !('phase' in fault) || !/^(after-vote|before-effect)$/.test(fault.phase);
  if (fault.at.k >= lastRendezvous && !isVotedOn) return 'may';
  // The tolerated part of T that skew and messages take (protocol.md 1).
  const ms = durationMs(fault);
  // A wrong vote of a tracer is flagged whatever follows it; one on a link is vouched for.
  if (provokesDispute(fault)) return faultyReplica(fault) === null ? 'never' : 'must';
  if (kind.finiteDelay === true && ms !== null && ms < timeoutMs / 2) return 'never';
  return expected;
}

function hasEnded({ outcome }: TrialRecord): boolean {
  return outcome !== 'hang' && outcome !== 'harness-error';
}

/** Null within the bound, or where there is none. */
function beyondBound(record: TrialRecord): { text: string; isViolation: boolean } | null {
  const { boundMs, detectionLatencyNs, resumeNs, quorumNs, timeoutMs, skewMaxMs } = record;
  if (boundMs === null || detectionLatencyNs === null) return null;
  const latencyMs = detectionLatencyNs / 1e6;
  if (latencyMs <= boundMs) return null;
  const text = `flagged after ${Math.round(latencyMs)} ms, the stated bound is ${boundMs} ms`;
  // From the replicas' going on, their notices sent, to the monitor's second notice.
  const noticesMs = resumeNs === null || quorumNs === null ? 0 : (quorumNs - resumeNs) / 1e6;
  const dMs = defaultLinkDelayMs(timeoutMs);
  if (noticesMs > dMs) {
    return {
      text: `${text}, but the notices took ${Math.round(noticesMs)} ms, more than d`,
      isViolation: false,
    };
  }
  // The bound counts from the healthy votes, the latency from the injection: healthy replicas were late.
  if (skewMaxMs !== null && latencyMs - skewMaxMs <= boundMs) {
    return {
      text: `${text}, but healthy replicas were ${Math.round(skewMaxMs)} ms apart`,
      isViolation: false,
    };
  }
  return { text, isViolation: true };
}
