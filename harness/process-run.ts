/** Runs a program with files as its standard streams, up to a time limit. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface ProcessRequest {
  command: readonly string[];
  cwd: string;
  /** The whole environment. */
  environment: Record<string, string>;
  /** Files; null is /dev/null. */
  stdin: string | null;
  stdout: string;
  stderr: string;
  limitMs: number;
  signal: AbortSignal;
}

export interface ProcessEnd {
  /** `limit`: the time was up and it was killed. */
  type: 'exited' | 'limit';
  status: number | null;
  signal: NodeJS.Signals | null;
  /** CLOCK_MONOTONIC, ns: right after execve, and when its end was known. */
  startNs: number;
  endNs: number;
}

/** Rejects with an AbortError after the process is gone, and when it cannot be started. */
export async function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  request.signal.throwIfAborted();
  const fds = [
    openSync(request.stdin ?? '/dev/null', 'r'),
    openSync(request.stdout, 'w', 0o600),
    openSync(request.stderr, 'w', 0o600),
  ];
  try {
    return await runOn(request, fds);
  } finally {
    fds.forEach(closeSync);
  }
}

async function runOn(request: ProcessRequest, fds: number[]): Promise<ProcessEnd> {
  const [file = '', ...args] = request.command;
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: request.environment,
    stdio: fds,
    // Ctrl-C is for the campaign.
    detached: true,
  });
  // libuv returns when execve has been done in the child.
  const startNs = monotonicNs();
  let type: ProcessEnd['type'] = 'exited';
  const kill = (): void => void child.kill('SIGKILL');
  // Its end may have come while this process was busy: that is looked at first.
  let drained: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    drained = setImmediate(() => {
      type = 'limit';
      kill();
    });
  }, request.limitMs);
  request.signal.addEventListener('abort', kill);
  process.once('exit', kill);
  try {
    const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
      (resolve, reject) => {
        child.once('exit', (code, by) => resolve([code, by]));
        child.once('error', reject);
      },
    );
    const endNs = monotonicNs();
    request.signal.throwIfAborted();
    return { type, status, signal, startNs, endNs };
  } finally {
    clearTimeout(timer);
    clearImmediate(drained);
    request.signal.removeEventListener('abort', kill);
    process.off('exit', kill);
  }
}

/** CLOCK_MONOTONIC in ns; exact below 2^53, 104 days of uptime. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
