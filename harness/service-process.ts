/** A daemon of tmr as a child process that ends with us and says where it listens. */
import { spawn, type ChildProcess } from 'node:child_process';
import { tmrScript } from './entry-points.ts';

const START_MS = 20_000;
/** Time to leave on SIGTERM before SIGKILL. */
const STOP_MS = 2000;

export class ServiceProcess {
  /** `HOST:PORT` once it says so. */
  readonly address: Promise<string>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  /** `args`: a subcommand of tmr and its options. */
  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [tmrScript(), ...args, '--parent-death'], {
      // A group of its own: the terminal's Ctrl-C is for the campaign, which stops this in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    this.address = announced(child, `tmr ${args[0]}`);
    this.address.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (!this.alive) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(timer);
  }

  /** At once, for the exit of this process. */
  kill(): void {
    if (this.alive) this.#child.kill('SIGKILL');
  }
}

/** The address in the line `...: listening on HOST:PORT`. */
function announced(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = '';
    let complaints = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      const said = complaints.trim();
      reject(new Error(`${name} did not start: ${why}${said === '' ? '' : `: ${said}`}`));
    };
    const timer = setTimeout(() => fail(`no word of it within ${START_MS} ms`), START_MS);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const address = /listening on (\S+)\r?\n/.exec(told)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended (${signal ?? `exit status ${code}`})`));
  });
}
