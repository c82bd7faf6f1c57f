/**
 * The total table: every system call of x86-64 has a policy, checked by the type. To add a call,
 * give it an entry in one of the groups under calls/ and a test beside it.
 */
import type { CallRun } from '../ports.ts';
import { SyscallError } from '../syscall-error.ts';
import { Errno } from './abi/errno.ts';
import { attributeCalls } from './calls/attributes.ts';
import { descriptorCalls } from './calls/descriptors.ts';
import { directoryCalls } from './calls/directories.ts';
import { execCalls } from './calls/exec.ts';
import { identityCalls } from './calls/identity.ts';
import { ioctlCalls } from './calls/ioctl.ts';
import { memoryCalls } from './calls/memory.ts';
import { nameCalls } from './calls/names.ts';
import { openCalls } from './calls/open.ts';
import { pollCalls } from './calls/poll.ts';
import { processCalls } from './calls/process.ts';
import { randomCalls } from './calls/random.ts';
import { readWriteCalls } from './calls/read-write.ts';
import { refusedCalls } from './calls/refused.ts';
import { resourceCalls } from './calls/resources.ts';
import { statCalls } from './calls/stat.ts';
import { syncCalls } from './calls/sync.ts';
import { timeCalls } from './calls/time.ts';
import { timerCalls } from './calls/timers.ts';
import { highestNumber, numbers, type SyscallName } from './numbers.ts';
import type { CallPolicy, Perform } from './policy.ts';
import { refusedPath } from './report.ts';
import { signalCalls } from './signals.ts';

export type { CallClass, CallPolicy } from './policy.ts';

export const table: Record<SyscallName, CallPolicy> = {
  ...attributeCalls,
  ...descriptorCalls,
  ...directoryCalls,
  ...execCalls,
  ...identityCalls,
  ...ioctlCalls,
  ...memoryCalls,
  ...nameCalls,
  ...openCalls,
  ...pollCalls,
  ...processCalls,
  ...randomCalls,
  ...readWriteCalls,
  ...refusedCalls,
  ...resourceCalls,
  ...signalCalls,
  ...statCalls,
  ...syncCalls,
  ...timeCalls,
  ...timerCalls,
};

/** A number that Linux does not have: ENOSYS is the truth. */
const unknownCall: CallPolicy = {
  class: 'refused',
  args: [],
  perform: (run) => run.skip(-Errno.ENOSYS),
  why: 'no such system call',
};

const byNumber: CallPolicy[] = Array.from({ length: highestNumber + 1 }, () => unknownCall);
for (const [name, policy] of Object.entries(table)) {
  byNumber[numbers[name as SyscallName]] =
    policy.perform === undefined ? policy : { ...policy, perform: around(policy, policy.perform) };
}

/** The policy of call `number`; an unknown one gives ENOSYS. */
export const policyOf = (number: number): CallPolicy => byNumber[number] ?? unknownCall;

/** What all handlers share: a write outside the volumes is reported. */
function around(policy: CallPolicy, perform: Perform): Perform {
  const pathArg = policy.args.indexOf('path');
  if (pathArg < 0) return perform;
  return (run) => {
    try {
      perform(run);
    } catch (error) {
      if (error instanceof SyscallError) reportReadOnly(run, error, pathArg);
      throw error;
    }
  };
}

function reportReadOnly(run: CallRun, error: SyscallError, pathArg: number): void {
  if (error.errno !== Errno.EROFS) return;
  const path = run.tracee.readCString(run.tracee.arg(pathArg), 4096);
  if (path !== undefined) refusedPath(run, absolute(run, path), 'EROFS');
}

const absolute = (run: CallRun, path: Buffer): Buffer =>
  path[0] === 0x2f ? path : Buffer.concat([run.process.cwd, Buffer.from('/'), path]);
