/** Why a session could not start, in words for the user: what was expected, what came, what to do. */
import { PtraceError } from 'ptrace-napi';
import { HelloError } from '../../wire/hello.ts';
import { SyscallError } from '../syscall-error.ts';

export class StartError extends Error {
  readonly code = 'START';
}

/** Runs one step of the start; its failure gets `doing` put before. */
export function starting<T>(doing: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!isOfTheWorld(error)) throw error;
    throw new StartError(`${doing}: ${error.message}`);
  }
}

/** Errors of the machine, the network or the user's files, not of this program. */
function isOfTheWorld(error: unknown): error is Error {
  if (error instanceof PtraceError) return !error.code.startsWith('ERR_');
  return error instanceof HelloError || error instanceof SyscallError;
}

/** True where a stack trace would tell the user nothing. */
export const isExpected = (error: unknown): boolean =>
  error instanceof StartError || isOfTheWorld(error);
