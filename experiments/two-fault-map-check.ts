import type { TrialRecord } from '../harness/types.ts';
import { pairCells, pairTrials } from './analysis/two-fault-cells.ts';
import { verdictOf } from './timeout-sweep-check.ts';
import type { CheckResult, Finding } from './types.ts';

/** More trials than this share that could not be run, and nothing is claimed. */
const unknownAllowed = 0.05;

/**
 * Judges by P6 of DESIGN.md 4, under `agreed`: nothing wrong may get out, with an error or without, in any
 * trial. Whether the session went on, stopped or hung is measured. A cell of different parts in which no
 * trial had both faults shows nothing.
 */
export function checkTwoFaultMap(records: readonly TrialRecord[], planned: number): CheckResult {
  const findings: Finding[] = [];
  const trials = pairTrials(records).filter(({ record }) => record.policy === 'agreed');
  for (const { record, first, second, gap, fate } of trials) {
    if (fate !== 'wrong-output') continue;
    const why = record.reason === null ? '' : ` (${record.reason})`;
    const text = `${first} and, ${gap} rendezvous later, ${second}: a wrong output got out${why}`;
    findings.push({ verdict: 'violated', property: 'P6', trial: record.trial, text });
  }
  const general = (property: string, text: string): void => {
    findings.push({ verdict: 'unknown', property, trial: null, text });
  };
  if (records.length < planned) {
    general('harness', `${records.length} of ${planned} planned trials were run`);
  }
  const errors = records.filter(({ outcome }) => outcome === 'harness-error');
  if (errors.length > planned * unknownAllowed) {
    const first = errors[0]?.reason ?? 'no reason given';
    general('harness', `${errors.length} of ${planned} trials failed; the first: ${first}`);
  }
  if (trials.length === 0) general('P6', 'no trial with two faults under agreed could be judged');
  const empty = pairCells(trials).filter(({ parts, n }) => parts === 'different' && n === 0);
  if (empty.length > 0) {
    const names = empty.map(({ first, second, gap }) => `${first} and ${second} at ${gap}`);
    general('P6', `never were both faults visible in: ${names.join('; ')}`);
  }
  return { verdict: verdictOf(findings, trials.length), judged: trials.length, findings };
}
