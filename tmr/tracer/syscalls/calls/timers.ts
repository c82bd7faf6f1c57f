/**
 * Timers that signal. Their signals are not agreed yet, so they may be made, asked and stopped, but
 * setting one ends the session: a program that is never interrupted must not wait for ever.
 */
import type { CallRun } from '../../ports.ts';
import { fail } from '../fail.ts';
import { isNull, readStruct, writeInt, writeMemory } from '../memory.ts';
import { nameOf } from '../numbers.ts';
import type { CallGroup } from '../policy.ts';

/** struct itimerval and struct itimerspec: interval and value, of two longs each. */
const TIMER_BYTES = 32;
const VALUE_OFFSET = 16;
const why = 'only to stop a timer that never runs';

export const timerCalls = {
  alarm: {
    class: 'local',
    args: ['uint'],
    perform: (run) => (run.tracee.argLo(0) === 0 ? run.skip(0) : unsupported(run)),
    why,
  },
  setitimer: {
    class: 'local',
    args: ['int', { struct: TIMER_BYTES }, 'ptr'],
    perform: (run) => set(run, 1, 2),
    why,
  },
  getitimer: { class: 'local', args: ['int', 'ptr'], perform: (run) => give(run, 1), why },
  timer_create: {
    class: 'local',
    args: ['int', { ranges: [[8, 8]] }, 'ptr'],
    perform: (run) => {
      writeInt(run, run.tracee.arg(2), run.process.timers);
      run.process.timers++;
      run.skip(0);
    },
    why,
  },
  timer_settime: {
    class: 'local',
    args: ['int', 'int', { struct: TIMER_BYTES }, 'ptr'],
    perform: (run) => {
      known(run);
      set(run, 2, 3);
    },
    why,
  },
  timer_gettime: {
    class: 'local',
    args: ['int', 'ptr'],
    perform: (run) => {
      known(run);
      give(run, 1);
    },
    why,
  },
  timer_getoverrun: { class: 'local', args: ['int'], perform: nothing, why },
  timer_delete: { class: 'local', args: ['int'], perform: nothing, why },
} as const satisfies CallGroup;

function known(run: CallRun): void {
  const id = run.tracee.argInt(0);
  if (id < 0 || id >= run.process.timers) fail('EINVAL');
}

function nothing(run: CallRun): void {
  known(run);
  run.skip(0);
}

function set(run: CallRun, newArg: number, oldArg: number): void {
  const { tracee } = run;
  if (!isNull(tracee, newArg)) {
    const value = readStruct(run, tracee.arg(newArg), TIMER_BYTES).subarray(VALUE_OFFSET);
    if (value.some((byte) => byte !== 0)) unsupported(run);
  }
  give(run, oldArg);
}

function give(run: CallRun, outArg: number): void {
  const address = run.tracee.arg(outArg);
  if (address !== 0) writeMemory(run, address, Buffer.alloc(TIMER_BYTES));
  run.skip(0);
}

function unsupported(run: CallRun): never {
  const program = run.process.executable.toString();
  return run.abort(
    `system call ${nameOf(run.tracee.call)} of ${program} is not supported: timer signals are not agreed yet`,
  );
}
