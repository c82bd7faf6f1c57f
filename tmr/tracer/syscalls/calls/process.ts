/** The life of the process: its end, threads' bookkeeping, prctl. Starting programs is exec.ts. */
import type { CallRun } from '../../ports.ts';
import { Errno } from '../abi/errno.ts';
import { fail } from '../fail.ts';
import { uintArg, writeInt, writeMemory } from '../memory.ts';
import type { CallGroup, CallPolicy } from '../policy.ts';
import { endProcess } from '../process-end.ts';

const exits: CallPolicy = {
  class: 'process-control',
  args: ['int'],
  perform: (run) => {
    endProcess(run, 'status', run.tracee.argInt(0) & 0xff);
    run.runToExit();
  },
  why: 'voted before it takes effect (R16), after everything gathered is out',
};

export const processCalls = {
  exit: exits,
  exit_group: exits,
  wait4: { class: 'process-control', args: ['int', 'ptr', 'int', 'ptr'], perform: noChild },
  waitid: { class: 'process-control', args: ['int', 'int', 'ptr', 'int', 'ptr'], perform: noChild },
  set_tid_address: {
    class: 'agreed-input',
    args: ['ptr'],
    perform: (run) => run.skip(run.process.pid),
    why: 'the kernel clears the word when a thread ends: there is but one',
  },
  set_robust_list: {
    class: 'agreed-input',
    args: ['ptr', 'long'],
    perform: (run) => run.skip(0),
    why: 'matters to other threads and processes alone',
  },
  get_robust_list: {
    class: 'agreed-input',
    args: ['int', 'ptr', 'ptr'],
    perform: (run) => run.skip(-Errno.ESRCH),
  },
  futex: {
    class: 'local',
    args: ['ptr', 'int', 'uint', 'ignore', 'ignore', 'ignore'],
    perform: (run) => run.foldNumber(run.runToExit()),
  },
  arch_prctl: { class: 'local', args: ['int', 'ptr'], perform: archPrctl },
  prctl: { class: 'local', args: ['int', 'ignore'], perform: prctl },
  personality: { class: 'agreed-input', args: ['uint'], perform: personality },
  restart_syscall: {
    class: 'local',
    args: [],
    perform: (run) => run.foldNumber(run.runToExit()),
  },
} as const satisfies CallGroup;

function noChild(run: CallRun): void {
  run.skip(-Errno.ECHILD);
}

const ARCH = { setGs: 0x1001, setFs: 0x1002, getFs: 0x1003, getGs: 0x1004, cpuid: 0x1011 } as const;

function archPrctl(run: CallRun): void {
  switch (run.tracee.argInt(0)) {
    case ARCH.setFs:
    case ARCH.setGs:
    case ARCH.getFs:
    case ARCH.getGs: {
      const result = run.runToExit();
      run.foldNumber(result);
      return;
    }
    case ARCH.cpuid:
      // ARCH_GET_CPUID: the instruction works.
      return run.skip(1);
    default:
      // No shadow stacks, no AMX, no tagged addresses.
      run.skip(-Errno.EINVAL);
  }
}

const PERSONALITY_QUERY = 0xffff_ffff;

function personality(run: CallRun): void {
  const before = run.process.personality;
  const wanted = uintArg(run.tracee, 0);
  if (wanted !== PERSONALITY_QUERY) run.process.personality = wanted;
  run.skip(before);
}

/** linux/prctl.h. */
const PR = {
  setPdeathsig: 1,
  getPdeathsig: 2,
  getDumpable: 3,
  setDumpable: 4,
  getKeepcaps: 7,
  setKeepcaps: 8,
  setName: 15,
  getName: 16,
  getSeccomp: 21,
  capbsetRead: 23,
  getTsc: 25,
  setTsc: 26,
  setTimerslack: 29,
  getTimerslack: 30,
  setChildSubreaper: 36,
  getChildSubreaper: 37,
  setNoNewPrivs: 38,
  getNoNewPrivs: 39,
  setThpDisable: 41,
  getThpDisable: 42,
} as const;
const COMM_BYTES = 16;
const DEFAULT_TIMERSLACK_NS = 50_000;

function prctl(run: CallRun): void {
  const { tracee } = run;
  switch (tracee.argInt(0)) {
    case PR.setName: {
      const name = tracee.readCString(tracee.arg(1), COMM_BYTES - 1) ?? fail('EFAULT');
      run.process.comm = Buffer.from(name);
      return run.skip(0);
    }
    case PR.getName: {
      const name = Buffer.alloc(COMM_BYTES);
      run.process.comm.copy(name);
      writeMemory(run, tracee.arg(1), name);
      return run.skip(0);
    }
    case PR.getDumpable:
      return run.skip(1);
    case PR.getTimerslack:
      return run.skip(DEFAULT_TIMERSLACK_NS);
    case PR.capbsetRead:
      return run.skip(run.process.uid === 0 && tracee.arg(1) <= 40 ? 1 : 0);
    case PR.getPdeathsig:
    case PR.getChildSubreaper:
      writeInt(run, tracee.arg(1), 0);
      return run.skip(0);
    case PR.getTsc: {
      const PR_TSC_ENABLE = 1;
      writeInt(run, tracee.arg(1), PR_TSC_ENABLE);
      return run.skip(0);
    }
    case PR.getKeepcaps:
    case PR.getSeccomp:
    case PR.getNoNewPrivs:
    case PR.getThpDisable:
    case PR.setPdeathsig:
    case PR.setDumpable:
    case PR.setKeepcaps:
    case PR.setTimerslack:
    case PR.setChildSubreaper:
    case PR.setNoNewPrivs:
    case PR.setThpDisable:
      return run.skip(0);
    default:
      run.skip(-Errno.EINVAL);
  }
}
