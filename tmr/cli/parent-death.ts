/** `--parent-death [pid]` of the daemons: they end with who started them. */
import { Option } from 'commander';
import { whole } from './whole-number.ts';

const SIGTERM = 15;

/** True: the parent at the time of the start; a number: that process and no other. */
export type ParentDeath = true | number;

export const parentDeathOption = (): Option =>
  new Option(
    '--parent-death [pid]',
    'end when the parent process ends; with its pid, also when it has ended already',
  ).argParser(whole);

/** Asks for SIGTERM at the parent's end; ends at once when it is there no more. */
export async function endWithParent(parent: ParentDeath | undefined): Promise<void> {
  if (parent === undefined) return;
  // The addon is loaded only here: a server needs it for nothing else.
  const { PtraceError, setParentDeathSignal } = await import('ptrace-napi');
  try {
    setParentDeathSignal(SIGTERM, parent === true ? process.ppid : parent);
  } catch (error) {
    if (!(error instanceof PtraceError) || error.code !== 'ESRCH') throw error;
    process.exit(0);
  }
}
