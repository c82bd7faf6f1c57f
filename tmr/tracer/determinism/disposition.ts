/** What a process does with a signal, as its kernel knows it. */
import { readFileSync } from 'node:fs';

export type Disposition = 'default' | 'ignored' | 'caught';

/** From the masks of /proc/PID/status (proc(5)); a process that is gone gives `default`. */
export function disposition(pid: number, signal: number): Disposition {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return 'default';
  }
  const bit = 1n << BigInt(signal - 1);
  if ((mask(status, 'SigCgt') & bit) !== 0n) return 'caught';
  return (mask(status, 'SigIgn') & bit) !== 0n ? 'ignored' : 'default';
}

function mask(status: string, field: string): bigint {
  const match = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status);
  return match === null ? 0n : BigInt(`0x${match[1]}`);
}
