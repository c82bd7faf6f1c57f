/** Can a program be traced here as a replica is? Each privilege that this takes is tried for itself. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpawnOptions, Stopped } from 'ptrace-napi';
import { look, type Check } from '../../containers/doctor/check.ts';
import { numbers } from '../../tracer/syscalls/numbers.ts';

type Addon = typeof import('ptrace-napi');

const neededFor = 'local runs';
/** Copies of programs from a volume are made and executed there. */
const TEMPORARY = '/tmp';
const CALLS_MAX = 512;

/** `trapsTsc`: for tests. */
export async function tracingChecks(trapsTsc?: () => boolean): Promise<Check[]> {
  let addon: Addon | undefined;
  const loads = await look(
    {
      name: 'addon',
      neededFor,
      mend: 'build it: apt-get install g++ make python3, then npm ci (or npm rebuild)',
    },
    async () => {
      addon = await import('ptrace-napi');
      return 'ptrace-napi loads';
    },
  );
  if (addon === undefined) return [loads];
  return [
    loads,
    await trying(addon, 'ptrace', PTRACE, {}, (tracee) => {
      const { state } = tracee.resumeAndWait('cont');
      if (state !== 'exited') throw new Error(`expected the end of the program, it is ${state}`);
      return 'a program was traced to its end';
    }),
    await trying(addon, 'address randomisation', PERSONALITY, { disableAslr: true }, () => {
      return 'can be turned off';
    }),
    await counter(trapsTsc),
    await memory(addon),
    await temporaryPrograms(),
  ];
}

const PTRACE =
  'allow ptrace: /proc/sys/kernel/yama/ptrace_scope must be below 3, and a container needs a seccomp profile that allows it (Docker 20.10 does)';
const PERSONALITY =
  'allow personality(ADDR_NO_RANDOMIZE): inside a container the seccomp profile must (tmr run --hosts docker brings one)';
const TSC = 'allow prctl(PR_SET_TSC), or run with --tsc native';
const TSC_UNTRAPPED =
  'programs whose output depends on rdtsc need another machine; for all others it does not matter (--tsc native says so)';
const FILTER =
  'allow seccomp filters and process_vm_readv, process_vm_writev: inside a container the seccomp profile must';

/** Asked of the instruction: some virtual machines take the request and trap nothing. */
async function counter(trapsTsc?: () => boolean): Promise<Check> {
  let traps = true;
  const check = await look({ name: 'time stamp counter', neededFor, mend: TSC }, async () => {
    const probe =
      trapsTsc ?? (await import('../../tracer/determinism/tsc-probe.ts')).machineTrapsTsc;
    traps = probe();
    return 'rdtsc is trapped';
  });
  if (traps) return check;
  const found = 'PR_SET_TSC is accepted and rdtsc is not trapped';
  return { ...check, status: 'warning', found, mend: TSC_UNTRAPPED };
}

function memory(addon: Addon): Promise<Check> {
  const { write } = numbers;
  const seccompAllow = Array.from({ length: CALLS_MAX }, (_, n) => n).filter((n) => n !== write);
  return trying(addon, 'seccomp stops and memory', FILTER, { seccompAllow }, (tracee) => {
    const stop = tracee.resumeAndWait('cont');
    if (stop.state !== 'stopped' || stop.kind !== addon.StopKind.seccomp) {
      throw new Error(`expected a stop at write, it is ${stop.state}`);
    }
    const bytes = Buffer.alloc(process.version.length);
    const [address, length] = [stop.arg(1), bytes.length];
    if (stop.read(address, bytes, 0, length) !== length) throw new Error('cannot read its memory');
    if (bytes.toString() !== process.version)
      throw new Error(`expected its words, got ${bytes.toString()}`);
    // Its words lie in read-only memory; its stack does not.
    if (stop.read(stop.sp, bytes, 0, length) !== length) throw new Error('cannot read its stack');
    if (stop.write(stop.sp, bytes, 0, length) !== length) throw new Error('cannot write its stack');
    stop.destroy();
    return 'stopped at a call; memory read and written';
  });
}

/** Spawns this very program, which is everywhere; what `use` leaves is ended. */
function trying(
  addon: Addon,
  name: string,
  mend: string,
  options: Partial<SpawnOptions>,
  use: (tracee: Stopped) => string,
): Promise<Check> {
  return look({ name, neededFor, mend }, () => {
    const nothing = openSync('/dev/null', 'r+');
    let tracee: Stopped | undefined;
    try {
      tracee = addon.spawn({
        file: process.execPath,
        args: ['node', '--version'],
        env: [],
        cwd: '/',
        stdio: [nothing, nothing, nothing],
        disableAslr: false,
        ...options,
      });
      return use(tracee);
    } finally {
      endOf(tracee);
      closeSync(nothing);
    }
  });
}

function endOf(tracee: Stopped | undefined): void {
  try {
    tracee?.destroy();
  } catch {
    // It has ended.
  }
}

function temporaryPrograms(): Promise<Check> {
  const mend = `programs of a volume are executed from ${TEMPORARY}: make it writable, and mount it without noexec`;
  return look({ name: 'temporary programs', neededFor, mend }, () => {
    const directory = mkdtempSync(join(TEMPORARY, 'tmr-doctor-'));
    try {
      const program = join(directory, 'program');
      writeFileSync(program, `#!${process.execPath}\n`, { mode: 0o700 });
      execFileSync(program, { stdio: 'ignore' });
      return `written to and executed from ${TEMPORARY}`;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
