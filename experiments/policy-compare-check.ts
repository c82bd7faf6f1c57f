import { isTooSlowForTimeout } from '../harness/tolerance/judge.ts';
import type { TrialRecord } from '../harness/types.ts';
import { fateOf, healthyLost } from './analysis/fate.ts';
import { groupBy } from './analysis/cells.ts';
import { checkTimeoutSweep, verdictOf } from './timeout-sweep-check.ts';
import type { CheckResult, Finding } from './types.ts';

/**
 * Under `agreed` every single fault must be survived: P1-P3 and P5 as in a sweep, and no healthy replica may
 * be lost in any way. Under `paper` nothing is judged. A kind of fault that never became visible under
 * `agreed` shows nothing.
 */
export function checkPolicyCompare(records: readonly TrialRecord[], planned: number): CheckResult {
  const { judged, findings } = checkTimeoutSweep(records, planned);
  const agreed = records.filter(({ policy }) => policy === 'agreed');
  const told = new Set(findings.map(({ trial }) => trial));
  for (const record of agreed) {
    const finding = told.has(record.trial) ? null : notSurvived(record);
    if (finding !== null) findings.push(finding);
  }
  if (agreed.length === 0) {
    findings.push(nothingShown('no trial was run under the policy agreed'));
  }
  const unseen = groupBy(agreed, ['fault'])
    .filter(({ records: of }) => of.every((record) => fateOf(record) === null))
    .map(({ key }) => key.fault);
  if (unseen.length > 0) {
    findings.push(nothingShown(`under agreed these never became visible: ${unseen.join(', ')}`));
  }
  return { verdict: verdictOf(findings, judged), judged, findings };
}

/** What the rules of a sweep leave open: a flag that came too late to go on. */
function notSurvived(record: TrialRecord): Finding | null {
  const fate = fateOf(record);
  if (fate === null || fate === 'survived') return null;
  const outside = isTooSlowForTimeout(record);
  const why = outside ? `, T too short for this machine at load ${record.loadAverage}` : '';
  const verdict = outside ? 'unknown' : 'violated';
  const { trial } = record;
  if (fate === 'stopped') {
    return { verdict, property: 'P1', trial, text: `a single fault stopped the session${why}` };
  }
  const text = `healthy replica ${healthyLost(record).join(' and ')} was lost${why}`;
  return { verdict, property: 'P2', trial, text };
}

function nothingShown(text: string): Finding {
  return { verdict: 'unknown', property: 'policy', trial: null, text };
}
