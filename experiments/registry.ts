/** Every experiment. Add one: a file beside this one, a line here (CONTRIBUTING.md). */
import { hostsCompare } from './hosts-compare.ts';
import { policyCompare } from './policy-compare.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import type { Experiment } from './types.ts';

export const experiments: readonly Experiment[] = [timeoutSweep, hostsCompare, policyCompare];

export function experimentByName(name: string): Experiment | undefined {
  return experiments.find((experiment) => experiment.name === name);
}
