/** Clocks from agreed inputs; sleeping in the replica's kernel. */
import type { CallRun } from '../../ports.ts';
import { Clock, readClock, type Instant } from '../../determinism/clock.ts';
import { Errno } from '../abi/errno.ts';
import { fail } from '../fail.ts';
import { getLong, putLong, readStruct, toScratch, writeLong, writeMemory } from '../memory.ts';
import type { CallGroup } from '../policy.ts';
import { elapsedNs } from '../virtual-files.ts';

const TIMESPEC_BYTES = 16;
const NS_PER_S = 1_000_000_000;
const TICKS_PER_S = 100;
const denied = (run: CallRun): void => run.skip(-Errno.EPERM);

export const timeCalls = {
  clock_gettime: { class: 'agreed-input', args: ['int', 'ptr'], perform: clockGettime },
  clock_getres: { class: 'agreed-input', args: ['int', 'ptr'], perform: clockGetres },
  gettimeofday: { class: 'agreed-input', args: ['ptr', 'ptr'], perform: gettimeofday },
  time: { class: 'agreed-input', args: ['ptr'], perform: time },
  times: { class: 'agreed-input', args: ['ptr'], perform: times },
  nanosleep: {
    class: 'local',
    args: [{ struct: TIMESPEC_BYTES }, 'ptr'],
    perform: (run) => {
      const request = readStruct(run, run.tracee.arg(0), TIMESPEC_BYTES);
      if (run.process.clock === 'virtual') return sleepVirtually(run, durationNs(request));
      run.foldNumber(run.runToExit());
    },
  },
  clock_nanosleep: {
    class: 'local',
    args: ['int', 'int', { struct: TIMESPEC_BYTES }, 'ptr'],
    perform: clockNanosleep,
    why: 'an absolute time of the program is turned into a duration',
  },
  clock_settime: { class: 'agreed-input', args: ['int', { struct: 16 }], perform: denied },
  settimeofday: { class: 'agreed-input', args: [{ struct: 16 }, { struct: 8 }], perform: denied },
  adjtimex: { class: 'agreed-input', args: ['ptr'], perform: denied },
  clock_adjtime: { class: 'agreed-input', args: ['int', 'ptr'], perform: denied },
} as const satisfies CallGroup;

const bytes = Buffer.alloc(TIMESPEC_BYTES);

function now(run: CallRun, id: number): Instant {
  return readClock(id, run.process, elapsedNs(run)) ?? fail('EINVAL');
}

function clockGettime(run: CallRun): void {
  const at = now(run, run.tracee.argInt(0));
  putLong(bytes, 0, at.seconds);
  putLong(bytes, 8, at.nanoseconds);
  writeMemory(run, run.tracee.arg(1), bytes);
  run.skip(0);
}

/** 1 ns; the coarse clocks 4 ms (CONFIG_HZ=250). */
function clockGetres(run: CallRun): void {
  const id = run.tracee.argInt(0);
  now(run, id);
  const coarse = id === Clock.realtimeCoarse || id === Clock.monotonicCoarse;
  const address = run.tracee.arg(1);
  if (address !== 0) {
    writeLong(run, address, 0);
    writeLong(run, address + 8, coarse ? 4_000_000 : 1);
  }
  run.skip(0);
}

function gettimeofday(run: CallRun): void {
  const { tracee } = run;
  const at = now(run, Clock.realtime);
  if (tracee.arg(0) !== 0) {
    putLong(bytes, 0, at.seconds);
    putLong(bytes, 8, Math.floor(at.nanoseconds / 1000));
    writeMemory(run, tracee.arg(0), bytes);
  }
  // struct timezone: obsolete, UTC.
  if (tracee.arg(1) !== 0) writeLong(run, tracee.arg(1), 0);
  run.skip(0);
}

function time(run: CallRun): void {
  const { seconds } = now(run, Clock.realtime);
  if (run.tracee.arg(0) !== 0) writeLong(run, run.tracee.arg(0), seconds);
  run.skip(seconds);
}

/** User time is the elapsed time (clock.ts); the result counts from the boot of the virtual machine. */
function times(run: CallRun): void {
  const address = run.tracee.arg(0);
  const ticks = Math.floor((elapsedNs(run) * TICKS_PER_S) / NS_PER_S);
  if (address !== 0) {
    const tms = Buffer.alloc(32);
    putLong(tms, 0, ticks);
    writeMemory(run, address, tms);
  }
  const up = now(run, Clock.monotonic);
  run.skip(up.seconds * TICKS_PER_S + Math.floor((up.nanoseconds * TICKS_PER_S) / NS_PER_S));
}

function durationNs(timespec: Buffer): number {
  const [seconds, nanoseconds] = [getLong(timespec, 0), getLong(timespec, 8)];
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NS_PER_S) fail('EINVAL');
  return seconds * NS_PER_S + nanoseconds;
}

/** On the virtual clock a sleep takes no time of anybody's. */
function sleepVirtually(run: CallRun, ns: number): void {
  run.process.virtualElapsedNs += ns;
  run.skip(0);
}

function clockNanosleep(run: CallRun): void {
  const TIMER_ABSTIME = 1;
  const { tracee } = run;
  const id = tracee.argInt(0);
  if (id === Clock.threadCpu) fail('EINVAL');
  now(run, id);
  const request = readStruct(run, tracee.arg(2), TIMESPEC_BYTES);
  let duration = durationNs(request);
  const absolute = (tracee.argInt(1) & TIMER_ABSTIME) !== 0;
  if (absolute) {
    const wanted = { seconds: getLong(request, 0), nanoseconds: getLong(request, 8) };
    const at = now(run, id);
    duration = (wanted.seconds - at.seconds) * NS_PER_S + wanted.nanoseconds - at.nanoseconds;
    if (duration <= 0) return run.skip(0);
  }
  if (run.process.clock === 'virtual') return sleepVirtually(run, duration);
  if (absolute) {
    putLong(bytes, 0, Math.floor(duration / NS_PER_S));
    putLong(bytes, 8, duration % NS_PER_S);
    tracee.setArg(1, 0);
    tracee.setArg(2, toScratch(run, bytes));
    tracee.setArg(3, 0);
  }
  tracee.setArg(0, Clock.monotonic);
  run.foldNumber(run.runToExit());
}
