/**
 * Every case of the list on real processes (ARCHITECTURE.md, single-fault tolerance). Resumable: results
 * are journalled by commit in results/soak/, and a run that was cut off goes on where it was.
 *
 *     npm run test:soak -- harness/tolerance
 *     TMR_SOAK_JOBS=1 TMR_SOAK_CASES='replica-kill' ...    fewer at a time; only cases with that text
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordSoak } from '../../scripts/record-soak.ts';
import { everyCase } from './cases.ts';
import { CASES_MIN, problemsOf, RENDEZVOUS_MIN, tallyOf, type Tally } from './floors.ts';
import { Sweep, type CaseResult } from './sweep.ts';

const root = join(import.meta.dirname, '..', '..');
const jobs = Number(process.env['TMR_SOAK_JOBS'] ?? availableParallelism());
const only = process.env['TMR_SOAK_CASES'] ?? '';

describe('every single fault at every rendezvous, on real processes', () => {
  it('keeps P1 to P5', async () => {
    const sweep = await Sweep.open(jobs);
    try {
      const all = everyCase(sweep.program);
      expect(sweep.program.rendezvous).toBeGreaterThanOrEqual(RENDEZVOUS_MIN);
      expect(all.length).toBeGreaterThanOrEqual(CASES_MIN);
      const cases = all.filter((text) => text.includes(only));
      const journal = journalOf();
      const results = new Map(readJournal(journal).map((result) => [result.case, result]));
      const open = cases.filter((text) => !results.has(text));
      const startedMs = Date.now();
      let done = 0;
      await sweep.run(open, jobs, (result) => {
        results.set(result.case, result);
        appendFileSync(journal, `${JSON.stringify(result)}\n`);
        done += 1;
        const leftS = Math.round(((Date.now() - startedMs) / done / 1000) * (open.length - done));
        for (const text of problemsOf(result)) process.stdout.write(`${text}\n`);
        if (done % 200 === 0) {
          process.stdout.write(`${done}/${open.length}, ${leftS} s left\n`);
          leave(results, cases);
        }
      });
      const tally = leave(results, cases);
      process.stdout.write(`${JSON.stringify(tally, null, 2)}\n`);
      expect(tally.cases).toBe(cases.length);
      expect(tally.violations).toEqual([]);
      expect(tally.parity.different).toEqual([]);
      expect(tally.unknown.length / tally.cases).toBeLessThan(0.02);
    } finally {
      await sweep.close();
    }
  });
});

/** What was run so far, beside what was planned: a run that is cut off leaves that. */
function leave(results: ReadonlyMap<string, CaseResult>, cases: readonly string[]): Tally {
  const tally = tallyOf(cases.flatMap((text) => results.get(text) ?? []));
  const planned = cases.length;
  if (only === '') recordSoak('exhaustive', { planned, ...tally, jobs, loadAverage: loadavg() });
  return tally;
}

/** One file a state of the tree, what is not committed counted: results of other code, or of another judge, are not this one's. */
function journalOf(): string {
  const git = (...argv: string[]): string =>
    execFileSync('git', argv, { cwd: root, encoding: 'utf8' }).trim();
  const directory = join(root, 'results', 'soak');
  mkdirSync(directory, { recursive: true });
  const parts = ['tmr', 'faults', 'harness'];
  const tree = createHash('sha256');
  for (const part of parts) tree.update(git('rev-parse', `HEAD:${part}`));
  tree.update(git('diff', 'HEAD', '--', ...parts));
  const untracked = git('ls-files', '--others', '--exclude-standard', '--', ...parts);
  for (const file of untracked.split('\n').filter((name) => name !== '')) {
    tree.update(file).update(readFileSync(join(root, file)));
  }
  return join(directory, `exhaustive-${tree.digest('hex').slice(0, 24)}.jsonl`);
}

/** A last line that was cut off is left out. */
function readJournal(path: string): CaseResult[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as CaseResult);
}
