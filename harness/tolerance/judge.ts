/**
 * P1 to P5 of DESIGN.md 4 on the record of a trial with a single fault: what its kind promises under
 * `agreed`, against what happened. Knows the record alone, and never the injector's own hopes.
 */
import {
  definitionOf,
  durationMs,
  faultyReplica,
  isFiniteDelay,
  type ResolvedFault,
} from '../../faults/fault-spec.ts';
import type { Expectation } from '../../faults/kinds/define.ts';
import { requireResolved } from '../../faults/resolve.ts';
import { parseFault } from '../../faults/text.ts';
import { defaultLinkDelayMs } from '../../tmr/core/bounds.ts';
import { goneReplicas } from '../trial-record.ts';
import type { TrialRecord } from '../types.ts';

export interface Finding {
  /** `unknown`: the machine did not keep the assumption on which the property rests. */
  verdict: 'violated' | 'unknown';
  property: 'P1' | 'P2' | 'P3' | 'P4' | 'P5';
  text: string;
}

export interface JudgeOptions {
  /** Of the golden run, the exit's; else that of the trial itself. */
  lastRendezvous?: number;
  /** Flags for delays that T must tolerate are judged, or are what the experiment measures. */
  shortDelays: 'judged' | 'measured';
}

/** An empty list: all hold. A trial that failed for reasons of the harness has no judgement. */
export function judgeSingleFault(record: TrialRecord, options: JudgeOptions): Finding[] {
  const fault = requireResolved(parseFault(record.faultSpec));
  const faulty = record.injected === false ? null : faultyReplica(fault);
  const found: Finding[] = [];
  const outside = isTooSlowForTimeout(record);
  const load = outside ? `, T too short for this machine at load ${record.loadAverage}` : '';
  const why = record.reason === null ? '' : ` (${record.reason})`;
  const violated = (property: Finding['property'], text: string): void => {
    const verdict = outside ? 'unknown' : 'violated';
    found.push({ verdict, property, text: `${text}${load}${why}` });
  };
  const { outcome, flagged } = record;
  if (outcome === 'sdc') violated('P1', 'output or volume differ from the golden run');
  if (outcome === 'crash') violated('P1', 'the service crashed');
  if (outcome === 'detected-stopped') violated('P1', 'a single fault stopped the session');
  if (outcome === 'hang') violated('P5', 'the session did not end');
  const lost = goneReplicas(record).filter((replica) => replica !== faulty);
  if (lost.length > 0) violated('P2', `healthy replica ${lost.join(' and ')} was lost`);
  const expected = expectationOf(fault, record, options);
  if (faulty !== null && expected === 'never' && flagged.includes(faulty)) {
    violated('P2', `replica ${faulty} was flagged for a fault that T tolerates`);
  }
  if (faulty !== null && expected === 'must') {
    if (!flagged.includes(faulty) && outcome !== 'hang') {
      violated('P3', `replica ${faulty} was not flagged`);
    }
    const late = beyondBound(record);
    if (late !== null) found.push({ ...late, property: 'P3' });
  }
  if (record.flagsApart.length > 0) {
    const who = record.flagsApart.join(' and ');
    violated('P4', `monitor and file server disagree on replica ${who}`);
  }
  return found;
}

/** The kind's word, unless the fault never showed, was too short, or came when nothing is voted any more. */
function expectationOf(
  fault: ResolvedFault,
  { activated, timeoutMs, rendezvous }: TrialRecord,
  { lastRendezvous = (rendezvous ?? Infinity) - 1, shortDelays }: JudgeOptions,
): Expectation {
  if (fault.kind === 'none') return 'never';
  const [kind, values] = definitionOf(fault);
  const expected = kind.flag(values);
  if (activated !== true) return expected === 'must' ? 'may' : expected;
  // At the exit its tracer casts a dead replica's vote: nothing more is asked of the replica.
  const isVotedOn =
    !('phase' in fault) ||
    (!/^(after-vote|before-effect)$/.test(fault.phase) &&
      !(fault.kind === 'replica-kill' && fault.process === 'replica'));
  if (fault.at.k >= lastRendezvous && !isVotedOn) return 'may';
  // The part of T that skew and messages leave (protocol.md 1).
  const ms = durationMs(fault);
  const isShort = isFiniteDelay(fault) && ms !== null && ms < timeoutMs / 2;
  return isShort && shortDelays === 'judged' ? 'never' : expected;
}

/** Null within the bound, or where there is none. */
function beyondBound(record: TrialRecord): Omit<Finding, 'property'> | null {
  const { boundMs, detectionLatencyNs, timeoutMs, skewMaxMs, outcome } = record;
  if (boundMs === null || detectionLatencyNs === null || outcome !== 'detected-masked') return null;
  // A vote that came early waits for the healthy ones as long as the program goes on without a call.
  const waitMs = /^(early-vote|rogue-tracer)$/.test(record.fault) ? (record.burstMaxMs ?? 0) : 0;
  const latencyMs = detectionLatencyNs / 1e6 - waitMs;
  if (latencyMs <= boundMs) return null;
  const text = `flagged after ${Math.round(latencyMs)} ms, the stated bound is ${boundMs} ms`;
  // The bound holds for messages within d; a measured d beyond it is no verdict (STYLE.md).
  const noticesMs = noticeDelayMs(record);
  if (noticesMs > defaultLinkDelayMs(timeoutMs)) {
    const beyond = `${text}, but the notices took ${Math.round(noticesMs)} ms, more than d`;
    return { verdict: 'unknown', text: beyond };
  }
  // It counts from the healthy votes, the latency from the injection: the healthy were that far apart.
  if (skewMaxMs !== null && latencyMs - skewMaxMs <= boundMs) {
    const apart = `${text}, but healthy replicas were ${Math.round(skewMaxMs)} ms apart`;
    return { verdict: 'unknown', text: apart };
  }
  return { verdict: 'violated', text };
}

/** From the replicas' going on, their notices sent, to the monitor's second notice; 0 when not known. */
export function noticeDelayMs({ resumeNs, quorumNs }: TrialRecord): number {
  return resumeNs === null || quorumNs === null ? 0 : (quorumNs - resumeNs) / 1e6;
}

/**
 * A healthy replica that missed T was more than T behind: S + d < T of protocol.md 1 did not hold,
 * the machine was too slow for the time-out. The session cannot measure the skew of a vote that it no
 * longer waited for; drifts of a tenth of T elsewhere in the run make it plausible, and without them
 * it is no excuse. A stop or a fence needs the drift of T/2 at which the session itself warns, and a drawn
 * delay is no drift of the machine's.
 */
export function isTooSlowForTimeout(record: TrialRecord): boolean {
  const { delayMs, outcome, mechanism, skewMaxMs, timeoutMs } = record;
  if (outcome === 'wrong-flagged' && mechanism === 'time-out') {
    return skewMaxMs === null || skewMaxMs >= timeoutMs / 10;
  }
  const stopped = outcome === 'detected-stopped' || outcome === 'degraded';
  if (!stopped || delayMs !== null) return false;
  return skewMaxMs !== null && skewMaxMs >= timeoutMs / 2;
}
