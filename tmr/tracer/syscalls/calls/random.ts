/** Randomness that the program sees: of the session's seed, the same in all replicas. */
import type { CallRun } from '../../ports.ts';
import { Errno } from '../abi/errno.ts';
import { fail } from '../fail.ts';
import { sizeArg } from '../memory.ts';
import type { CallGroup } from '../policy.ts';
import { copyOut, oneSegment } from '../transfer.ts';

const LARGEST = 1024 * 1024;

export const randomCalls = {
  getrandom: { class: 'agreed-input', args: ['ptr', 'long', 'uint'], perform: getrandom },
} as const satisfies CallGroup;

function getrandom(run: CallRun): void {
  const { tracee } = run;
  if ((tracee.argInt(2) & ~7) !== 0) fail('EINVAL');
  const length = Math.min(sizeArg(tracee, 1), LARGEST);
  const done = copyOut(tracee, oneSegment(tracee, 0, 1), 0, run.random(length), length);
  run.skip(done === 0 && length > 0 ? -Errno.EFAULT : done);
}
