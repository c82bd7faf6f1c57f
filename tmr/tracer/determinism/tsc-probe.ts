/**
 * Whether this machine traps rdtsc at all: some virtual machines take PR_SET_TSC and trap nothing. Asked of
 * the instruction itself, in a process that exists for nothing else.
 */
import { closeSync, openSync } from 'node:fs';
import * as native from 'ptrace-napi';
import { isTscTrap } from './tsc.ts';

/** rdtsc, and int3 for where it goes on when that was not trapped (Intel SDM volume 2). */
const RDTSC_INT3 = Uint8Array.of(0x0f, 0x31, 0xcc);
const SIGTRAP = 5;

let known: boolean | undefined;

/** Asked once a process; a few milliseconds. Throws PtraceError where nothing can be traced. */
export function machineTrapsTsc(): boolean {
  known ??= probe();
  return known;
}

function probe(): boolean {
  const nothing = openSync('/dev/null', 'r+');
  let tracee: native.Stopped | undefined;
  try {
    tracee = native.spawn({
      file: process.execPath,
      args: ['tsc-probe'],
      env: [],
      cwd: '/',
      stdio: [nothing, nothing, nothing],
      trapTsc: true,
    });
    tracee.poke(tracee.ip, RDTSC_INT3, 0, RDTSC_INT3.length);
    const next = tracee.resumeAndWait('cont');
    if (next.state === 'stopped' && next.kind === native.StopKind.signal) {
      if (isTscTrap(next)) return true;
      if (next.signal === SIGTRAP) return false;
    }
    throw new Error(`expected the probe at rdtsc or behind it, it is ${next.state}`);
  } finally {
    endOf(tracee);
    closeSync(nothing);
  }
}

function endOf(tracee: native.Stopped | undefined): void {
  try {
    tracee?.destroy();
  } catch {
    // It has ended.
  }
}
