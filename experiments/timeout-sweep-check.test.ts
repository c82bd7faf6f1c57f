import { describe, expect, it } from 'vitest';
import { activeKind, type FaultKindName } from '../faults/kinds/registry.ts';
import type { TrialRecord } from '../harness/types.ts';
import { expandPlan } from './plan/expand.ts';
import { syntheticRecord, withOutcome } from './testing/synthetic-run.ts';
import { checkTimeoutSweep } from './timeout-sweep-check.ts';
import { timeoutSweep } from './timeout-sweep.ts';

const plan = expandPlan({ ...timeoutSweep.presets.quick, policy: ['agreed', 'paper'] }, 3);
const good = plan.map(syntheticRecord);

/** The verdict when the first trial of that kind is changed. */
function verdictWith(fault: FaultKindName, change: Partial<TrialRecord>): string {
  const index = good.findIndex(
    (record) => record.fault === fault && record.policy === (change.policy ?? 'agreed'),
  );
  const records = good.with(index, withOutcome(good[index]!, change));
  const { verdict, findings } = checkTimeoutSweep(records, records.length);
  if (verdict === 'holds') return findings.length === 0 ? verdict : 'holds, with findings';
  return `${verdict}: ${findings[0]!.property}`;
}

describe('the verdict of a sweep', () => {
  it('holds when each fault is handled as promised', () => {
    expect(checkTimeoutSweep(good, good.length)).toMatchObject({ verdict: 'holds', findings: [] });
  });

  it.each([
    ['replica-kill', { outcome: 'sdc' }, 'violated: P1'],
    ['replica-kill', { outcome: 'crash' }, 'violated: P1'],
    ['replica-kill', { outcome: 'detected-stopped' }, 'violated: P1'],
    ['none', { outcome: 'wrong-flagged' }, 'violated: P2'],
    ['replica-kill', { outcome: 'masked' }, 'violated: P3'],
    ['signature-bit-flip', { outcome: 'masked' }, 'violated: P3'],
    ['replica-kill', { boundMs: 10, detectionLatencyNs: 11e6, skewMaxMs: 0 }, 'violated: P3'],
    ['none', { outcome: 'hang' }, 'violated: P5'],
  ] as const)('is wrong when %s gives %o', (fault, change, expected) => {
    expect(verdictWith(fault, change)).toBe(expected);
  });

  /** As if the first trial with a kill had had another fault, active and with nobody flagged. */
  it.each([
    ['container-kill', 'violated: P3'],
    ['container-restart', 'violated: P3'],
    ['memory-limit', 'violated: P3'],
    ['container-pause', 'holds'],
    ['network-disconnect', 'holds'],
    ['cpu-quota', 'holds'],
    ['link-partition', 'holds'],
    ['link-bit-flip', 'holds'],
    ['early-vote', 'violated: P3'],
  ] as const)('of %s that is masked: %s', (fault, expected) => {
    const faultSpec = activeKind(fault)!.example;
    expect(verdictWith('replica-kill', { fault, faultSpec, outcome: 'masked' })).toBe(expected);
  });

  it('counts the bound of an early vote from the healthy ones, which come after a burst', () => {
    const late = { boundMs: 47, burstMaxMs: 200, detectionLatencyNs: 221e6, skewMaxMs: 0 };
    const faultSpec = activeKind('early-vote')!.example;
    const early: Partial<TrialRecord> = { fault: 'early-vote', faultSpec, flagged: [3] };
    expect(verdictWith('replica-kill', { ...late, ...early })).toBe('holds');
    expect(verdictWith('replica-kill', { ...late, ...early, burstMaxMs: 170 })).toBe(
      'violated: P3',
    );
    expect(verdictWith('replica-kill', late)).toBe('violated: P3');
  });

  it('does not excuse a stop by the skew that a lasting fault made itself', () => {
    const stopped = { outcome: 'detected-stopped', timeoutMs: 100, skewMaxMs: 80 } as const;
    expect(verdictWith('replica-kill', stopped)).toBe('holds, with findings');
    const cut = { ...stopped, fault: 'link-partition', target: 'link:1-2', delayMs: 500 } as const;
    expect(verdictWith('replica-kill', cut)).toBe('violated: P1');
    expect(verdictWith('tracer-delay', stopped)).toBe('violated: P1');
  });

  it('does not mind what is only measured', () => {
    expect(verdictWith('tracer-delay', { outcome: 'late-flagged' })).toBe('holds');
    expect(verdictWith('replica-kill', { outcome: 'not-activated', activated: false })).toBe(
      'holds',
    );
    expect(verdictWith('none', { outcome: 'sdc', policy: 'paper' })).toBe('holds');
  });

  it('tells a healthy replica flagged on a machine too slow for T, without a verdict from one', () => {
    const slow = {
      outcome: 'wrong-flagged',
      mechanism: 'time-out',
      timeoutMs: 100,
      skewMaxMs: 14,
    } as const;
    expect(verdictWith('none', slow)).toBe('holds, with findings');
    const all = good.map((r) => (r.fault === 'none' ? withOutcome(r, slow) : r));
    expect(checkTimeoutSweep(all, all.length).verdict).toBe('unknown');
    expect(verdictWith('none', { ...slow, skewMaxMs: 5 })).toBe('violated: P2');
    expect(verdictWith('none', { ...slow, mechanism: 'signature' })).toBe('violated: P2');
  });

  it('is unknown when trials are missing or the harness failed too often', () => {
    expect(checkTimeoutSweep(good.slice(1), good.length).verdict).toBe('unknown');
    expect(checkTimeoutSweep([], 0).verdict).toBe('unknown');
    const broken = good.map((record) => ({ ...record, outcome: 'harness-error' as const }));
    expect(checkTimeoutSweep(broken, broken.length).verdict).toBe('unknown');
    expect(verdictWith('none', { outcome: 'harness-error' })).toBe('holds');
  });
});
