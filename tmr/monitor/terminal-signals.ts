/** Signals of the user's to the monitor (R18): forwarded, not obeyed, except where the session says so. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

export interface SignalTarget {
  signal(signal: number): void;
  /** Ends the session, whatever the program would do. */
  interrupt(signal: number): void;
  suspend(): void;
  resume(): void;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Not forwarded: tmr ends by them, as programs do that know nothing of them. */
export const fatalSignals = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Returns how to put the default dispositions back. */
export function forwardSignals(target: SignalTarget): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const name of heeded(forwarded)) {
    handlers.set(name, () => target.signal(constants.signals[name]));
  }
  for (const name of heeded(fatalSignals)) {
    handlers.set(name, () => target.interrupt(constants.signals[name]));
  }
  handlers.set('SIGTSTP', () => {
    target.suspend();
    // After the turn in which the news is written to the sockets.
    setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
  });
  handlers.set('SIGCONT', () => target.resume());
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}

/** As a shell's child: what was ignored at the start (nohup, a background job) stays so. */
export function heeded<Name extends NodeJS.Signals>(names: readonly Name[]): Name[] {
  const ignored = ignoredSignals();
  return names.filter((name) => (ignored & (1n << BigInt(constants.signals[name] - 1))) === 0n);
}

function ignoredSignals(): bigint {
  const match = /^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'latin1'));
  return BigInt(`0x${match?.[1] ?? '0'}`);
}
