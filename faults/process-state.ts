/** What /proc tells about a process, to read back whether a kill took effect (proc_pid_stat(5)). */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks after boot: tells a reused pid apart. */
  startTime: string;
}

/** Undefined when there is no such process. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  return fields === undefined ? undefined : { pid, startTime: fields[19] ?? '' };
}

/** Gone, replaced by another process of the same number, or dead and not yet reaped. */
export function isDead(identity: ProcessIdentity): boolean {
  const fields = statFields(identity.pid);
  return fields === undefined || fields[19] !== identity.startTime || /[ZX]/.test(fields[0] ?? '');
}

/** Fields from the third (state) on; the second may hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
