/**
 * Waiting for descriptors. A placeholder is as ready as a regular file; standard streams are
 * /dev/null in the kernel, always ready; pipes are the kernel's. So all of them run natively.
 */
import type { CallRun } from '../../ports.ts';
import { readStruct, writeMemory } from '../memory.ts';
import type { ArgSpec, CallGroup } from '../policy.ts';

const POLLFD_BYTES = 8;
const TIMESPEC_BYTES = 16;
const EPOLL_EVENT_BYTES = 12;

/** fd and events; revents, the result, is uninitialised before. */
const pollArgument: ArgSpec = {
  select: (tracee) => ({
    ranges: Array.from(
      { length: Math.min(tracee.argLo(1), 65536) },
      (_, i) => [i * POLLFD_BYTES, 6] as const,
    ),
  }),
};

export const pollCalls = {
  poll: {
    class: 'local',
    args: [pollArgument, 'uint', 'int'],
    perform: (run) => poll(run),
  },
  ppoll: {
    class: 'local',
    args: [pollArgument, 'uint', { struct: TIMESPEC_BYTES }, { struct: 8 }, 'long'],
    perform: (run) => keepingTimeout(run, 2, () => poll(run)),
  },
  select: {
    class: 'local',
    args: ['int', ...sets(), { struct: TIMESPEC_BYTES }],
    perform: (run) => keepingTimeout(run, 4, () => select(run)),
  },
  pselect6: {
    class: 'local',
    args: ['int', ...sets(), { struct: TIMESPEC_BYTES }, 'ptr'],
    perform: (run) => keepingTimeout(run, 4, () => select(run)),
  },
  epoll_ctl: {
    class: 'local',
    args: ['int', 'int', 'int', { ranges: [[0, 4]] }],
    perform: runAndFold,
  },
  epoll_wait: { class: 'local', args: ['int', 'ptr', 'int', 'int'], perform: epollWait },
  epoll_pwait: {
    class: 'local',
    args: ['int', 'ptr', 'int', 'int', { struct: 8 }, 'long'],
    perform: epollWait,
  },
} as const satisfies CallGroup;

const pollBytes = (count: number): number => Math.min(count, 65536) * POLLFD_BYTES;

function setBytes(nfds: number): number {
  return Math.ceil(Math.max(0, Math.min(nfds, 65536)) / 64) * 8;
}

function sets() {
  const set = {
    select: (tracee: { argInt(i: number): number }) => ({ struct: setBytes(tracee.argInt(0)) }),
  };
  return [set, set, set] as const;
}

function runAndFold(run: CallRun): void {
  run.foldNumber(run.runToExit());
}

function poll(run: CallRun): number {
  const [address, count] = [run.tracee.arg(0), run.tracee.argLo(1)];
  const result = run.runToExit();
  run.foldNumber(result);
  if (result > 0) run.foldMemory(address, pollBytes(count));
  return result;
}

function select(run: CallRun): number {
  const bytes = setBytes(run.tracee.argInt(0));
  const addresses = [1, 2, 3].map((i) => run.tracee.arg(i));
  const result = run.runToExit();
  run.foldNumber(result);
  for (const address of addresses) if (address !== 0 && result >= 0) run.foldMemory(address, bytes);
  return result;
}

/** The kernel writes the time that was left, which differs by nature: the program sees its own value, or 0. */
function keepingTimeout(run: CallRun, arg: number, wait: () => number): void {
  const address = run.tracee.arg(arg);
  if (address === 0) {
    wait();
    return;
  }
  const given = Buffer.from(readStruct(run, address, TIMESPEC_BYTES));
  const result = wait();
  if (result < 0 && result !== -4) return;
  writeMemory(run, address, result === 0 ? Buffer.alloc(TIMESPEC_BYTES) : given);
}

function epollWait(run: CallRun): void {
  const address = run.tracee.arg(1);
  const result = run.runToExit();
  run.foldNumber(result);
  // The rest of an event is the program's own, often a pointer.
  for (let i = 0; i < result; i++) run.foldMemory(address + i * EPOLL_EVENT_BYTES, 4);
}
