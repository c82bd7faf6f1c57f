/** Limits, usage and scheduling of the one virtual CPU. */
import type { CallRun } from '../../ports.ts';
import { Clock, readClock } from '../../determinism/clock.ts';
import { Errno } from '../abi/errno.ts';
import { fail } from '../fail.ts';
import { putLong, readStruct, uintArg, writeInt, writeMemory } from '../memory.ts';
import type { CallGroup, CallPolicy } from '../policy.ts';
import { elapsedNs } from '../virtual-files.ts';
import { memoryBytes } from '../virtual-machine.ts';
import { isSelf } from './identity.ts';

const RLIMIT_BYTES = 16;
const NS_PER_S = 1_000_000_000;

const constant = (value: number, args: CallPolicy['args'] = []): CallPolicy => ({
  class: 'agreed-input',
  args,
  perform: (run) => run.skip(value),
});

export const resourceCalls = {
  getrlimit: { class: 'local', args: ['uint', 'ptr'], perform: (run) => limits(run, 1) },
  setrlimit: { class: 'local', args: ['uint', { struct: RLIMIT_BYTES }], perform: runAndFold },
  prlimit64: {
    class: 'local',
    args: ['int', 'uint', { struct: RLIMIT_BYTES }, 'ptr'],
    perform: (run) => {
      if (!isSelf(run, run.tracee.argInt(0))) fail('ESRCH');
      run.tracee.setArg(0, 0);
      limits(run, 3);
    },
    why: 'limits were set from the plan before exec: equal in all kernels',
  },
  getrusage: { class: 'agreed-input', args: ['int', 'ptr'], perform: getrusage },
  sysinfo: { class: 'agreed-input', args: ['ptr'], perform: sysinfo },
  getpriority: {
    class: 'agreed-input',
    args: ['int', 'int'],
    perform: (run) => run.skip(20 - run.process.nice),
  },
  setpriority: { class: 'agreed-input', args: ['int', 'int', 'int'], perform: setpriority },
  getcpu: {
    class: 'agreed-input',
    args: ['ptr', 'ptr'],
    perform: (run) => {
      for (const i of [0, 1]) if (run.tracee.arg(i) !== 0) writeInt(run, run.tracee.arg(i), 0);
      run.skip(0);
    },
  },
  sched_getaffinity: { class: 'agreed-input', args: ['int', 'long', 'ptr'], perform: getAffinity },
  sched_setaffinity: {
    class: 'agreed-input',
    args: ['int', 'long', { bytes: 1 }],
    perform: (run) => {
      const mask = readStruct(run, run.tracee.arg(2), Math.min(run.tracee.arg(1), 128));
      run.skip(((mask[0] ?? 0) & 1) === 1 ? 0 : -Errno.EINVAL);
    },
  },
  sched_yield: constant(0),
  sched_getscheduler: constant(0, ['int']),
  sched_setscheduler: {
    class: 'agreed-input',
    args: ['int', 'int', { struct: 4 }],
    perform: (run) => {
      const SCHED_OTHER = 0;
      run.skip(run.tracee.argInt(1) === SCHED_OTHER ? 0 : -Errno.EPERM);
    },
  },
  sched_getparam: {
    class: 'agreed-input',
    args: ['int', 'ptr'],
    perform: (run) => {
      writeInt(run, run.tracee.arg(1), 0);
      run.skip(0);
    },
  },
  sched_setparam: constant(0, ['int', { struct: 4 }]),
  sched_getattr: {
    class: 'agreed-input',
    args: ['int', 'ptr', 'uint', 'uint'],
    perform: (run) => {
      const attributes = Buffer.alloc(48);
      attributes.writeUInt32LE(48, 0);
      attributes.writeInt32LE(run.process.nice, 16);
      if (uintArg(run.tracee, 2) < 48) fail('EINVAL');
      writeMemory(run, run.tracee.arg(1), attributes);
      run.skip(0);
    },
  },
  sched_setattr: constant(-Errno.EPERM, ['int', 'ptr', 'uint']),
  sched_get_priority_max: {
    class: 'agreed-input',
    args: ['int'],
    perform: (run) => run.skip(isRealTime(run) ? 99 : 0),
  },
  sched_get_priority_min: {
    class: 'agreed-input',
    args: ['int'],
    perform: (run) => run.skip(isRealTime(run) ? 1 : 0),
  },
  sched_rr_get_interval: {
    class: 'agreed-input',
    args: ['int', 'ptr'],
    perform: (run) => {
      const interval = Buffer.alloc(16);
      putLong(interval, 8, 4_000_000);
      writeMemory(run, run.tracee.arg(1), interval);
      run.skip(0);
    },
  },
  ioprio_get: constant(0, ['int', 'int']),
  ioprio_set: constant(0, ['int', 'int', 'int']),
} as const satisfies CallGroup;

const isRealTime = (run: CallRun): boolean => [1, 2].includes(run.tracee.argInt(0));

function runAndFold(run: CallRun): void {
  run.foldNumber(run.runToExit());
}

function limits(run: CallRun, outArg: number): void {
  const address = run.tracee.arg(outArg);
  const result = run.runToExit();
  run.foldNumber(result);
  if (result === 0 && address !== 0) run.foldMemory(address, RLIMIT_BYTES);
}

/** User time is the elapsed time; there are no children; the resident set is a constant. */
function getrusage(run: CallRun): void {
  const RUSAGE_CHILDREN = -1;
  const who = run.tracee.argInt(0);
  if (who < RUSAGE_CHILDREN || who > 1) fail('EINVAL');
  const usage = Buffer.alloc(144);
  if (who !== RUSAGE_CHILDREN) {
    const ns = elapsedNs(run);
    putLong(usage, 0, Math.floor(ns / NS_PER_S));
    putLong(usage, 8, Math.floor((ns % NS_PER_S) / 1000));
    putLong(usage, 32, 4096);
  }
  writeMemory(run, run.tracee.arg(1), usage);
  run.skip(0);
}

function sysinfo(run: CallRun): void {
  const info = Buffer.alloc(112);
  putLong(info, 0, readClock(Clock.boottime, run.process, elapsedNs(run))?.seconds ?? 0);
  putLong(info, 32, memoryBytes);
  putLong(info, 40, memoryBytes / 2);
  info.writeUInt16LE(1, 80);
  info.writeUInt32LE(1, 104);
  writeMemory(run, run.tracee.arg(0), info);
  run.skip(0);
}

function setpriority(run: CallRun): void {
  const wanted = Math.max(-20, Math.min(19, run.tracee.argInt(2)));
  if (wanted < run.process.nice && run.process.uid !== 0) fail('EACCES');
  run.process.nice = wanted;
  run.skip(0);
}

/** The raw call gives the size of the kernel's mask: 8 bytes, CPU 0. */
function getAffinity(run: CallRun): void {
  const MASK_BYTES = 8;
  const size = run.tracee.arg(1);
  if (!isSelf(run, run.tracee.argInt(0))) fail('ESRCH');
  if (size < MASK_BYTES || size % 8 !== 0) fail('EINVAL');
  const mask = Buffer.alloc(MASK_BYTES);
  mask[0] = 1;
  writeMemory(run, run.tracee.arg(2), mask);
  run.skip(MASK_BYTES);
}
