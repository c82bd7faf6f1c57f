import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../project-root.ts';

/** One optimisation level, no contraction: the same operations on every x86-64 machine. */
const flags = ['-std=c17', '-O2', '-ffp-contract=off', '-Wall', '-Wextra'];

/**
 * Compiles workloads/src/`source` into the cache, unless that very source, compiler and flags are
 * there already. Returns the program's path. Throws with the compiler's words.
 */
export function buildProgram(source: string, libraries: string[], cacheDirectory: string): string {
  const file = join(projectRoot(), 'experiments', 'workloads', 'src', source);
  const name = source.replace(/\.c$/, '');
  const args = [...flags, '-o', name, file, ...libraries.map((library) => `-l${library}`)];
  const key = createHash('sha256')
    .update(readFileSync(file))
    .update(JSON.stringify([flags, libraries, compilerVersion()]))
    .digest('hex')
    .slice(0, 16);
  const directory = join(cacheDirectory, `build-${key}`);
  const program = join(directory, name);
  if (existsSync(program)) return program;
  const partial = `${directory}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    execFileSync('cc', args, { cwd: partial, stdio: ['ignore', 'pipe', 'pipe'] });
    renameInto(partial, directory);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    const words = (error as { stderr?: Buffer }).stderr?.toString().trim();
    throw new Error(`cannot compile workload ${name}: ${words || (error as Error).message}`, {
      cause: error,
    });
  }
  return program;
}

function compilerVersion(): string {
  try {
    return execFileSync('cc', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  } catch {
    throw new Error(
      'no C compiler found, and this workload ships as source; install one: apt install gcc libc6-dev',
    );
  }
}

/** Another process may have built the same at the same time; then its copy stays. */
function renameInto(partial: string, directory: string): void {
  try {
    renameSync(partial, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
}
