/** Ends this process as the program ended: its exit status, or the same signal. */
import { constants } from 'node:os';
import type { Exit } from '../monitor/facts.ts';

const SHELL_SIGNAL_BASE = 128;

export function endAs(exit: Exit): never {
  if ('status' in exit) {
    process.exit(exit.status);
  }
  const name = nameOf(exit.signal);
  if (name !== undefined && name !== 'SIGKILL' && name !== 'SIGSTOP') {
    // Node ignores SIGPIPE and SIGXFSZ and takes SIGUSR1 for its debugger: a listener that comes
    // and goes leaves the default.
    process.on(name, () => undefined);
    process.removeAllListeners(name);
  }
  if (name !== undefined) process.kill(process.pid, name);
  // Delivered before kill(2) returns where it is fatal; otherwise as a shell tells it.
  process.exit(SHELL_SIGNAL_BASE + exit.signal);
}

function nameOf(signal: number): NodeJS.Signals | undefined {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  return entry?.[0] as NodeJS.Signals | undefined;
}
