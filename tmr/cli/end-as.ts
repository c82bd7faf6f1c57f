/** Ends this process as the program ended: its exit status, or the same signal. */
import { constants } from 'node:os';
import type { Exit } from '../monitor/facts.ts';
import type { NativeDescriptors } from '../monitor/native.ts';

const SHELL_SIGNAL_BASE = 128;

export function endAs(exit: Exit, native: NativeDescriptors = {}): never {
  if ('status' in exit) endWith(exit.status, native);
  const name = nameOf(exit.signal);
  if (name !== undefined && name !== 'SIGKILL' && name !== 'SIGSTOP') {
    // Node ignores SIGPIPE and SIGXFSZ and takes SIGUSR1 for its debugger: a listener that comes
    // and goes leaves the default.
    process.on(name, () => undefined);
    process.removeAllListeners(name);
  }
  if (name !== undefined) process.kill(process.pid, name);
  // Delivered before kill(2) returns where it is fatal; otherwise as a shell tells it.
  endWith(SHELL_SIGNAL_BASE + exit.signal, native);
}

/**
 * As process.exit. That joins V8's threads, one of which may wait for this one (nodejs/node#54918): of
 * 6,000 sessions under load three had ended, report and all, and their monitors had not.
 */
function endWith(status: number, native: NativeDescriptors): never {
  if (native.exitNow === undefined) process.exit(status);
  process.emit('exit', status);
  return native.exitNow(status);
}

function nameOf(signal: number): NodeJS.Signals | undefined {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  return entry?.[0] as NodeJS.Signals | undefined;
}
