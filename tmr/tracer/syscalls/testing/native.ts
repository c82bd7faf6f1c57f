/** What a program does natively, to be compared with what it does in a replica. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface NativeResult {
  status: number | undefined;
  signal: string | undefined;
  stdout: Buffer;
  stderr: Buffer;
}

export const environment = (cwd: string): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C.UTF-8',
  HOME: cwd,
});

/** In a process group of its own, as a replica is. */
export function runNatively(
  command: readonly [string, ...string[]],
  cwd: string,
  stdin: Buffer = Buffer.alloc(0),
): NativeResult {
  // Node's own stdin pipe is a socket, which /dev/stdin cannot open.
  const ran = spawnSync('/bin/sh', ['-c', 'cat | setsid -w "$@"', 'sh', ...command], {
    cwd,
    input: stdin,
    env: environment(cwd),
    timeout: 30_000,
  });
  if (ran.error !== undefined) throw ran.error;
  return {
    status: ran.status ?? undefined,
    signal: ran.signal ?? undefined,
    stdout: ran.stdout,
    stderr: ran.stderr,
  };
}

/** Names, types, modes, contents, link targets and counts below `root`; no times, no ids. */
export function snapshot(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = join(below, name);
    const full = join(root, path);
    const stat = lstatSync(full);
    const mode = stat.mode.toString(8);
    if (stat.isSymbolicLink()) found[path] = `${mode} ${readlinkSync(full)}`;
    else if (stat.isDirectory()) Object.assign(found, { [path]: mode }, snapshot(root, path));
    else if (!stat.isFile()) found[path] = mode;
    else {
      const digest = createHash('sha256').update(readFileSync(full)).digest('hex');
      found[path] = `${mode} ${stat.nlink} ${stat.size} ${digest}`;
    }
  }
  return found;
}

/** Runs `use` in a copy of `template` that has the same path each time, so that outputs may name it. */
export class Workplace {
  readonly root = mkdtempSync('/tmp/tmr-solo-');
  readonly template = join(this.root, 'template');
  readonly directory = join(this.root, 'work');

  constructor(fill: (directory: string) => void) {
    mkdirSync(this.template);
    fill(this.template);
  }

  fresh(): string {
    rmSync(this.directory, { recursive: true, force: true });
    cpSync(this.template, this.directory, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    return this.directory;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Compiles a guest of testing/guests into `directory`. */
export function compileGuest(name: string, directory: string): string {
  const source = join(import.meta.dirname, 'guests', `${name}.c`);
  const output = join(directory, name);
  const ran = spawnSync('gcc', ['-O1', '-w', '-o', output, source], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`gcc cannot compile ${source}: ${ran.stderr}`);
  return output;
}
