/**
 * Signals that end every command, after what it has made is put away: Node takes SIGUSR1 for its
 * debugger, and a signal that kills at once leaves no time for it.
 */
import { constants } from 'node:os';
import { endAs } from './end-as.ts';
import { fatalSignals, heeded } from '../monitor/terminal-signals.ts';

/** A session that runs has listeners of its own, and ends in order. */
export function endOnFatalSignals(): void {
  for (const name of heeded(fatalSignals)) {
    process.on(name, () => {
      if (process.listenerCount(name) > 1) return;
      const signal = constants.signals[name];
      // After the listeners that put things away.
      process.once('exit', () => endAs({ signal }));
      process.exit();
    });
  }
}
