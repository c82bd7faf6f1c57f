/**
 * A slice of the exhaustive list on real processes, another one with each commit. One case again:
 *
 *     TMR_CASES='replica-kill:replica=2,...' npx vitest run harness/tolerance/slice
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { everyCase } from './cases.ts';
import { CASES_MIN, problemsOf, RENDEZVOUS_MIN, SLICE_MIN, STRATA_MIN, tallyOf } from './floors.ts';
import { sliceOf } from './slice.ts';
import { Sweep, type CaseResult } from './sweep.ts';

const jobs = 2;
const given = process.env['TMR_CASES']?.split(' ');
/** Fewer where the whole slice has been run already, as another user. */
const size = Number(process.env['TMR_SLICE'] ?? SLICE_MIN);

describe('single faults on real processes', () => {
  it('keep P1 to P5 in a slice of every kind, target and phase', async () => {
    const sweep = await Sweep.open(jobs);
    try {
      const all = everyCase(sweep.program);
      expect(sweep.program.rendezvous).toBeGreaterThanOrEqual(RENDEZVOUS_MIN);
      expect(all.length).toBeGreaterThanOrEqual(CASES_MIN);
      const cases = given ?? sliceOf(all, size, commit());
      const results: CaseResult[] = [];
      await sweep.run(cases, jobs, (result) => results.push(result));
      const tally = tallyOf(results);
      process.stdout.write(
        `${tally.cases} cases, ${tally.activated} activated, ${JSON.stringify(tally.outcomes)}, ` +
          `${tally.parity.same} decided as in the simulator, the others for a reason of parity.ts\n` +
          results
            .flatMap(problemsOf)
            .map((line) => `${line}\n`)
            .join(''),
      );
      expect(tally.violations).toEqual([]);
      expect(tally.parity.different).toEqual([]);
      // Harness errors and bounds that a crowded machine did not let be judged.
      expect(tally.unknown.length).toBeLessThanOrEqual(cases.length / 20);
      if (given !== undefined) return;
      expect(tally.cases).toBeGreaterThanOrEqual(size);
      expect(Object.keys(tally.strata).length).toBeGreaterThanOrEqual(STRATA_MIN);
      expect(tally.activated / tally.cases).toBeGreaterThan(0.85);
      expect(tally.parity.same / tally.cases).toBeGreaterThan(0.7);
    } finally {
      await sweep.close();
    }
  }, 600_000);
});

/** Outside a repository (a tarball) the slice is always the same. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'no repository';
  }
}
