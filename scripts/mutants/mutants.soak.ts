/**
 * The mutation check of the tests: every mutant of the list must be killed. `TMR_MUTANTS=pattern` runs
 * those whose file or name matches, and renews their verdicts in the record.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordSoak } from '../record-soak.ts';
import { allMutants } from './list.ts';
import { judgeAll } from './run.ts';
import type { Verdict } from './run.ts';

type Recorded = Verdict & {
  file: string;
  /** Of the sources that were copied. */
  commit: string;
};

const path = join(import.meta.dirname, '../../results/reference/soak/mutants.json');
const pattern = new RegExp(process.env.TMR_MUTANTS ?? '');

it('kills every mutant, by tests that pass without one', async () => {
  const chosen = allMutants.filter(({ name, file }) => pattern.test(`${file}: ${name}`));
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const verdicts = process.env.TMR_MUTANTS === undefined ? {} : readRecord();
  await judgeAll(chosen, (mutant, verdict) => {
    const { name, file } = mutant;
    process.stderr.write(`${verdict.outcome}: ${file}: ${name}${detailOf(verdict)}\n`);
    verdicts[name] = { file, commit, ...verdict };
    record(verdicts);
  });
  const alive = chosen.filter(({ name }) => verdicts[name]?.outcome !== 'killed');
  expect(alive.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});

/** Of mutants that are in the list, in its order. */
const record = (verdicts: Record<string, Recorded>): void => {
  const known = allMutants.flatMap(({ name }) => {
    const verdict = verdicts[name];
    return verdict === undefined ? [] : [[name, verdict] as const];
  });
  const alive = known.filter(([, { outcome }]) => outcome !== 'killed');
  const result = {
    cases: known.length,
    failures: alive.length,
    listed: allMutants.length,
    verdicts: Object.fromEntries(known),
  };
  recordSoak('mutants', result);
};

const readRecord = (): Record<string, Recorded> => {
  if (!existsSync(path)) return {};
  const { verdicts } = JSON.parse(readFileSync(path, 'utf8')) as {
    verdicts: Record<string, Recorded>;
  };
  return verdicts;
};

const detailOf = (verdict: Verdict): string => {
  if (verdict.outcome === 'killed') return ` (${verdict.by})`;
  return verdict.outcome === 'broken' ? ` (${verdict.why})` : '';
};
