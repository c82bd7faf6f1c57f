import { constants, copyFileSync, chmodSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { RunnableWorkload } from '../../harness/types.ts';
import type { WorkloadSize } from '../types.ts';
import { buildProgram } from './build.ts';
import { customName } from './custom-name.ts';
import { findProgram } from './find-program.ts';
import { makeInput } from './input.ts';
import type { Workload } from './types.ts';

/** Builds, makes the input, and says how to run it. Throws when a program is not installed. */
export function makeRunnable(
  workload: Workload,
  size: WorkloadSize,
  cacheDirectory: string,
): RunnableWorkload {
  const programs = workload.needs.map((need) => {
    const found = findProgram(need.program);
    if (found !== undefined) return found;
    throw new Error(
      `workload ${workload.name} needs the program ${need.program}, which is not installed; ` +
        `apt install ${need.package}, or leave it out with --workloads`,
    );
  });
  const { build, input } = workload;
  const program = build && buildProgram(build.source, build.libraries, cacheDirectory);
  const inputFile = input && join(cacheDirectory, `${input.kind}-${input.bytes[size]}`);
  if (input && inputFile) makeInput(inputFile, input.kind, input.bytes[size]);
  return {
    name: workload.name,
    command: workload.command[size],
    ...(workload.environment && { environment: workload.environment }),
    fillVolume: async (directory) => {
      if (program) {
        copyFileSync(program, join(directory, basename(program)));
        chmodSync(join(directory, basename(program)), 0o755);
      }
      // A reflink where the file system has them, else a copy: the cache must never be written.
      if (input && inputFile) {
        copyFileSync(inputFile, join(directory, input.file), constants.COPYFILE_FICLONE);
      }
    },
    deterministic: workload.deterministic,
    programs: program ? [program] : programs,
  };
}

/**
 * A workload from the command line: each trial gets a copy of the current directory. Its output is
 * compared with its golden run only, since nobody declared it deterministic.
 *
 * @param leaveOut not copied (the results lie there and grow).
 */
export function customWorkload(
  command: string[],
  directory: string,
  leaveOut: string,
): RunnableWorkload {
  const name = command[0] ?? '';
  const program = name.includes('/') ? resolve(directory, name) : findProgram(name);
  if (program === undefined) {
    throw new Error(
      `--workload-command: no program '${name}' in PATH; write ./${name} if it is here`,
    );
  }
  const excluded = resolve(leaveOut);
  const isExcluded = (path: string): boolean =>
    path === excluded || path.startsWith(excluded + sep);
  return {
    name: customName,
    command,
    fillVolume: (volume) =>
      cp(directory, volume, {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
        mode: constants.COPYFILE_FICLONE,
        filter: (source) => !isExcluded(source),
      }),
    deterministic: false,
    programs: [program],
  };
}
