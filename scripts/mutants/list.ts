/** All mutants. Each must be killed: scripts/mutants/mutants.soak.ts. */
import { coreMutants } from './core-mutants.ts';
import { monitorMutants } from './monitor-mutants.ts';
import type { Mutant } from './mutant.ts';
import { policyMutants } from './policy-mutants.ts';
import { recordMutants } from './record-mutants.ts';
import { sealMutants } from './seal-mutants.ts';
import { serverMutants } from './server-mutants.ts';
import { tracerMutants } from './tracer-mutants.ts';

export const allMutants: readonly Mutant[] = [
  ...coreMutants,
  ...sealMutants,
  ...policyMutants,
  ...serverMutants,
  ...monitorMutants,
  ...tracerMutants,
  ...recordMutants,
];
