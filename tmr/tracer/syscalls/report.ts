import type { CallRun } from '../ports.ts';
import type { ErrnoName } from './abi/errno.ts';

/** A path on which the program was refused what it wanted, for the report. */
export function refusedPath(run: CallRun, path: Buffer, errno: ErrnoName): void {
  run.monitor.refused('path', path.toString(), errno, false);
}
