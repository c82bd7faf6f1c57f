/** All mutants. Each must be killed: scripts/mutants/mutants.soak.ts. */
import { coreMutants } from './core-mutants.ts';
import type { Mutant } from './mutant.ts';
import { recordMutants } from './record-mutants.ts';
import { serviceMutants } from './service-mutants.ts';

export const allMutants: readonly Mutant[] = [...coreMutants, ...serviceMutants, ...recordMutants];
