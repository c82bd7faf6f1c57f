/**
 * The mutation check of the tests: every mutant of the list must be killed. `TMR_MUTANTS=pattern` runs
 * those whose file or name matches, and records nothing.
 */
import { expect, it } from 'vitest';
import { recordSoak } from '../record-soak.ts';
import { allMutants } from './list.ts';
import type { Mutant } from './mutant.ts';
import { judgeAll } from './run.ts';
import type { Verdict } from './run.ts';

const pattern = process.env.TMR_MUTANTS;

it('kills every mutant, and nothing is killed by tests that fail without one', async () => {
  const chosen = allMutants.filter(({ name, file }) =>
    new RegExp(pattern ?? '').test(`${file}: ${name}`),
  );
  const unchanged = allMutants.filter(firstOfItsTests).map(withoutChange);
  const healthy: Verdict[] = [];
  await judgeAll(unchanged, (_mutant, verdict) => healthy.push(verdict));
  expect(healthy).toEqual(unchanged.map(() => ({ outcome: 'survived' })));

  const verdicts: ({ name: string; file: string } & Verdict)[] = [];
  await judgeAll(chosen, (mutant, verdict) => {
    const { name, file } = mutant;
    console.log(`${verdict.outcome}: ${file}: ${name}${detailOf(verdict)}`);
    verdicts.push({ name, file, ...verdict });
  });
  const alive = verdicts.filter(({ outcome }) => outcome !== 'killed');
  const record = { cases: chosen.length, failures: alive.length, verdicts };
  if (pattern === undefined) recordSoak('mutants', record);
  expect(alive).toEqual([]);
  expect(verdicts.length).toBe(chosen.length);
});

const firstOfItsTests = ({ tests }: Mutant, index: number): boolean =>
  allMutants.findIndex((other) => other.tests === tests) === index;

const withoutChange = (mutant: Mutant): Mutant => ({ ...mutant, new: mutant.old });

const detailOf = (verdict: Verdict): string => {
  if (verdict.outcome === 'killed') return ` (${verdict.by})`;
  return verdict.outcome === 'broken' ? ` (${verdict.why})` : '';
};
