import { describe, expect, it } from 'vitest';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import type { TrialRecord } from '../harness/types.ts';
import { fateOf } from './analysis/fate.ts';
import { expandPlan } from './plan/expand.ts';
import { checkPolicyCompare } from './policy-compare-check.ts';
import { policyCompareRemarks, policyCompareTable } from './policy-compare-remarks.ts';
import { policyCompare } from './policy-compare.ts';
import type { RunData } from './record/run-directory.ts';
import { syntheticRecord } from './testing/synthetic-run.ts';

const plan = expandPlan(policyCompare.presets.quick, 3);
const good = plan.map(syntheticRecord);

/** The records with the first trial of that kind under `agreed`, or the policy given, changed. */
function changed(fault: FaultKindName, change: Partial<TrialRecord>): TrialRecord[] {
  const index = good.findIndex(
    (record) => record.fault === fault && record.policy === (change.policy ?? 'agreed'),
  );
  return good.with(index, { ...good[index]!, ...change });
}

function verdictWith(fault: FaultKindName, change: Partial<TrialRecord>): string {
  const { verdict, findings } = checkPolicyCompare(changed(fault, change), good.length);
  return [verdict, ...findings.map(({ property }) => property)].join(' ');
}

describe('the verdict of a comparison of policies', () => {
  it('holds when agreed survives all, whatever paper does', () => {
    expect(checkPolicyCompare(good, good.length)).toEqual({
      verdict: 'holds',
      judged: good.length / 4,
      findings: [],
    });
    expect(good.filter((record) => fateOf(record) !== 'survived').length).toBeGreaterThan(50);
  });

  it.each<[FaultKindName, Partial<TrialRecord>, string]>([
    ['vote-loss', { outcome: 'sdc' }, 'violated P1'],
    ['vote-loss', { outcome: 'hang' }, 'violated P5'],
    ['vote-loss', { outcome: 'wrong-flagged', flagged: [1] }, 'violated P2'],
    ['vote-loss', { outcome: 'detected-stopped', exitStatus: 125 }, 'violated P1'],
    ['vote-loss', { outcome: 'degraded', fenced: [3] }, 'violated P2'],
    ['early-vote', { outcome: 'masked', flagged: [] }, 'violated P3'],
    ['tracer-delay', { outcome: 'late-flagged', exitStatus: 125 }, 'violated P1'],
    ['vote-loss', { policy: 'paper', outcome: 'sdc' }, 'holds'],
    ['vote-loss', { policy: 'paper', outcome: 'hang' }, 'holds'],
    ['vote-loss', { outcome: 'not-activated' }, 'holds'],
  ])('of %s with %o: %s', (fault, change, expected) => {
    expect(verdictWith(fault, change)).toBe(expected);
  });

  it('lets the replica of the fault be lost, and no other', () => {
    const found = good.find((record) => record.fault === 'service-link-loss')!;
    const faulty = Number(found.target!.split(':')[1]);
    const own: Partial<TrialRecord> = { outcome: 'degraded', fenced: [faulty] };
    expect(verdictWith('service-link-loss', own)).toBe('holds');
    expect(verdictWith('service-link-loss', { ...own, injected: false })).toBe('violated P2');
    const other = { ...own, fenced: [(faulty % 3) + 1] };
    expect(verdictWith('service-link-loss', other)).toBe('violated P2');
  });

  it('does not blame the protocol for a machine slower than T/2, unless the fault was a delay', () => {
    const fenced: Partial<TrialRecord> = {
      outcome: 'degraded',
      fenced: [1, 2, 3],
      skewMaxMs: 500,
    };
    expect(verdictWith('vote-loss', fenced)).toBe('holds P2');
    expect(verdictWith('vote-loss', { ...fenced, skewMaxMs: 499 })).toBe('violated P2');
    expect(verdictWith('tracer-delay', fenced)).toBe('violated P2');
  });

  it('is unknown when a kind never became visible under agreed, or nothing was run under it', () => {
    const unseen = good.map((record) =>
      record.fault === 'output-bit-flip' && record.policy === 'agreed'
        ? { ...record, outcome: 'not-activated' as const }
        : record,
    );
    const { verdict, findings } = checkPolicyCompare(unseen, unseen.length);
    expect(verdict).toBe('unknown');
    expect(findings[0]!.text).toContain('output-bit-flip');
    const paper = good.filter(({ policy }) => policy === 'paper');
    expect(checkPolicyCompare(paper, paper.length).verdict).toBe('unknown');
    expect(checkPolicyCompare(good.slice(1), good.length).verdict).toBe('unknown');
  });
});

describe('what a comparison of policies tells', () => {
  const run = (records: TrialRecord[]): RunData =>
    ({ records, golden: [], manifest: { seed: 1 } }) as unknown as RunData;

  it('has survived of visible for each kind and reading', () => {
    const records = changed('vote-loss', { outcome: 'not-activated' });
    const { head, rows } = policyCompareTable(run(records));
    expect(head.slice(1)).toEqual(['agreed', 'paper', 'paper, first', 'paper, own']);
    const row = (name: string) => rows.find(([fault]) => fault === name)!.slice(1);
    expect(row('vote-loss')).toEqual(['5/5', '0/6', '0/6', '0/6']);
    expect(row('replica-kill')).toEqual(['6/6', '6/6', '6/6', '6/6']);
  });

  it('counts the same faults that one policy survives and the other does not', () => {
    const n = good.length / 4;
    const lost = good.filter((r) => r.timeoutFrom === 'own' && fateOf(r) !== 'survived').length;
    expect(policyCompareRemarks(run(good))).toContain(
      `Of ${n} same faults that became visible under both, ${lost} were survived under agreed and not under paper, 0 the other way round.`,
    );
    // Its partners survived; and one pair is not comparable any more.
    const worse = policyCompareRemarks(run(changed('replica-kill', { outcome: 'sdc' })));
    expect(worse.join('\n')).toContain('and not under paper, first, 1 the other way round');
    const fewer = policyCompareRemarks(run(changed('replica-kill', { outcome: 'harness-error' })));
    expect(fewer.join('\n')).toContain(`Of ${n - 1} same faults`);
  });

  it('says when no program is longer than T without a call, and only then', () => {
    const said = (records: TrialRecord[]): boolean =>
      policyCompareRemarks(run(records)).some((text) => text.includes('can hardly matter'));
    expect(said(good)).toBe(true);
    expect(said(changed('none', { burstMaxMs: 1000 }))).toBe(false);
  });
});
