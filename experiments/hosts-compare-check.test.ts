import { describe, expect, it } from 'vitest';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import type { TrialRecord } from '../harness/types.ts';
import { checkHostsCompare, compareHosts } from './hosts-compare-check.ts';
import { hostsCompareRemarks } from './hosts-compare-remarks.ts';
import { hostsCompare } from './hosts-compare.ts';
import { expandPlan } from './plan/expand.ts';
import type { RunData } from './record/run-directory.ts';
import { syntheticGolden, syntheticRecord } from './testing/synthetic-run.ts';

const plan = expandPlan(hostsCompare.presets.quick, 5);
const good = plan.map(syntheticRecord);

const docker = ({ hosts }: TrialRecord): boolean => hosts === 'docker';
const isFlagged = ({ flagged }: TrialRecord): boolean => flagged.length > 0;
const notFlagged: Partial<TrialRecord> = {
  outcome: 'masked',
  flagged: [],
  accusers: [],
  mechanism: null,
  quorumNs: null,
  detectionLatencyNs: null,
};

/** The records with the docker member of a pair changed, its local member too where that is said. */
function changed(
  fault: FaultKindName,
  change: Partial<TrialRecord>,
  local: Partial<TrialRecord> = {},
  which = isFlagged,
): TrialRecord[] {
  const found = good.find((record) => record.fault === fault && docker(record) && which(record));
  if (found === undefined) throw new Error(`the plan has no such pair of ${fault}`);
  return good.map((record) =>
    record.seed === found.seed ? { ...record, ...(docker(record) ? change : local) } : record,
  );
}

/** Verdict, and likeness of the pair that is no longer alike. */
function judged(records: readonly TrialRecord[]): string {
  const { verdict } = checkHostsCompare(records, records.length);
  const odd = compareHosts(records).filter(({ likeness }) => likeness !== 'alike');
  return [verdict, ...odd.map(({ likeness }) => likeness)].join(', ');
}

const kill = (change: Partial<TrialRecord>, local: Partial<TrialRecord> = {}): string =>
  judged(changed('replica-kill', change, local));

describe('the comparison of hosts', () => {
  it('holds when both decide alike', () => {
    expect(checkHostsCompare(good, good.length)).toMatchObject({ verdict: 'holds', findings: [] });
    expect(compareHosts(good)).toHaveLength(plan.length / 2);
  });

  it.each<[string, Partial<TrialRecord>]>([
    ['outcome', { outcome: 'degraded' }],
    ['replicas flagged', { flagged: [], accusers: [] }],
    ['accusers', { accusers: [[]] }],
    ['mechanism', { mechanism: 'signature' }],
  ])('is violated when the %s differ', (_, change) => {
    expect(kill(change)).toBe('violated, different');
  });

  it('takes accusers as a set', () => {
    const reversed = good.map((record) =>
      docker(record)
        ? { ...record, accusers: record.accusers.map((who) => who.toReversed()) }
        : record,
    );
    expect(judged(reversed)).toBe('holds');
  });

  it('calls it a race which message of a death came first', () => {
    const race = kill({ mechanism: 'replica-dead' }, { mechanism: 'connection-closed' });
    expect(race).toBe('holds, race');
    expect(kill({ mechanism: 'replica-dead' }, { mechanism: 'signature' })).toMatch(/^violated/);
  });

  it('does not judge what the rule of the paper decides', () => {
    const paper = changed('replica-kill', notFlagged).map((record) => ({
      ...record,
      policy: 'paper' as const,
    }));
    expect(checkHostsCompare(paper, paper.length).findings).toEqual([]);
  });

  it('is unknown when nothing was run on both', () => {
    const local = good.filter(({ hosts }) => hosts === 'local');
    expect(checkHostsCompare(local, local.length).verdict).toBe('unknown');
  });
});

describe('a difference that timing explains', () => {
  // T = 1000: a tick is 62.5 ms, d two of them, the resolution of T five.
  const late = (delayMs: number): Partial<TrialRecord> => ({
    faultSpec: `tracer-delay:replica=1,delay=${delayMs}ms,at=rendezvous:9`,
    timeoutMs: 1000,
    delayMs,
    outcome: 'late-flagged',
    flagged: [1],
    accusers: [[2, 3]],
    mechanism: 'time-out',
    detectionLatencyNs: 1e9,
    boundMs: null,
  });
  const inTime = (delayMs: number) => ({ ...late(delayMs), ...notFlagged });
  const delayed = (change: Partial<TrialRecord>, local: Partial<TrialRecord>): string =>
    judged(changed('tracer-delay', change, local, () => true));

  it.each([
    [1000, 'holds, timing'],
    [1312, 'holds, timing'],
    [688, 'holds, timing'],
    [1313, 'violated, different'],
    [687, 'violated, different'],
  ])('is a flag on one side for a delay of %d ms at T = 1 s: %s', (delayMs, expected) => {
    expect(delayed(late(delayMs), inTime(delayMs))).toBe(expected);
    expect(delayed(inTime(delayMs), late(delayMs))).toBe(expected);
  });

  it('is nothing else, however near to T the delay', () => {
    const differently = { ...late(1000), accusers: [[2]] as (1 | 2 | 3)[][] };
    expect(delayed(differently, late(1000))).toBe('violated, different');
    expect(delayed({ ...inTime(1000), outcome: 'degraded' as const }, inTime(1000))).toBe(
      'violated, different',
    );
  });

  it('is not the drift that the drawn delay made itself', () => {
    expect(delayed({ ...late(3000), skewMaxMs: 900 }, inTime(3000))).toBe('violated, different');
  });

  it('is a machine too slow for T, and counts one trial once', () => {
    const slow = { mechanism: 'time-out', timeoutMs: 100, skewMaxMs: 60 } as const;
    const onTime = { mechanism: 'connection-closed', timeoutMs: 100 } as const;
    expect(kill(slow, onTime)).toBe('holds, timing');
    expect(kill({ ...slow, skewMaxMs: 40 }, onTime)).toBe('violated, different');
    const wrong: Partial<TrialRecord> = {
      outcome: 'wrong-flagged',
      flagged: [1],
      accusers: [[2, 3]],
    };
    const records = changed('none', { ...slow, ...wrong }, { timeoutMs: 100 }, () => true);
    const { findings } = checkHostsCompare(records, records.length);
    expect(findings.map(({ property }) => property)).toEqual(['P2', 'hosts']);
    expect(new Set(findings.map(({ trial }) => trial)).size).toBe(1);
    // Of 80 trials four may be without a verdict; each of these three has two findings.
    const victims = new Set([...new Set(plan.map(({ seed }) => seed))].slice(0, 3));
    const three = good.map((record) => {
      if (!victims.has(record.seed)) return record;
      const none = { ...record, fault: 'none' as const, faultSpec: 'none' };
      return { ...none, ...(docker(record) ? { ...slow, ...wrong } : notFlagged) };
    });
    expect(checkHostsCompare(three, three.length)).toMatchObject({
      verdict: 'holds',
      findings: { length: 6 },
    });
  });

  it('is a fault that became visible on one of the hosts only', () => {
    const inactive = { ...notFlagged, outcome: 'not-activated' as const, activated: false };
    expect(kill(inactive)).toBe('holds, timing');
  });

  it('leaves the run unknown when there is too much of it', () => {
    const all = good.map((record) => ({
      ...record,
      ...(docker(record) && isFlagged(record) ? { activated: false } : {}),
    }));
    expect(checkHostsCompare(all, all.length).verdict).toBe('unknown');
  });
});

describe('latencies', () => {
  const at = (ms: number, more: Partial<TrialRecord> = {}): Partial<TrialRecord> => ({
    timeoutMs: 1000,
    detectionLatencyNs: ms * 1e6,
    // The notices were as fast as stated.
    resumeNs: 0,
    quorumNs: 0,
    ...more,
  });

  it('that differ by more than d are told, without a verdict from one', () => {
    expect(kill(at(135), at(10))).toBe('holds');
    expect(kill(at(136), at(10))).toBe('holds, apart');
    expect(kill(at(10), at(136))).toBe('holds, apart');
  });

  it('may differ by what the clocks leave open too', () => {
    expect(kill(at(136, { clockUncertaintyNs: 1e6 }), at(10))).toBe('holds');
  });

  it('that differ by more than the stated bound are a violation, unless notices were slower than d', () => {
    const beyond = at(2000, { boundMs: 1437.5, outcome: 'late-flagged' });
    const near = at(10, { boundMs: 1437.5, outcome: 'late-flagged' });
    expect(kill(beyond, near)).toBe('violated, apart');
    expect(kill({ ...beyond, quorumNs: 126e6 }, near)).toBe('holds, apart');
    expect(kill({ ...beyond, boundMs: null }, { ...near, boundMs: null })).toBe('holds, apart');
  });
});

describe('the remarks of a comparison', () => {
  const remarks = (records: TrialRecord[]): string =>
    hostsCompareRemarks({
      records,
      golden: hostsCompare.presets.quick.workloads.map(syntheticGolden),
      manifest: { seed: 5 },
    } as unknown as RunData).join('\n');

  it('count the pairs, and give ratios and overheads with their intervals', () => {
    const words = remarks(good);
    expect(words).toContain('40 of 40 pairs decided alike, with comparable latencies.');
    expect(words).toMatch(
      /Median ratio docker \/ local of the detection latency: [\d.]+ \(95 % .*; n = \d+\)/,
    );
    expect(words).toMatch(/Median ratio docker \/ local of the run time: .*; n = 40\)/);
    expect(words).toMatch(/Overhead of jacobi without a fault: local [\d.]+ .*, docker [\d.]+ /);
    expect(words).not.toContain('trial)');
    expect(remarks(good)).toBe(words);
  });

  it('name each pair that is not plainly alike', () => {
    const race = remarks(
      changed('replica-kill', { mechanism: 'replica-dead' }, { mechanism: 'connection-closed' }),
    );
    expect(race).toContain('40 of 40 pairs');
    expect(race).toMatch(
      /end was seen as \(1, local and docker trial\): connection-closed in \d+ and replica-dead in \d+\./,
    );
    expect(remarks(changed('replica-kill', notFlagged))).toMatch(
      /^39 of 40 pairs .*\nDifferent without excuse \(1, local and docker trial\): \d+ and \d+\./,
    );
  });

  it('are none without pairs', () => {
    expect(remarks(good.filter(docker))).toBe('');
  });
});
