/** What must happen before the end of the process takes effect, however it comes. */
import type { CallRun } from '../ports.ts';
import { isVolume } from './descriptors.ts';
import { resultOf } from './fail.ts';
import { dropMappings } from './shadows.ts';

/**
 * Shared mappings are written back, files closed, everything gathered sent; then the end is a slot
 * of the monitor (R13, R16). `value`: the exit status, or the signal. The loop calls this for fatal
 * signals, the handlers for exit and kill.
 */
export function endProcess(run: CallRun, kind: 'status' | 'signal', value: number): void {
  // What fails now natively fails in the kernel after the program is gone: nobody hears of it.
  resultOf(() => (dropMappings(run), 0));
  const open = new Set([...run.process.descriptors.values()].map(({ file }) => file));
  run.process.descriptors.clear();
  for (const file of open) if (isVolume(file)) resultOf(() => (run.files.close(file), 0));
  resultOf(() => (run.files.flush(), 0));
  run.monitor.slot({ type: 'exit', kind, value });
}
