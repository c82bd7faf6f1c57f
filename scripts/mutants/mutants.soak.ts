/**
 * The mutation check of the tests: every mutant of the list must be killed. `TMR_MUTANTS=pattern` runs
 * those whose file or name matches, and records nothing.
 */
import { expect, it } from 'vitest';
import { recordSoak } from '../record-soak.ts';
import { allMutants } from './list.ts';
import { judgeAll } from './run.ts';
import type { Verdict } from './run.ts';

const pattern = process.env.TMR_MUTANTS;

it('kills every mutant, by tests that pass without one', async () => {
  const chosen = allMutants.filter(({ name, file }) =>
    new RegExp(pattern ?? '').test(`${file}: ${name}`),
  );
  const verdicts: ({ name: string; file: string } & Verdict)[] = [];
  await judgeAll(chosen, (mutant, verdict) => {
    const { name, file } = mutant;
    process.stderr.write(`${verdict.outcome}: ${file}: ${name}${detailOf(verdict)}\n`);
    verdicts.push({ name, file, ...verdict });
  });
  const alive = verdicts.filter(({ outcome }) => outcome !== 'killed');
  const record = { cases: chosen.length, failures: alive.length, verdicts };
  if (pattern === undefined) recordSoak('mutants', record);
  expect(alive).toEqual([]);
  expect(verdicts.length).toBe(chosen.length);
});

const detailOf = (verdict: Verdict): string => {
  if (verdict.outcome === 'killed') return ` (${verdict.by})`;
  return verdict.outcome === 'broken' ? ` (${verdict.why})` : '';
};
