import { definitionOf } from '../faults/fault-spec.ts';
import { parseFault } from '../faults/text.ts';
import type { TrialRecord } from '../harness/types.ts';
import { defaultLinkDelayMs } from '../tmr/core/bounds.ts';
import type { CheckResult, Finding, Verdict } from './types.ts';

/** More trials than this share that cannot be judged, and nothing is claimed. */
const unknownAllowed = 0.05;

/**
 * Judges a sweep by P1-P3 and P5 of DESIGN.md 4, which bind `--policy agreed`. Trials under `paper`
 * are measured, not judged: that policy is known to break some of them. A late flag is what the
 * sweep measures, and no violation.
 */
export function checkTimeoutSweep(records: readonly TrialRecord[], planned: number): CheckResult {
  const findings: Finding[] = [];
  const harnessErrors = records.filter((record) => record.outcome === 'harness-error');
  const judged = records.filter(
    (record) => record.policy === 'agreed' && record.outcome !== 'harness-error',
  );
  for (const record of judged) findings.push(...judge(record));
  if (records.length < planned) {
    const text = `${records.length} of ${planned} planned trials were run`;
    findings.push({ verdict: 'unknown', property: 'harness', trial: null, text });
  }
  if (harnessErrors.length > planned * unknownAllowed) {
    const text = `${harnessErrors.length} of ${planned} trials failed for reasons of the machine or the harness; the first: ${harnessErrors[0]?.reason ?? 'no reason given'}`;
    findings.push({ verdict: 'unknown', property: 'harness', trial: null, text });
  }
  if (judged.length === 0 && records.every((record) => record.policy === 'agreed')) {
    const text = 'no trial could be judged';
    findings.push({ verdict: 'unknown', property: 'harness', trial: null, text });
  }
  return { verdict: verdictOf(findings, judged.length), judged: judged.length, findings };
}

/** Single trials outside the fault hypothesis are told, and only too many of them count. */
export function verdictOf(findings: readonly Finding[], judged: number): Verdict {
  if (findings.some((finding) => finding.verdict === 'violated')) return 'violated';
  const outside = new Set(findings.flatMap(({ trial }) => (trial === null ? [] : [trial]))).size;
  const general = findings.some(({ trial }) => trial === null);
  return general || outside > judged * unknownAllowed ? 'unknown' : 'holds';
}

function judge(record: TrialRecord): Finding[] {
  const found: Finding[] = [];
  const violated = (property: string, text: string): void => {
    const why = record.reason === null ? '' : ` (${record.reason})`;
    const outside = isTooSlowForTimeout(record);
    const load = outside ? `, T too short for this machine at load ${record.loadAverage}` : '';
    found.push({
      verdict: outside ? 'unknown' : 'violated',
      property,
      trial: record.trial,
      text: `${text}${load}${why}`,
    });
  };
  if (record.outcome === 'sdc') violated('P1', 'output or volume differ from the golden run');
  if (record.outcome === 'detected-stopped') violated('P1', 'a single fault stopped the session');
  if (record.outcome === 'crash') violated('P1', 'the service crashed');
  if (record.outcome === 'wrong-flagged') violated('P2', 'a healthy replica was flagged');
  if (record.outcome === 'hang') violated('P5', 'the session did not end');
  if (mustBeFlagged(record) && record.outcome === 'masked') {
    violated('P3', 'the faulty replica was not flagged');
  }
  if (record.outcome === 'detected-masked' && beyondBound(record)) {
    const ms = Math.round((record.detectionLatencyNs ?? 0) / 1e6);
    const text = `flagged after ${ms} ms, the stated bound is ${record.boundMs} ms`;
    const delayMs = noticeDelayMs(record);
    // The bound holds for messages within d; a measured d beyond it is no verdict (STYLE.md).
    if (delayMs > defaultLinkDelayMs(record.timeoutMs)) {
      const why = `${text}, but the notices took ${Math.round(delayMs)} ms, more than d`;
      found.push({ verdict: 'unknown', property: 'P3', trial: record.trial, text: why });
    } else {
      violated('P3', text);
    }
  }
  return found;
}

/** From the replicas' going on, their notices sent, to the monitor's second notice; 0 when not known. */
export function noticeDelayMs({ resumeNs, quorumNs }: TrialRecord): number {
  return resumeNs === null || quorumNs === null ? 0 : (quorumNs - resumeNs) / 1e6;
}

/** Its kind says so, and it became visible. */
function mustBeFlagged(record: TrialRecord): boolean {
  if (record.activated !== true) return false;
  const fault = parseFault(record.faultSpec);
  if (fault.kind === 'none') return false;
  const [kind, values] = definitionOf(fault);
  return kind.flag(values) === 'must';
}

/**
 * The bound counts from the healthy votes. A vote that came early waits for them as long as the program goes
 * on without a call.
 */
function beyondBound({ fault, boundMs, burstMaxMs, detectionLatencyNs }: TrialRecord): boolean {
  if (boundMs === null || detectionLatencyNs === null) return false;
  const waitMs = fault === 'early-vote' ? (burstMaxMs ?? 0) : 0;
  return detectionLatencyNs > (boundMs + waitMs) * 1e6;
}

/**
 * A healthy replica that missed T was more than T behind: S + d < T of protocol.md 1 did not hold,
 * the machine was too slow for the time-out. The session cannot measure the skew of a vote that it no
 * longer waited for; drifts of a tenth of T elsewhere in the run make it plausible, and without them
 * it is no excuse. A stop needs the drift of T/2 at which the session itself warns, and a drawn delay
 * is no drift of the machine's.
 */
export function isTooSlowForTimeout(record: TrialRecord): boolean {
  const { delayMs, outcome, mechanism, skewMaxMs, timeoutMs } = record;
  if (outcome === 'wrong-flagged' && mechanism === 'time-out') {
    return skewMaxMs === null || skewMaxMs >= timeoutMs / 10;
  }
  if (outcome !== 'detected-stopped' || delayMs !== null) return false;
  return skewMaxMs !== null && skewMaxMs >= timeoutMs / 2;
}
