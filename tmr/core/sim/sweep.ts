/** Sweeps: lists of faults under lists of settings, with counts per kind of what was tried and found. */
import { checkSingleFault } from './properties.ts';
import type { Fault } from './faults.ts';
import { plainScenario } from './scenarios.ts';
import { runTrio } from './trio.ts';
import type { Scenario } from './trio.ts';

export type Setting = Omit<Partial<Scenario>, 'faults'>;

/** Per kind: sessions run, and those in which every fault of the case had its effect. */
export type Counts = Map<string, { sessions: number; struck: number }>;

/** Who is late, by how much: nobody, one, two, all differently. */
export const allSkews: readonly (readonly (readonly number[])[])[] = [
  [[0], [0], [0]],
  [[300], [0], [0]],
  [[0], [300], [0]],
  [[0], [0], [300]],
  [[300], [300], [0]],
  [[0], [150], [300]],
];

/** Delays of messages: all alike, and such that links differ. */
export const allDelays: readonly (readonly number[])[] = [[20], [100, 1, 50, 1]];

/** `dispute/` marks a fault within a dispute that another fault of the same part brought about. */
export const kindOfCase = (faults: readonly Fault[]): string =>
  faults.length > 1 ? `dispute/${faults.at(-1)?.kind}` : (faults[0]?.kind ?? 'none');

/** Runs every case under every setting; returns the violations, each with its replay. */
export const sweep = (
  cases: readonly (readonly Fault[])[],
  settings: readonly Setting[],
  counts: Counts,
): string[] => {
  const failures: string[] = [];
  for (const setting of settings) {
    for (const faults of cases) {
      const scenario: Scenario = { ...plainScenario, ...setting, faults };
      const result = runTrio(scenario);
      count(counts, kindOfCase(faults), result.struck.size === faults.length);
      for (const { property, text } of checkSingleFault(result)) {
        failures.push(`${property} ${text}: ${JSON.stringify({ ...setting, faults })}`);
      }
    }
  }
  return failures;
};

const count = (counts: Counts, kind: string, struck: boolean): void => {
  const entry = counts.get(kind) ?? { sessions: 0, struck: 0 };
  entry.sessions += 1;
  if (struck) entry.struck += 1;
  counts.set(kind, entry);
};

/** The counts as lines of a table. */
export const countsTable = (counts: Counts): string =>
  [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { sessions, struck }]) => `${kind.padEnd(28)}${pad(sessions)}${pad(struck)}`)
    .join('\n');

const pad = (value: number): string => String(value).padStart(9);
