/** Every workload. Add one: a file beside this one, a line here (CONTRIBUTING.md). */
import { awk } from './awk.ts';
import { counter } from './counter.ts';
import { gzip } from './gzip.ts';
import { jacobi } from './jacobi.ts';
import { ledger } from './ledger.ts';
import { naps } from './naps.ts';
import { sha256sum } from './sha256sum.ts';
import { sort } from './sort.ts';
import { sqlite3 } from './sqlite3.ts';
import type { Workload } from './types.ts';

export const workloads: readonly Workload[] = [
  jacobi,
  counter,
  ledger,
  naps,
  sha256sum,
  gzip,
  sort,
  awk,
  sqlite3,
];

export function workloadByName(name: string): Workload | undefined {
  return workloads.find((workload) => workload.name === name);
}
