/** Counts of a sweep, and the floors below which they may not fall unnoticed. */
import { stratumOf } from './cases.ts';
import type { CaseResult } from './sweep.ts';

export const RENDEZVOUS_MIN = 41;
export const CASES_MIN = 8160;
export const STRATA_MIN = 47;
/** Of the slice that each change runs. */
export const SLICE_MIN = 200;

export interface Tally {
  cases: number;
  failures: number;
  /** Cases whose fault became visible. */
  activated: number;
  outcomes: Record<string, number>;
  /** By kind and phase: cases, and those whose fault became visible. */
  strata: Record<string, { cases: number; activated: number }>;
  violations: string[];
  unknown: string[];
  /** Against the simulator: equal decisions, those that differ for a reason of parity.ts, and all others. */
  parity: { same: number; explained: Record<string, number>; different: string[] };
}

export function tallyOf(results: readonly CaseResult[]): Tally {
  const tally: Tally = {
    cases: results.length,
    failures: 0,
    activated: 0,
    outcomes: {},
    strata: {},
    violations: [],
    unknown: [],
    parity: { same: 0, explained: {}, different: [] },
  };
  for (const result of results) {
    const stratum = (tally.strata[stratumOf(result.case)] ??= { cases: 0, activated: 0 });
    stratum.cases += 1;
    tally.outcomes[result.outcome] = (tally.outcomes[result.outcome] ?? 0) + 1;
    if (result.activated) {
      tally.activated += 1;
      stratum.activated += 1;
    }
    if (result.violations.length > 0) tally.failures += 1;
    tally.violations.push(...result.violations.map((text) => `${result.case}: ${text}`));
    if (result.unknown !== null) tally.unknown.push(`${result.case}: ${result.unknown}`);
    countParity(result, tally.parity);
  }
  return tally;
}

function countParity({ parity: word }: CaseResult, parity: Tally['parity']): void {
  if (word.type === 'same') parity.same += 1;
  if (word.type === 'different') parity.different.push(word.text);
  if (word.type === 'explained') {
    parity.explained[word.reason] = (parity.explained[word.reason] ?? 0) + 1;
  }
}

/** Lines for people, each with the case, which is what replays it. */
export function problemsOf(result: CaseResult): string[] {
  const words = [
    ...result.violations,
    ...(result.unknown === null ? [] : [`unknown: ${result.unknown}`]),
  ];
  return words.map((text) => `${result.case}: ${text}`);
}
