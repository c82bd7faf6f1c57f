/** The NFS server of `tmr run`, as a child process that cannot outlive it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAddress } from '../monitor/addresses.ts';
import { StartError } from '../monitor/errors.ts';
import type { Address } from '../wire/messages.ts';

const START_MS = 10_000;
/** Time to leave on SIGTERM. */
const STOP_MS = 1000;

export class LocalFileServer {
  /** Where it listens, once it says so. Rejects with StartError. */
  readonly address: Promise<Address>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  /** `secretFd` is inherited as descriptor 3. */
  constructor(options: { root: string; secretFd: number }) {
    const script = fileURLToPath(new URL('tmr.js', import.meta.url));
    const args = [script, 'nfs', '--export', options.root, '--listen', '127.0.0.1:0'];
    args.push('--secret-fd', '3', '--parent-death', String(process.pid));
    const child = spawn(process.execPath, args, {
      // A group of its own: the terminal's Ctrl-C and Ctrl-Z are for the monitor.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', options.secretFd],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    this.address = announced(child);
    // Told where it is awaited; until then no unhandled rejection.
    this.address.catch(() => undefined);
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(timer);
  }
}

/** The address in the line `tmr nfs: listening on HOST:PORT`. */
function announced(child: ChildProcess): Promise<Address> {
  return new Promise((resolve, reject) => {
    let told = '';
    let complaints = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new StartError(`the NFS server did not start: ${complaints.trim() || why}`));
    };
    const timer = setTimeout(() => fail(`no word of it within ${START_MS} ms`), START_MS);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const match = /listening on (\S+)\r?\n/.exec(told);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(parseAddress(match[1], 'the NFS server'));
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended (${signal ?? `exit status ${code}`})`));
  });
}
