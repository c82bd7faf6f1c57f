import { describe, expect, it } from 'vitest';
import type { TrialRecord } from '../harness/types.ts';
import { checkHostsCompare } from './hosts-compare-check.ts';
import { hostsCompare } from './hosts-compare.ts';
import { expandPlan } from './plan/expand.ts';
import { syntheticRecord } from './testing/synthetic-run.ts';

const plan = expandPlan(hostsCompare.presets.quick, 5);
const good = plan.map(syntheticRecord);

/** Verdict and first finding when the docker member of the first flagged pair of a fault is changed. */
function verdictWith(fault: string, change: Partial<TrialRecord>): string {
  const index = good.findIndex(
    (record) => record.fault === fault && record.hosts === 'docker' && record.flagged.length > 0,
  );
  expect(index).toBeGreaterThanOrEqual(0);
  const records = good.with(index, { ...good[index]!, ...change });
  const { verdict, findings } = checkHostsCompare(records, records.length);
  return `${verdict}, ${findings.length} findings`;
}

describe('the comparison of hosts', () => {
  it('pairs every trial: one seed and one fault, on each of the hosts', () => {
    const bySeed = new Map<string, typeof plan>();
    for (const spec of plan) bySeed.set(spec.seed, [...(bySeed.get(spec.seed) ?? []), spec]);
    expect(bySeed.size).toBe(plan.length / 2);
    for (const pair of bySeed.values()) {
      expect(pair.map(({ hosts }) => hosts).sort()).toEqual(['docker', 'local']);
      expect(pair[0]!.fault).toEqual(pair[1]!.fault);
      expect(Math.abs(pair[0]!.trial - pair[1]!.trial)).toBe(1);
    }
  });

  it('holds when both decide alike', () => {
    expect(checkHostsCompare(good, good.length)).toMatchObject({ verdict: 'holds', findings: [] });
  });

  it('is violated when they decide differently', () => {
    expect(verdictWith('replica-kill', { flagged: [], accusers: [], outcome: 'degraded' })).toMatch(
      /^violated/,
    );
    expect(verdictWith('replica-kill', { mechanism: 'signature' })).toMatch(/^violated/);
    expect(verdictWith('replica-kill', { accusers: [[]] })).toMatch(/^violated/);
  });

  it('tells of latencies further apart than d, without a verdict from one', () => {
    expect(verdictWith('replica-kill', { detectionLatencyNs: 9e9 })).toBe('holds, 1 findings');
  });

  it('is unknown when nothing was run on both', () => {
    const local = good.filter(({ hosts }) => hosts === 'local');
    expect(checkHostsCompare(local, local.length).verdict).toBe('unknown');
  });
});
