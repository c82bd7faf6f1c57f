/** Signals: dispositions and masks are the kernel's; a process may signal itself alone. */
import type { CallRun } from '../ports.ts';
import { Signal } from './abi/constants.ts';
import { Errno } from './abi/errno.ts';
import { fail } from './fail.ts';
import { isNull, readStruct, sizeArg } from './memory.ts';
import type { CallGroup } from './policy.ts';
import { endProcess } from './process-end.ts';

const SIGSET_BYTES = 8;
/** struct kernel_sigaction: handler, flags, restorer, mask. */
const SIGACTION_BYTES = 32;
const SEGV_BIT = 1 << (Signal.segv - 1);
const SIGINFO_BYTES = 128;

export const signalCalls = {
  rt_sigaction: {
    class: 'local',
    // Handler and restorer are addresses.
    args: [
      'int',
      {
        ranges: [
          [8, 8],
          [24, 8],
        ],
      },
      'ptr',
      'long',
    ],
    perform: sigaction,
  },
  rt_sigprocmask: {
    class: 'local',
    args: ['int', { struct: SIGSET_BYTES }, 'ptr', 'long'],
    perform: sigprocmask,
  },
  rt_sigpending: {
    class: 'local',
    args: ['ptr', 'long'],
    perform: (run) => foldingMemory(run, 0, Math.min(sizeArg(run.tracee, 1), SIGSET_BYTES)),
  },
  rt_sigreturn: {
    class: 'local',
    args: [],
    // rax is whatever the interrupted code had there.
    perform: (run) => void run.runToExit(),
  },
  rt_sigsuspend: { class: 'local', args: [{ struct: SIGSET_BYTES }, 'long'], perform: runAndFold },
  rt_sigtimedwait: {
    class: 'local',
    args: [{ struct: SIGSET_BYTES }, 'ptr', { struct: 16 }, 'long'],
    perform: runAndFold,
  },
  sigaltstack: {
    class: 'local',
    args: [
      {
        ranges: [
          [8, 4],
          [16, 8],
        ],
      },
      'ptr',
    ],
    perform: runAndFold,
  },
  pause: { class: 'local', args: [], perform: runAndFold },
  kill: { class: 'process-control', args: ['int', 'int'], perform: kill },
  tkill: {
    class: 'process-control',
    args: ['int', 'int'],
    perform: (run) => signalThread(run, 0, 1),
  },
  tgkill: {
    class: 'process-control',
    args: ['int', 'int', 'int'],
    perform: (run) => {
      if (run.tracee.argInt(0) !== run.process.pid) fail('ESRCH');
      run.tracee.setArg(0, run.tracee.pid);
      signalThread(run, 1, 2);
    },
  },
  rt_sigqueueinfo: {
    class: 'process-control',
    args: ['int', 'int', { ranges: [[0, 12]] }],
    perform: (run) => {
      readStruct(run, run.tracee.arg(2), SIGINFO_BYTES);
      signalThread(run, 0, 1);
    },
  },
  rt_tgsigqueueinfo: {
    class: 'process-control',
    args: ['int', 'int', 'int', { ranges: [[0, 12]] }],
    perform: (run) => {
      if (run.tracee.argInt(0) !== run.process.pid) fail('ESRCH');
      run.tracee.setArg(0, run.tracee.pid);
      signalThread(run, 1, 2);
    },
  },
} as const satisfies CallGroup;

function runAndFold(run: CallRun): void {
  run.foldNumber(run.runToExit());
}

function foldingMemory(run: CallRun, outArg: number, length: number): void {
  const address = run.tracee.arg(outArg);
  const result = run.runToExit();
  run.foldNumber(result);
  if (result === 0 && address !== 0) run.foldMemory(address, length);
}

function sigaction(run: CallRun): void {
  const { tracee } = run;
  const isSegv = tracee.argInt(0) === Signal.segv;
  if (isSegv && !isNull(tracee, 1)) {
    const action = Buffer.from(readStruct(run, tracee.arg(1), SIGACTION_BYTES));
    run.process.segv.action = action.readBigUInt64LE(0) === 0n ? undefined : action;
  }
  runAndFold(run);
}

function sigprocmask(run: CallRun): void {
  const SIG_BLOCK = 0;
  const SIG_UNBLOCK = 1;
  const { tracee } = run;
  const { segv } = run.process;
  if (!isNull(tracee, 1)) {
    const inSet = (readStruct(run, tracee.arg(1), SIGSET_BYTES).readUInt32LE(0) & SEGV_BIT) !== 0;
    const how = tracee.argInt(0);
    if (how === SIG_BLOCK) segv.blocked ||= inSet;
    else if (how === SIG_UNBLOCK) segv.blocked &&= !inSet;
    else segv.blocked = inSet;
  }
  foldingMemory(run, 2, SIGSET_BYTES);
}

/** The process itself, or its group, in which it is alone. */
function kill(run: CallRun): void {
  const { process } = run;
  const target = run.tracee.argInt(0);
  const mine = [0, process.pid, -process.processGroup].includes(target);
  if (!mine) return run.skip(target === -1 ? -Errno.ESRCH : foreign(run, target));
  deliver(run, 0, run.tracee.argInt(1));
}

/** Its parent is there, and out of reach; nobody else is. */
const foreign = (run: CallRun, pid: number): number =>
  pid === run.process.parentPid || pid === 1 ? -Errno.EPERM : -Errno.ESRCH;

function signalThread(run: CallRun, idArg: number, signalArg: number): void {
  if (run.tracee.argInt(idArg) !== run.process.pid) fail('ESRCH');
  deliver(run, idArg, run.tracee.argInt(signalArg));
}

const STOP_SIGNALS = new Set([19, 20, 21, 22]);

function deliver(run: CallRun, idArg: number, signal: number): void {
  // A stopped replica would wait for a SIGCONT that nobody can send it.
  if (STOP_SIGNALS.has(signal)) return run.skip(0);
  run.tracee.setArg(idArg, run.tracee.pid);
  // SIGKILL has no delivery stop at which its end could be voted.
  if (signal === Signal.kill) endProcess(run, 'signal', signal);
  runAndFold(run);
}
