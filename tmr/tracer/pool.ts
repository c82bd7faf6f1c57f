/**
 * The session processes of a daemon. A Node start costs some 50 ms of CPU, so processes are kept
 * and reused; one in which a session ended in any way but well is replaced (DESIGN.md 5).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SessionPlan } from '../wire/session-plan.ts';
import type { FromSessionProcess, ToSessionProcess } from './session-main.ts';
import type { SessionResult } from './session/session.ts';

export interface RunningSession {
  readonly pid: number;
  /** How it ended; `failed` when the process itself died. */
  readonly done: Promise<SessionResult & { code: number | null; signal: string | null }>;
  kill(): void;
}

interface Worker {
  child: ChildProcess;
  ready: Promise<void>;
}

export class SessionPool {
  readonly #entry: string;
  readonly #keepIdle: number;
  readonly #idle: Worker[] = [];
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  /** `keepIdle`: processes that wait for a session; `entry`: the bundled session-main. */
  constructor(options: { keepIdle: number; entry?: string }) {
    this.#keepIdle = options.keepIdle;
    this.#entry = options.entry ?? fileURLToPath(new URL('session.js', import.meta.url));
    this.#refill();
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Hands a plan to an idle process, or to a new one. */
  async start(plan: SessionPlan): Promise<RunningSession> {
    const worker = this.#idle.shift() ?? this.#spawn();
    await worker.ready;
    const { child } = worker;
    const done = new Promise<Awaited<RunningSession['done']>>((resolve) => {
      const onMessage = (message: FromSessionProcess) => {
        if (message.type !== 'done') return;
        child.off('exit', onExit);
        child.off('message', onMessage);
        this.#retire(worker, message.result);
        resolve({ ...message.result, code: null, signal: null });
      };
      const onExit = (code: number | null, signal: string | null) => {
        child.off('message', onMessage);
        this.#refill();
        const reason = `session process ended (${signal ?? `exit status ${code}`})`;
        resolve({ outcome: 'failed', reason, code, signal });
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
    child.send({ type: 'run', plan } satisfies ToSessionProcess);
    return { pid: child.pid ?? 0, done, kill: () => child.kill('SIGKILL') };
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill('SIGKILL');
    this.#idle.length = 0;
  }

  #retire(worker: Worker, result: SessionResult): void {
    if (result.outcome === 'completed' && !this.#closed && this.#idle.length < this.#keepIdle) {
      this.#idle.push(worker);
      return;
    }
    worker.child.disconnect();
    this.#refill();
  }

  #refill(): void {
    while (!this.#closed && this.#idle.length < this.#keepIdle) this.#idle.push(this.#spawn());
  }

  #spawn(): Worker {
    const child = fork(this.#entry, {
      // Not a session of its own (setsid): Linux would give each its own autogroup (sched(7)), and on
      // a loaded machine every wake-up of a tracer then waits for a whole group's slice.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, TMR_DAEMON_PID: String(process.pid) },
      serialization: 'json',
    });
    this.#children.add(child);
    child.on('exit', () => {
      this.#children.delete(child);
      const at = this.#idle.findIndex((worker) => worker.child === child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    const ready = new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code, signal) =>
        reject(new Error(`session process could not start (${signal ?? `exit status ${code}`})`)),
      );
    });
    ready.catch(() => {});
    return { child, ready };
  }
}
