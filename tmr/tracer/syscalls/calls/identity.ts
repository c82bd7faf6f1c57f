/** Who the process is: virtual ids of the session, the same in all replicas. */
import type { CallRun } from '../../ports.ts';
import { Errno } from '../abi/errno.ts';
import { fail } from '../fail.ts';
import { readStruct, writeInt, writeMemory, uintArg } from '../memory.ts';
import type { CallGroup, CallPolicy } from '../policy.ts';
import { kernelRelease, kernelVersion, machine } from '../virtual-machine.ts';

const gives = (value: (run: CallRun) => number): CallPolicy => ({
  class: 'agreed-input',
  args: [],
  perform: (run) => run.skip(value(run)),
});

export const identityCalls = {
  getpid: gives((run) => run.process.pid),
  gettid: gives((run) => run.process.pid),
  getppid: gives((run) => run.process.parentPid),
  getpgrp: gives((run) => run.process.processGroup),
  getuid: gives((run) => run.process.uid),
  geteuid: gives((run) => run.process.uid),
  getgid: gives((run) => run.process.gid),
  getegid: gives((run) => run.process.gid),
  getpgid: {
    class: 'agreed-input',
    args: ['int'],
    perform: (run) => ofSelf(run, run.process.processGroup),
  },
  getsid: {
    class: 'agreed-input',
    args: ['int'],
    perform: (run) => ofSelf(run, run.process.sessionId),
  },
  setpgid: {
    class: 'agreed-input',
    args: ['int', 'int'],
    perform: (run) => {
      const { process } = run;
      const group = run.tracee.argInt(1) || process.pid;
      if (!isSelf(run, run.tracee.argInt(0))) fail('ESRCH');
      if (process.sessionId === process.pid || group !== process.pid) fail('EPERM');
      process.processGroup = group;
      run.skip(0);
    },
  },
  setsid: {
    class: 'agreed-input',
    args: [],
    perform: (run) => {
      // The program leads its process group, as under a shell with job control.
      run.skip(-Errno.EPERM);
    },
  },
  getresuid: {
    class: 'agreed-input',
    args: ['ptr', 'ptr', 'ptr'],
    perform: (run) => three(run, run.process.uid),
  },
  getresgid: {
    class: 'agreed-input',
    args: ['ptr', 'ptr', 'ptr'],
    perform: (run) => three(run, run.process.gid),
  },
  getgroups: { class: 'agreed-input', args: ['int', 'ptr'], perform: getgroups },
  setuid: { class: 'agreed-input', args: ['uint'], perform: (run) => setId(run, 'uid', [0]) },
  setgid: { class: 'agreed-input', args: ['uint'], perform: (run) => setId(run, 'gid', [0]) },
  setreuid: {
    class: 'agreed-input',
    args: ['uint', 'uint'],
    perform: (run) => setId(run, 'uid', [0, 1]),
  },
  setregid: {
    class: 'agreed-input',
    args: ['uint', 'uint'],
    perform: (run) => setId(run, 'gid', [0, 1]),
  },
  setresuid: {
    class: 'agreed-input',
    args: ['uint', 'uint', 'uint'],
    perform: (run) => setId(run, 'uid', [0, 1, 2]),
  },
  setresgid: {
    class: 'agreed-input',
    args: ['uint', 'uint', 'uint'],
    perform: (run) => setId(run, 'gid', [0, 1, 2]),
  },
  setfsuid: { class: 'agreed-input', args: ['uint'], perform: (run) => run.skip(run.process.uid) },
  setfsgid: { class: 'agreed-input', args: ['uint'], perform: (run) => run.skip(run.process.gid) },
  setgroups: {
    class: 'agreed-input',
    args: ['int', { select: (tracee) => ({ struct: 4 * Math.min(tracee.argLo(0), 65536) }) }],
    perform: (run) => run.skip(run.process.uid === 0 ? 0 : -Errno.EPERM),
  },
  capget: { class: 'agreed-input', args: [{ struct: 8 }, 'ptr'], perform: capget },
  capset: {
    class: 'agreed-input',
    args: [{ struct: 8 }, { struct: 24 }],
    perform: (run) => run.skip(run.process.uid === 0 ? 0 : -Errno.EPERM),
  },
  uname: { class: 'agreed-input', args: ['ptr'], perform: uname },
} as const satisfies CallGroup;

export const isSelf = (run: CallRun, pid: number): boolean => pid === 0 || pid === run.process.pid;

function ofSelf(run: CallRun, value: number): void {
  run.skip(isSelf(run, run.tracee.argInt(0)) ? value : -Errno.ESRCH);
}

function three(run: CallRun, id: number): void {
  for (const i of [0, 1, 2]) writeInt(run, run.tracee.arg(i), id);
  run.skip(0);
}

function getgroups(run: CallRun): void {
  const { groups } = run.process;
  const size = run.tracee.argInt(0);
  if (size < 0 || (size > 0 && size < groups.length)) fail('EINVAL');
  if (size > 0) {
    const list = Buffer.alloc(4 * groups.length);
    groups.forEach((group, i) => list.writeUInt32LE(group, 4 * i));
    writeMemory(run, run.tracee.arg(1), list);
  }
  run.skip(groups.length);
}

/** An id may stay as it is; another one only root may take. The file service keeps the session's. */
function setId(run: CallRun, which: 'uid' | 'gid', args: readonly number[]): void {
  const UNCHANGED = 0xffff_ffff;
  for (const i of args) {
    const id = uintArg(run.tracee, i);
    if (id === UNCHANGED || id === run.process[which]) continue;
    fail('EPERM');
  }
  run.skip(0);
}

const CAPABILITY_VERSION_1 = 0x19980330;
const CAPABILITY_VERSION_3 = 0x20080522;
/** All of them, for root: CAP_CHECKPOINT_RESTORE (40) is the last. */
const ALL_LOW = 0xffff_ffff;
const ALL_HIGH = 0x1ff;

function capget(run: CallRun): void {
  const head = readStruct(run, run.tracee.arg(0), 8);
  const version = head.readUInt32LE(0);
  const pid = head.readInt32LE(4);
  const known = version >= CAPABILITY_VERSION_1 && version <= CAPABILITY_VERSION_3;
  const out = run.tracee.arg(1);
  if (!known) {
    writeInt(run, run.tracee.arg(0), CAPABILITY_VERSION_3);
    return run.skip(out === 0 ? 0 : -Errno.EINVAL);
  }
  if (!isSelf(run, pid)) fail('ESRCH');
  if (out !== 0) {
    const sets = Buffer.alloc(version === CAPABILITY_VERSION_1 ? 12 : 24);
    if (run.process.uid === 0) {
      [0, 4].forEach((at) => sets.writeUInt32LE(ALL_LOW, at));
      if (sets.length === 24) [12, 16].forEach((at) => sets.writeUInt32LE(ALL_HIGH, at));
    }
    writeMemory(run, out, sets);
  }
  run.skip(0);
}

const UTS_FIELD_BYTES = 65;

function uname(run: CallRun): void {
  const fields = [
    'Linux',
    run.plan.program.hostName,
    kernelRelease,
    kernelVersion,
    machine,
    '(none)',
  ];
  const bytes = Buffer.alloc(UTS_FIELD_BYTES * fields.length);
  fields.forEach((field, i) => {
    bytes.write(field.slice(0, UTS_FIELD_BYTES - 1), UTS_FIELD_BYTES * i, 'latin1');
  });
  writeMemory(run, run.tracee.arg(0), bytes);
  run.skip(0);
}
