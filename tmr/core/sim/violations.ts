/** The violations of a scenario as lines, for `expect(...).toEqual([])`. */
import { checkNeverWrongSilently, checkSingleFault } from './properties.ts';
import type { Violation } from './properties.ts';
import { runTrio } from './trio.ts';
import type { Scenario } from './trio.ts';

/** P1 to P5. */
export const violationsOf = (scenario: Scenario): string[] =>
  lines(checkSingleFault(runTrio(scenario)));

/** P6. */
export const wrongOutputsOf = (scenario: Scenario): string[] =>
  lines(checkNeverWrongSilently(runTrio(scenario)));

const lines = (violations: readonly Violation[]): string[] =>
  violations.map(({ property, text }) => `${property} ${text}`);
