import { SyscallError } from '../syscall-error.ts';
import { Errno, type ErrnoName } from './abi/errno.ts';

/** Ends the call with an errno. */
export function fail(name: ErrnoName): never {
  throw new SyscallError(Errno[name], name);
}

/** Runs `action`; what it throws as SyscallError becomes a negative errno. */
export function resultOf(action: () => number): number {
  try {
    return action();
  } catch (error) {
    if (error instanceof SyscallError) return -error.errno;
    throw error;
  }
}

/** The same for an exception of node:fs, which carries a negative errno. */
export function localCall<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { errno, code } = error as NodeJS.ErrnoException;
    if (typeof errno === 'number' && errno < 0) throw new SyscallError(-errno, code);
    throw error;
  }
}
