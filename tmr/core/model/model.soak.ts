/**
 * All runs of the table in runs.ts, each exhaustive unless it is marked bitstate.
 *
 *     npm run test:soak -- tmr/core/model
 *     TMR_MODEL_RUNS='two faults' ...    only runs with that text in their name; nothing is recorded
 *     TMR_MODEL_JOBS=1 ...               one search at a time; each takes up to 4 GB
 */
import { describe, expect, it } from 'vitest';
import { recordSoak } from '../../../scripts/record-soak.ts';
import { runs } from './runs.ts';
import type { Run } from './runs.ts';
import { verify } from './spin.ts';
import type { Found } from './spin.ts';

const only = process.env['TMR_MODEL_RUNS'] ?? '';
const jobs = Number(process.env['TMR_MODEL_JOBS'] ?? 2);
const limits = { timeoutMs: 1_200_000, memoryMiB: 4000, optimise: '-O0' } as const;
/** A bitstate run is stopped after this long; what it saw by then counts. */
const bitstateMs = Number(process.env['TMR_MODEL_BITSTATE_MS'] ?? 120_000);

/** So that the table cannot shrink unnoticed. */
const RUNS_MIN = 100;
const STATES_MIN = 8_000_000;

describe('the model of the protocol', () => {
  it('keeps its properties, and loses one without each rule that is needed', async () => {
    const chosen = runs.filter(({ name }) => name.includes(only));
    const entries = await inTurns(chosen);
    const failures = entries.filter((entry) => !entry.asExpected);
    const states = entries.reduce((sum, entry) => sum + entry.states, 0);
    if (only === '') {
      const exhaustive = entries.filter((entry) => entry.exhaustive).length;
      const violated = entries.filter((entry) => entry.found === 'violated').length;
      recordSoak('model', {
        cases: entries.length,
        failures: failures.length,
        ...{ states, exhaustive, violated, entries },
      });
      expect(entries.length).toBeGreaterThanOrEqual(RUNS_MIN);
      expect(states).toBeGreaterThanOrEqual(STATES_MIN);
    }
    expect(failures).toEqual([]);
  });
});

async function inTurns(chosen: readonly Run[]) {
  const queue = chosen.map((run, index) => ({ run, index }));
  const entries: ReturnType<typeof entryOf>[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { run, index } = next;
      const timeoutMs = run.search === 'bitstate' ? bitstateMs : limits.timeoutMs;
      const entry = entryOf(run, await verify(run, { ...limits, timeoutMs }));
      entries[index] = entry;
      process.stdout.write(`${JSON.stringify(entry)}\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return entries;
}

/** A bitstate search that sees no violation shows none; it may have been stopped before its end. */
function entryOf(run: Run, { trace: _trace, ...found }: Found) {
  const { verdict, property, seconds, ...counts } = found;
  const asExpected =
    verdict === run.expected ||
    (run.search === 'bitstate' && run.expected === 'holds' && verdict === 'unfinished');
  return {
    name: run.name,
    macros: run.macros,
    search: run.search,
    expected: run.expected,
    found: verdict,
    ...(property === '' ? {} : { property }),
    ...counts,
    seconds: Math.round(seconds * 10) / 10,
    asExpected,
  };
}
