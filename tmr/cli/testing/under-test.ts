/** `tmr run` as a user starts it, with its ends in the hands of a test. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Report } from '../../monitor/report-schema.ts';

export const tmrCommand = fileURLToPath(new URL('../../../dist/tmr.js', import.meta.url));

/** A directory of the test's own. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'tmr-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The path of one that goes with the test that asks for it. */
export function directoryOfTest(): string {
  const { path, remove } = temporaryDirectory();
  onTestFinished(remove);
  return path;
}

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs to the end; `input` is the whole of standard input, through a pipe. */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd: string; input?: Buffer; env?: NodeJS.ProcessEnv },
): Ended {
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    maxBuffer: 1 << 28,
    timeout: 60_000,
    ...options,
  });
  return { status, signal, stdout, stderr: stderr.toString() };
}

export const runReplicated = (
  command: readonly string[],
  options: Parameters<typeof runToEnd>[2],
  flags: readonly string[] = [],
): Ended => runToEnd(process.execPath, [tmrCommand, 'run', ...flags, '--', ...command], options);

/** What `tmr status --json` tells of one session. */
export interface SessionStatus {
  session: string;
  state: string;
  secretFile: string;
  monitor: { pid: number; address: { host: string; port: number } };
  nfs: { pid: number; address: { host: string; port: number } };
  replicas: {
    replica: number;
    sessionPid: number;
    replicaPids: number[];
    address: { host: string; port: number };
    state: string;
  }[];
}

/** A replicated program that is talked to line by line. */
export class Conversation {
  readonly child: ChildProcess;
  readonly #reportFile: string;
  readonly #directory: string;
  #stdout = '';
  #stderr = '';
  #heard: () => void = () => {};

  constructor(directory: string, flags: readonly string[], command: readonly string[]) {
    this.#directory = directory;
    this.#reportFile = join(directory, 'report.json');
    const args = [tmrCommand, 'run', '--report', this.#reportFile, ...flags, '--', ...command];
    this.child = spawn(process.execPath, args, { cwd: directory, stdio: 'pipe' });
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.#stdout += bytes.toString();
      this.#heard();
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString();
    });
    this.child.on('close', () => this.#heard());
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Resolves when the output so far ends with `text`; rejects when the program ends before. */
  async hear(text: string): Promise<void> {
    while (!this.#stdout.endsWith(text)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`expected "${text}", got "${this.#stdout}" and the end: ${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** One line there and one back. */
  async exchange(line: string): Promise<void> {
    this.say(line);
    await this.hear(`${line}\n`);
  }

  status(): SessionStatus {
    const text = execFileSync(process.execPath, [tmrCommand, 'status', '--json']).toString();
    const { sessions } = JSON.parse(text) as { sessions: SessionStatus[] };
    const own = sessions.find((session) => session.monitor.pid === this.child.pid);
    if (own === undefined) throw new Error(`expected a session of pid ${this.child.pid}`);
    return own;
  }

  /** Ends standard input and waits for the end. */
  async end(): Promise<Ended & { report: Report }> {
    this.child.stdin?.end();
    const ended = await this.ended();
    const report = JSON.parse(readFileSync(this.#reportFile, 'utf8')) as Report;
    return { ...ended, report };
  }

  async ended(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null)
      await once(this.child, 'close');
    return {
      status: this.child.exitCode,
      signal: this.child.signalCode,
      stdout: Buffer.from(this.#stdout),
      stderr: this.#stderr,
    };
  }

  /** For a test that failed half-way. */
  destroy(): void {
    this.child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** False for a process that is gone or a zombie nobody has reaped yet. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Resolves when none of the processes lives; the test's own time-out is the bound. */
export async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
}
