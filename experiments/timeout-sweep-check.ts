import { judgeSingleFault } from '../harness/tolerance/judge.ts';
import type { TrialRecord } from '../harness/types.ts';
import type { CheckResult, Finding, Verdict } from './types.ts';

/** More trials than this share that cannot be judged, and nothing is claimed. */
const unknownAllowed = 0.05;

/**
 * Judges a sweep by P1-P5 of DESIGN.md 4, which bind `--policy agreed`. Trials under `paper`
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
  const found = judgeSingleFault(record, { shortDelays: 'measured' });
  return found.map((finding) => ({ ...finding, trial: record.trial }));
}
