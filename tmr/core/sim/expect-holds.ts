/** A property that fails with the violations as its message. */
import type { Violation } from './properties.ts';
import { checkSingleFault } from './properties.ts';
import { runTrio } from './trio.ts';
import type { Scenario } from './trio.ts';

export const violationsOf = (scenario: Scenario): Violation[] =>
  checkSingleFault(runTrio(scenario));

/** @throws Error that lists what P1-P5 found. */
export const expectHolds = (scenario: Scenario): void => refuseAny(violationsOf(scenario));

export const refuseAny = (violations: readonly Violation[]): void => {
  if (violations.length === 0) return;
  throw new Error(violations.map(({ property, text }) => `${property}: ${text}`).join('\n'));
};
