import type { TrialRecord } from '../harness/types.ts';
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
function verdictOf(findings: readonly Finding[], judged: number): Verdict {
  if (findings.some((finding) => finding.verdict === 'violated')) return 'violated';
  const outside = findings.filter((finding) => finding.trial !== null).length;
  const general = findings.length - outside;
  return general > 0 || outside > judged * unknownAllowed ? 'unknown' : 'holds';
}

function judge(record: TrialRecord): Finding[] {
  const found: Finding[] = [];
  const violated = (property: string, text: string): void => {
    const why = record.reason === null ? '' : ` (${record.reason})`;
    const outside = isTooSlowForTimeout(record);
    const skew = outside
      ? `, but replicas drifted ${record.skewMaxMs} ms apart, too far for T`
      : '';
    found.push({
      verdict: outside ? 'unknown' : 'violated',
      property,
      trial: record.trial,
      text: `${text}${skew}${why}`,
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
    violated('P3', `flagged after ${ms} ms, the stated bound is ${record.boundMs} ms`);
  }
  return found;
}

/** A vote wrong for every peer, or absent. A flip on one link alone is masked without a flag. */
function mustBeFlagged(record: TrialRecord): boolean {
  if (record.activated !== true) return false;
  if (record.fault === 'replica-kill') return true;
  return record.fault === 'signature-bit-flip' && record.target?.startsWith('link:') === false;
}

function beyondBound({ boundMs, detectionLatencyNs }: TrialRecord): boolean {
  return boundMs !== null && detectionLatencyNs !== null && detectionLatencyNs > boundMs * 1e6;
}

/**
 * The hypothesis of protocol.md 1, S + Q + 2d < T, did not hold in this trial: the machine was too
 * slow for the time-out. A drawn delay is skew by itself, and no excuse.
 */
function isTooSlowForTimeout({ fault, outcome, skewMaxMs, timeoutMs }: TrialRecord): boolean {
  if (outcome !== 'wrong-flagged' && outcome !== 'detected-stopped') return false;
  if (fault === 'tracer-delay' || skewMaxMs === null) return false;
  const tickMs = Math.min(100, Math.max(2, timeoutMs / 16));
  const linkDelayMs = 2 * tickMs;
  return skewMaxMs + timeoutMs / 4 + 2 * linkDelayMs >= timeoutMs;
}
