/**
 * 100,000 random sessions over all properties, and the whole sweep; what is drawn differs with the
 * seed that is recorded. Replay one: `TMR_FC_SEED=... npx vitest run --mode soak tmr/core`.
 */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordSoak } from '../../scripts/record-soak.ts';
import { everyDispute, everyFault } from './sim/fault-list.ts';
import type { Program } from './sim/program.ts';
import { linesOf, sessionProperties } from './sim/session-properties.ts';
import { allDelays, allSkews, sweep } from './sim/sweep.ts';
import type { Counts, Setting } from './sim/sweep.ts';
import { noTransitions } from './sim/watched-core.ts';

const SESSIONS_MIN = 100_000;
const seed = Number(process.env.TMR_FC_SEED ?? Date.now() % 2 ** 31);

const programs: readonly Program[] = [
  ['exec', 'write', 'clock', 'output', 'exit'],
  ['exec', 'read', 'input', 'write', 'exit'],
  ['exec', 'local', 'output', 'read', 'clock', 'write', 'exit'],
];

it('finds no violation in 100,000 sessions, nor in the whole sweep', () => {
  const transitions = noTransitions();
  const failures: string[] = [];
  const kinds: Record<string, number> = {};
  const planned = sessionProperties.reduce((sum, { runs }) => sum + runs, 0);
  const scale = Math.ceil(SESSIONS_MIN / planned);
  for (const property of sessionProperties) {
    const title = `${property.group}: ${property.title}`;
    let sessions = 0;
    const outcome = fc.check(
      fc.property(property.scenarios, (scenario) => {
        sessions += 1;
        expect(linesOf(property, scenario, transitions)).toEqual([]);
      }),
      { seed, numRuns: scale * property.runs },
    );
    kinds[title] = sessions;
    if (outcome.failed) failures.push(fc.defaultReportMessage(outcome) ?? title);
  }
  const swept = sweepAll(failures);
  const sessions = sum(Object.values(kinds));
  const sweptSessions = sum(Object.values(swept));
  const record = {
    cases: sessions + sweptSessions,
    failures: failures.length,
    seed,
    sessions,
    sweptSessions,
    kinds,
    swept,
    moves: Object.fromEntries(sorted(transitions.moves)),
    words: Object.fromEntries(sorted(transitions.words)),
  };
  recordSoak('simulator', record);
  expect(failures.slice(0, 10)).toEqual([]);
  expect(sessions).toBeGreaterThanOrEqual(SESSIONS_MIN);
  expect(sweptSessions).toBeGreaterThanOrEqual(350_000);
});

/** Sessions per kind. */
const sweepAll = (failures: string[]): Record<string, number> => {
  const counts: Counts = new Map();
  for (const program of programs) {
    for (const detect of ['any', 'timeout-only'] as const) {
      const settings = allSkews.flatMap((skewsNs) =>
        allDelays.map((delaysNs): Setting => ({
          program,
          detect,
          skewsNs,
          delaysNs,
          clockOffsetsNs: [0, 700, 1400],
        })),
      );
      for (const at of program.keys()) {
        const single = everyFault(at).map((fault) => [fault]);
        failures.push(...sweep(single, settings, counts));
        failures.push(...sweep(everyDispute(at), settings, counts));
      }
    }
  }
  return Object.fromEntries(sorted(counts).map(([kind, { sessions }]) => [kind, sessions]));
};

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
