/** Compiles the programs of guests/ for the tests, and starts them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import {
  spawn,
  StopKind,
  type Exited,
  type ResumeHow,
  type Running,
  type SpawnOptions,
  type Stopped,
} from './index.js';

const sources = fileURLToPath(new URL('./guests/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'ptrace-napi-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const built = new Map<string, string>();

/** Path of the executable of guests/NAME.c, compiled once per test file. */
export function guest(name: string): string {
  let path = built.get(name);
  if (path === undefined) {
    path = join(directory, name);
    execFileSync('gcc', ['-O1', '-w', '-o', path, join(sources, `${name}.c`)]);
    built.set(name, path);
  }
  return path;
}

/**
 * Whether rdtsc is trapped when a program asks for it without any of ours: some virtual machines take the
 * request and trap nothing.
 */
export function machineTrapsTsc(): boolean {
  return spawnSync(guest('own-tsc-trap')).status === 0;
}

/** Whether this kernel has the i386 entry (int 0x80): without it the instruction is a SIGSEGV. */
export function kernelHasI386(): boolean {
  return spawnSync(guest('foreign-call'), ['i386']).signal !== 'SIGSEGV';
}

/** A path in the directory that goes away with the tests. */
export function scratch(name: string): string {
  return join(directory, name);
}

/** Starts guests/NAME.c; what `options` do not say is ordinary. */
export function start(
  name: string,
  args: readonly string[] = [],
  options: Partial<SpawnOptions> = {},
): Stopped {
  return spawn({
    file: guest(name),
    args: [name, ...args],
    env: [],
    cwd: '/',
    stdio: [0, 1, 2],
    ...options,
  });
}

/** Every call number that this kernel might know, but those given. */
export function allBut(...traced: number[]): number[] {
  return Array.from({ length: 512 }, (_, number) => number).filter((n) => !traced.includes(n));
}

/** How a tracee ended. */
export interface Ending {
  exitCode: number;
  signal: number;
}

/** Runs to the end; `onStop` sees every stop, and says which signal is delivered. */
export function traceOut(
  tracee: Stopped,
  how: ResumeHow,
  onStop: (stop: Stopped) => number | undefined,
): Ending {
  let now = tracee;
  let signal = 0;
  for (;;) {
    const next = now.resumeAndWait(how, signal);
    if (next.state === 'exited') return { exitCode: next.exitCode, signal: next.signal };
    now = stopped(next);
    signal = onStop(now) ?? 0;
  }
}

/** Runs to the end, delivering signals. */
export function runOut(tracee: Stopped): Ending {
  return traceOut(tracee, 'cont', (stop) => (stop.kind === StopKind.signal ? stop.signal : 0));
}

/** As `Stopped`, or an error that says what came instead. */
export function stopped(tracee: Stopped | Running | Exited): Stopped {
  if (tracee.state !== 'stopped') throw new Error(`expected a stop, it is ${tracee.state}`);
  return tracee;
}

/** As `Exited`, or an error that says what came instead. */
export function exited(tracee: Stopped | Running | Exited): Exited {
  if (tracee.state !== 'exited') throw new Error(`expected the end, it is ${tracee.state}`);
  return tracee;
}

/** Runs `use` with a descriptor of a new file and returns what was written there. */
export function captured(name: string, use: (fd: number) => void): string {
  const path = scratch(name);
  const fd = openSync(path, 'w');
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
  return readFileSync(path, 'utf8');
}

/** False when the process is gone or a zombie: an orphan stays one until PID 1 looks. */
export function alive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(status.slice(status.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Code of the PtraceError that `action` throws. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'nothing thrown';
}
