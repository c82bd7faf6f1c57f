/**
 * All runs of the table in runs.ts, each exhaustive. Resumable: what was found
 * is journalled in results/soak/, and a search is not repeated while its model and its macros are the same.
 *
 *     npm run test:soak -- tmr/core/model
 *     TMR_MODEL_RUNS='two faults' ...    only runs with that text in their name; nothing is recorded
 *     TMR_SOAK_JOBS=1 ...                one search at a time; each takes up to 4 GB
 *     TMR_SOAK_MINUTES=20 ...            no search begins after that; what is there is recorded, the test fails
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordSoak } from '../../../scripts/record-soak.ts';
import { runs } from './runs.ts';
import type { Run } from './runs.ts';
import { verify } from './spin.ts';
import type { Found } from './spin.ts';

const only = process.env['TMR_MODEL_RUNS'] ?? '';
const jobs = Number(process.env['TMR_SOAK_JOBS'] ?? 2);
const limits = { timeoutMs: 1_200_000, memoryMiB: 4000, optimise: '-O0' } as const;

const minutes = Number(process.env['TMR_SOAK_MINUTES'] ?? Infinity);

/** So that the table cannot shrink unnoticed. */
const RUNS_MIN = 144;
const STATES_MIN = 30_000_000;

interface Entry extends Omit<Found, 'trace' | 'verdict'> {
  name: string;
  macros: Run['macros'];
  expected: Run['expected'];
  found: Found['verdict'];
  asExpected: boolean;
}

const chosen = runs.filter(({ name }) => name.includes(only));
const journal = journalFile();

describe('the model of the protocol', () => {
  it('keeps its properties, and loses one without each rule that is needed', async () => {
    const entries = await inTurns();
    const failed = entries.filter((entry) => !entry.asExpected);
    const states = entries.reduce((sum, entry) => sum + entry.states, 0);
    const record = {
      cases: entries.length,
      planned: chosen.length,
      failures: failed.length,
      states,
      exhaustive: entries.filter((entry) => entry.exhaustive).length,
      violated: entries.filter((entry) => entry.found === 'violated').length,
      entries,
    };
    if (only === '') recordSoak('model', record);
    expect(failed).toEqual([]);
    expect(entries.length).toBe(chosen.length);
    const whole = only === '';
    expect(entries.length).toBeGreaterThanOrEqual(whole ? RUNS_MIN : 1);
    expect(states).toBeGreaterThanOrEqual(whole ? STATES_MIN : 1);
  });
});

async function inTurns(): Promise<Entry[]> {
  const queue = [...chosen];
  const entries = new Map<string, Entry>();
  const known = readJournal();
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      const inTime = performance.now() - startMs < minutes * 60_000;
      const entry = known.get(keyOf(run)) ?? (inTime ? await search(run) : undefined);
      if (entry !== undefined) entries.set(run.name, entry);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return chosen.flatMap(({ name }) => entries.get(name) ?? []);
}

async function search(run: Run): Promise<Entry> {
  const { verdict, trace: _trace, ...found } = await verify(run, limits);
  const entry: Entry = {
    name: run.name,
    macros: run.macros,
    expected: run.expected,
    found: verdict,
    ...found,
    seconds: Math.round(found.seconds * 10) / 10,
    asExpected: verdict === run.expected && found.property === (run.violates ?? ''),
  };
  if (entry.asExpected) appendFileSync(journal, `${JSON.stringify(entry)}\n`);
  process.stdout.write(`${JSON.stringify(entry)}\n`);
  return entry;
}

function keyOf({ name, macros, expected }: Pick<Entry, 'name' | 'macros' | 'expected'>) {
  return JSON.stringify([name, macros, expected]);
}

/** One file for each text of the model. */
function journalFile(): string {
  const directory = join(import.meta.dirname, '../../../results/soak');
  mkdirSync(directory, { recursive: true });
  const model = readFileSync(join(import.meta.dirname, 'tmr.pml'));
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 12);
  return join(directory, `model-${hash}.jsonl`);
}

function readJournal(): Map<string, Entry> {
  if (!existsSync(journal)) return new Map();
  const entries = readFileSync(journal, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
  return new Map(entries.map((entry) => [keyOf(entry), entry]));
}
