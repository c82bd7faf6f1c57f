/** Pids are used again: a process is a pid and its start time. */
import { readFileSync } from 'node:fs';

/**
 * Field 22 of /proc/PID/stat; undefined when there is no such process, or only a dead one that its parent
 * has not fetched: it may stay so for ever.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in field 2 may hold anything, so count from its closing parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[0] ?? '') ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
