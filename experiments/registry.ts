/** Every experiment. Add one: a file beside this one, a line here (CONTRIBUTING.md). */
import { hostsCompare } from './hosts-compare.ts';
import { policyCompare } from './policy-compare.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import { twoFaultMap } from './two-fault-map.ts';
import type { Experiment } from './types.ts';

export const experiments: readonly Experiment[] = [
  timeoutSweep,
  hostsCompare,
  policyCompare,
  twoFaultMap,
];

export function experimentByName(name: string): Experiment | undefined {
  return experiments.find((experiment) => experiment.name === name);
}
