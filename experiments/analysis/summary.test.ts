import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { Outcome, TrialRecord } from '../../harness/types.ts';
import { expandPlan } from '../plan/expand.ts';
import { toCsv } from '../record/csv.ts';
import { wilson } from '../statistics/wilson.ts';
import { syntheticGolden, syntheticRecord } from '../testing/synthetic-run.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import type { Design } from '../types.ts';
import { summarise, summaryColumns } from './summary.ts';

const cell: Partial<Design> = {
  timeoutsMs: [250],
  workloads: ['jacobi'],
  detect: ['timeout-only'],
};
const records = (change: Partial<Design>): TrialRecord[] =>
  expandPlan({ ...timeoutSweep.presets.quick, ...cell, ...change }, 1).map(syntheticRecord);
const rowsOf = (all: readonly TrialRecord[]): Record<string, string>[] =>
  parse(toCsv(summaryColumns, summarise(all, [syntheticGolden('jacobi')], 1)), { columns: true });

describe('summary.csv', () => {
  it('has a row per cell, with every outcome counted and bounded by Wilson', () => {
    const kills = records({ faults: ['replica-kill'], repetitions: 10 });
    const outcomes: Outcome[] = ['sdc', 'sdc', 'masked', 'harness-error', 'not-activated'];
    outcomes.forEach((outcome, index) => (kills[index] = { ...kills[index]!, outcome }));
    const rows = rowsOf(kills);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      workload: 'jacobi',
      fault: 'replica-kill',
      timeout_ms: '250',
      n: '10',
      counted: '8',
      sdc: '2',
      masked: '1',
      harness_error: '1',
      not_activated: '1',
      detected_masked: '5',
      crash: '0',
    });
    expect(Number(rows[0]!['sdc_low'])).toBeCloseTo(wilson(2, 8)!.low, 5);
    expect(Number(rows[0]!['sdc_high'])).toBeCloseTo(wilson(2, 8)!.high, 5);
    expect(Number(rows[0]!['crash_high'])).toBeCloseTo(wilson(0, 8)!.high, 5);
  });

  it('keeps readings of the time-out and second faults apart', () => {
    const change: Partial<Design> = { policy: ['paper'], timeoutFrom: ['quorum', 'first'] };
    const pairs: Partial<Design> = {
      ...change,
      faults: ['replica-kill'],
      secondFaults: ['vote-loss'],
      gaps: [1],
      parts: ['different'],
    };
    const rows = rowsOf([...records({ ...change, faults: ['replica-kill'] }), ...records(pairs)]);
    const keys = rows.map((row) => [row['n'], row['timeout_from'], row['second_fault']].join(' '));
    expect(keys.toSorted()).toEqual([
      '3 first ',
      '3 first vote-loss',
      '3 quorum ',
      '3 quorum vote-loss',
    ]);
    const old = records({ faults: ['none'] }).map(
      ({ timeoutFrom: _t, second: _s, ...rest }) => rest,
    );
    expect(rowsOf(old as TrialRecord[])[0]).toMatchObject({
      timeout_from: 'quorum',
      second_fault: '',
    });
  });

  it('gives latencies in ms, intervals where n allows one, and the words where not', () => {
    const [row] = rowsOf(records({ faults: ['replica-kill'], repetitions: 10 }));
    const value = (name: string): number => Number(row![`latency_${name}_ms`]);
    expect(row!['latency_n']).toBe('10');
    expect(value('min')).toBeGreaterThan(250);
    expect(value('median_low')).toBeLessThanOrEqual(value('median'));
    expect(value('median')).toBeLessThanOrEqual(value('median_high'));
    expect(value('max')).toBeLessThan(300);
    expect(row!['latency_p95_low_ms']).toBe('n too small');
    const [few] = rowsOf(records({ faults: ['replica-kill'], repetitions: 5 }));
    expect(few!['latency_median_low_ms']).toBe('n too small');
    expect(few!['latency_median_high_ms']).toBe('n too small');
    const [many] = rowsOf(records({ faults: ['replica-kill'], repetitions: 60 }));
    expect(Number(many!['latency_p95_high_ms'])).toBeGreaterThan(250);
  });

  it('leaves latency empty where nobody was flagged', () => {
    const [row] = rowsOf(records({ faults: ['none'], repetitions: 6 }));
    expect(row!['latency_n']).toBe('0');
    expect(row!['latency_median_ms']).toBe('');
    expect(row!['latency_median_low_ms']).toBe('');
  });

  it('compares with native, fault-free and for the faulted run, completed runs only', () => {
    const all = records({ faults: ['none', 'replica-kill'], repetitions: 8 });
    const killed = all.findIndex((record) => record.fault === 'replica-kill');
    all[killed] = { ...all[killed]!, outcome: 'hang', runNs: 1e15 };
    const rows = rowsOf(all);
    const [none, kill] = ['none', 'replica-kill'].map((f) =>
      rows.find((row) => row['fault'] === f)!,
    );
    expect(Number(none!['overhead_fault_free'])).toBeGreaterThan(1.8);
    expect(none!['overhead_faulted']).toBe('');
    expect(kill!['overhead_fault_free']).toBe(none!['overhead_fault_free']);
    expect(Number(kill!['overhead_faulted'])).toBeGreaterThan(Number(none!['overhead_fault_free']));
    expect(Number(kill!['overhead_faulted_high'])).toBeLessThan(10);
  });
});
