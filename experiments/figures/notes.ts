/** Sentences that stand below figures. */
import type { TrialRecord } from '../../harness/types.ts';

/** protocol.md 3b, shortened. Under every figure that shows trials with `--policy paper`. */
export const paperPolicy =
  "Policy paper (our reading): no ask, relay, view or second notice, no checksum beyond TCP's. A tracer judges when " +
  'both votes are in or T ran out: exactly one bad, it flags that one; both bad, it stops. NFS server and monitor obey ' +
  'the first notice. Requests run at their first arrival. Output, input, exit status and end as under agreed.';

/** What is no axis: policy, hosts, and the policy note where it is due. */
export function settingsNote(records: readonly TrialRecord[]): string[] {
  const values = (key: 'policy' | 'hosts' | 'tsc'): string =>
    [...new Set(records.map((record) => record[key]))].sort().join(', ');
  const note = [`Policy ${values('policy')}; hosts ${values('hosts')}; tsc ${values('tsc')}.`];
  return records.some((record) => record.policy === 'paper') ? [...note, paperPolicy] : note;
}

/** `n = 12 trials a point`, or the range where points differ. */
export function sampleNote(counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return low === high ? `n = ${low} trials a point` : `n = ${low} to ${high} trials a point`;
}

/** Labels of panel rows, at the right edge, where they cost no axis room. */
export const rowHeader = { labelOrient: 'right', labelAngle: 90, title: null };
export const policyHeader = { labelExpr: "'policy ' + datum.value", title: null };
