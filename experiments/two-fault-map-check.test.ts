import { describe, expect, it } from 'vitest';
import type { TrialRecord } from '../harness/types.ts';
import { pairCells, pairTrials } from './analysis/two-fault-cells.ts';
import { expandPlan } from './plan/expand.ts';
import type { RunData } from './record/run-directory.ts';
import { syntheticRecord } from './testing/synthetic-run.ts';
import { checkTwoFaultMap } from './two-fault-map-check.ts';
import { twoFaultMapRemarks, twoFaultMapTable } from './two-fault-map-remarks.ts';
import { twoFaultMap } from './two-fault-map.ts';

const good = expandPlan(twoFaultMap.presets.quick, 3).map(syntheticRecord);
const all = pairTrials(good);

type Change = Partial<Omit<TrialRecord, 'second'>> & { secondActivated?: boolean };

/** One trial changed, in different parts unless said otherwise. */
function changed({ secondActivated, ...change }: Change, parts = 'different'): TrialRecord[] {
  const { trial } = all.find((one) => one.parts === parts)!.record;
  return good.map((record) =>
    record.trial === trial
      ? {
          ...record,
          ...change,
          second: record.second && {
            ...record.second,
            activated: secondActivated ?? record.second.activated,
          },
        }
      : record,
  );
}

const judged = (records: readonly TrialRecord[]): string => {
  const { verdict, findings } = checkTwoFaultMap(records, good.length);
  return [verdict, ...findings.map(({ property }) => property)].join(' ');
};

describe('the verdict of a map of two faults', () => {
  it('holds when nothing wrong got out, whether masked or stopped', () => {
    expect(checkTwoFaultMap(good, good.length)).toEqual({
      verdict: 'holds',
      judged: good.length,
      findings: [],
    });
    expect(new Set(all.map(({ fate }) => fate))).toEqual(new Set(['masked', 'stopped']));
  });

  it.each<[string, Change, string]>([
    ['a wrong output', { outcome: 'sdc', exitStatus: 0 }, 'violated P6'],
    ['a wrong output before an error', { outcome: 'sdc', exitStatus: 125 }, 'violated P6'],
    ['one in a trial with one fault', { outcome: 'sdc', secondActivated: false }, 'violated P6'],
    ['a hang', { outcome: 'hang', exitStatus: null }, 'holds'],
    ['a crash', { outcome: 'crash', exitStatus: 1 }, 'holds'],
    ['a lost healthy replica', { outcome: 'wrong-flagged', flagged: [1, 2] }, 'holds'],
    ['a harness error', { outcome: 'harness-error' }, 'holds'],
  ])('with %s: %o: %s', (_, change, expected) => {
    expect(judged(changed(change))).toBe(expected);
    expect(judged(changed(change, 'same'))).toBe(expected);
  });

  it('names the trial, its kinds and their distance', () => {
    const { findings } = checkTwoFaultMap(changed({ outcome: 'sdc', reason: 'x' }), good.length);
    const { record, first, second, gap } = all.find(({ parts }) => parts === 'different')!;
    expect(findings).toEqual([
      {
        verdict: 'violated',
        property: 'P6',
        trial: record.trial,
        text: `${first} and, ${gap} rendezvous later, ${second}: a wrong output got out (x)`,
      },
    ]);
  });

  it('is unknown when a cell of different parts has no trial with both faults', () => {
    const { first, second, gap } = all.find(({ parts }) => parts === 'different')!;
    const without = (parts: string): TrialRecord[] =>
      all.map((one) =>
        [one.first, one.second, one.gap, one.parts].join() === [first, second, gap, parts].join()
          ? { ...one.record, second: { ...one.record.second!, activated: false } }
          : one.record,
      );
    expect(judged(without('different'))).toBe('unknown P6');
    expect(judged(without('same'))).toBe('holds');
  });

  it('is unknown when trials are missing, failed too often, or had one fault', () => {
    expect(judged(good.slice(1))).toBe('unknown harness');
    expect(judged([])).toBe('unknown harness P6');
    const broken = good.map((record) => ({ ...record, outcome: 'harness-error' as const }));
    expect(judged(broken)).toBe('unknown harness P6');
    expect(judged(good.map((record) => ({ ...record, second: null })))).toBe('unknown P6');
  });

  it('does not judge the rule of the paper', () => {
    const paper = changed({ outcome: 'sdc', policy: 'paper' });
    expect(judged(paper)).toBe('holds');
  });
});

describe('what a map of two faults tells', () => {
  const run = (records: TrialRecord[]): RunData => ({ records }) as unknown as RunData;

  it('counts per distance and sort of parts', () => {
    const { rows } = twoFaultMapTable(run(good));
    expect(rows.map(([name]) => name)).toEqual([
      '0, different',
      '0, same',
      '8, different',
      '8, same',
    ]);
    expect(rows.map((row) => Number(row[1]) + Number(row.at(-1)))).toEqual([98, 98, 98, 98]);
  });

  it('names every trial that hung or crashed, and the bound on wrong outputs', () => {
    const said = twoFaultMapRemarks(run(changed({ outcome: 'hang', exitStatus: null }))).join('\n');
    expect(said).toMatch(/Hung, 1: trial \d+ \([a-z-]+, [a-z-]+, \d\)\./);
    expect(said).toContain('A wrong output got out in 0 of 392 trials (with both faults visible');
    expect(twoFaultMapRemarks(run(good)).join()).not.toContain('Hung');
  });

  it('has in a cell only trials in which both faults became visible', () => {
    const cell = (records: TrialRecord[]) =>
      pairCells(pairTrials(records)).find(({ parts }) => parts === 'different')!;
    expect(cell(good)).toMatchObject({ n: 2, notBoth: 0 });
    expect(cell(changed({ secondActivated: false }))).toMatchObject({ n: 1, notBoth: 1 });
    expect(cell(changed({ secondActivated: false, outcome: 'sdc' }))).toMatchObject({
      n: 1,
      counts: { 'wrong-output': 0 },
      wrongAtAll: 1,
    });
  });
});
