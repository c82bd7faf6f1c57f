/** dup, fcntl, locks, pipes and other descriptors of the kernel's own. */
import type { Stopped } from 'ptrace-napi';
import type { CallRun } from '../../ports.ts';
import type { OpenFile } from '../../process-state.ts';
import { Open } from '../abi/constants.ts';
import { Errno } from '../abi/errno.ts';
import { descriptorOf, fileOf, install, mayRead, mayWrite, release } from '../descriptors.ts';
import { fail, resultOf } from '../fail.ts';
import { readStruct, writeMemory } from '../memory.ts';
import type { ArgSpec, CallGroup } from '../policy.ts';

/** Commands of fcntl(2). */
const F = {
  dupfd: 0,
  getfd: 1,
  setfd: 2,
  getfl: 3,
  setfl: 4,
  getlk: 5,
  setlk: 6,
  setlkw: 7,
  setown: 8,
  getown: 9,
  setsig: 10,
  getsig: 11,
  ofdGetlk: 36,
  ofdSetlk: 37,
  ofdSetlkw: 38,
  setlease: 1024,
  getlease: 1025,
  notify: 1026,
  dupfdCloexec: 1030,
  setPipeSize: 1031,
  getPipeSize: 1032,
  addSeals: 1033,
  getSeals: 1034,
} as const;
const FLOCK_BYTES = 32;
/** l_type and l_whence; l_start and l_len. */
const FLOCK_FIELDS = [
  [0, 4],
  [8, 16],
] as const;
const lockCommands = new Set<number>([
  F.getlk,
  F.setlk,
  F.setlkw,
  F.ofdGetlk,
  F.ofdSetlk,
  F.ofdSetlkw,
]);

const fcntlArgument: ArgSpec = {
  select: (tracee: Stopped) => {
    const command = tracee.argInt(1);
    // l_pid and the padding are often uninitialised.
    if (lockCommands.has(command)) return { ranges: FLOCK_FIELDS };
    return command === F.getfd || command === F.getfl || command === F.getown ? 'ignore' : 'int';
  },
};

export const descriptorCalls = {
  dup: {
    class: 'file-service',
    args: ['int'],
    perform: (run) => duplicate(run, false),
  },
  dup2: {
    class: 'file-service',
    args: ['int', 'int'],
    perform: (run) => duplicateOver(run, false),
  },
  dup3: {
    class: 'file-service',
    args: ['int', 'int', 'int'],
    perform: (run) => {
      if (run.tracee.argInt(0) === run.tracee.argInt(1)) fail('EINVAL');
      duplicateOver(run, (run.tracee.argInt(2) & Open.cloexec) !== 0);
    },
  },
  fcntl: { class: 'file-service', args: ['int', 'int', fcntlArgument], perform: fcntl },
  flock: {
    class: 'file-service',
    args: ['int', 'int'],
    perform: (run) => {
      descriptorOf(run, run.tracee.argInt(0));
      run.skip(0);
    },
    why: 'granted: one session owns the volume',
  },
  pipe: { class: 'local', args: ['ptr'], perform: (run) => pipe(run, 0) },
  pipe2: {
    class: 'local',
    args: ['ptr', 'int'],
    perform: (run) => pipe(run, run.tracee.argInt(1)),
  },
  memfd_create: {
    class: 'local',
    args: ['path', 'uint'],
    perform: (run) => own(run, 'memfd:', Open.readWrite, (run.tracee.argInt(1) & 1) !== 0),
  },
  eventfd: {
    class: 'local',
    args: ['uint'],
    perform: (run) => own(run, 'anon_inode:[eventfd]', Open.readWrite, false),
  },
  eventfd2: {
    class: 'local',
    args: ['uint', 'int'],
    perform: (run) => own(run, 'anon_inode:[eventfd]', Open.readWrite, cloexec(run, 1)),
  },
  epoll_create: {
    class: 'local',
    args: ['int'],
    perform: (run) => own(run, 'anon_inode:[eventpoll]', Open.readWrite, false),
  },
  epoll_create1: {
    class: 'local',
    args: ['int'],
    perform: (run) => own(run, 'anon_inode:[eventpoll]', Open.readWrite, cloexec(run, 0)),
  },
} as const satisfies CallGroup;

const cloexec = (run: CallRun, arg: number): boolean =>
  (run.tracee.argInt(arg) & Open.cloexec) !== 0;

function own(run: CallRun, path: string, flags: number, closeOnExec: boolean): void {
  install(run, run.runToExit(), { kind: 'local', path, flags }, closeOnExec);
}

function pipe(run: CallRun, flags: number): void {
  const address = run.tracee.arg(0);
  const result = run.runToExit();
  run.foldNumber(result);
  if (result < 0) return;
  const ends = readStruct(run, address, 8);
  const closeOnExec = (flags & Open.cloexec) !== 0;
  const kept = flags & ~Open.creation;
  const [read, write] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  const path = `pipe:[${read}]`;
  install(run, read, { kind: 'local', path, flags: kept | Open.readOnly }, closeOnExec);
  install(run, write, { kind: 'local', path, flags: kept | Open.writeOnly }, closeOnExec);
}

function duplicate(run: CallRun, closeOnExec: boolean): void {
  const { file } = descriptorOf(run, run.tracee.argInt(0));
  install(run, run.runToExit(), file, closeOnExec);
}

function duplicateOver(run: CallRun, closeOnExec: boolean): void {
  const [from, to] = [run.tracee.argInt(0), run.tracee.argInt(1)];
  const { file } = descriptorOf(run, from);
  // What close of the old one says is lost, as natively.
  if (from !== to) resultOf(() => (release(run, to), 0));
  const result = run.runToExit();
  if (from === to) run.foldNumber(result);
  else install(run, result, file, closeOnExec);
}

function fcntl(run: CallRun): void {
  const { tracee } = run;
  const descriptor = descriptorOf(run, tracee.argInt(0));
  const { file } = descriptor;
  const command = tracee.argInt(1);
  switch (command) {
    case F.dupfd:
      return duplicate(run, false);
    case F.dupfdCloexec:
      return duplicate(run, true);
    case F.getfd:
      return run.skip(descriptor.closeOnExec ? 1 : 0);
    case F.setfd: {
      const closeOnExec = (tracee.argInt(2) & 1) !== 0;
      if (run.runToExit() === 0) descriptor.closeOnExec = closeOnExec;
      return;
    }
    case F.getfl:
      // A 64-bit kernel opens everything with O_LARGEFILE, and shows it.
      return run.skip(file.flags | ((file.flags & Open.path) === 0 ? Open.largefile : 0));
    case F.setfl:
      return setFlags(run, file, tracee.argInt(2));
    case F.getown:
    case F.getsig:
    case F.setown:
    case F.setsig:
      return run.skip(0);
    default:
      if (lockCommands.has(command)) return lock(run, command);
      return lesserCommand(run, file, command);
  }
}

function setFlags(run: CallRun, file: OpenFile, given: number): void {
  file.flags = (file.flags & ~Open.settable) | (given & Open.settable);
  if (file.kind === 'local') run.foldNumber(run.runToExit());
  else run.skip(0);
}

/** Granted: one session owns the volume, and the session has one process. */
function lock(run: CallRun, command: number): void {
  const F_RDLCK = 0;
  const F_WRLCK = 1;
  const F_UNLCK = 2;
  const file = fileOf(run, run.tracee.argInt(0));
  const address = run.tracee.arg(2);
  const type = readStruct(run, address, FLOCK_BYTES).readInt16LE(0);
  if (type < 0 || type > F_UNLCK) fail('EINVAL');
  if (command === F.getlk || command === F.ofdGetlk) {
    const free = Buffer.alloc(2);
    free.writeInt16LE(F_UNLCK, 0);
    writeMemory(run, address, free);
    return run.skip(0);
  }
  if (type === F_RDLCK && !mayRead(file)) fail('EBADF');
  if (type === F_WRLCK && !mayWrite(file)) fail('EBADF');
  run.skip(0);
}

const PIPE_BYTES = 65536;

function lesserCommand(run: CallRun, file: OpenFile, command: number): void {
  if (file.kind === 'local') {
    run.foldNumber(run.runToExit());
    return;
  }
  const isPipe = file.kind === 'stream' && run.plan.streams[file.stream].kind === 'pipe';
  switch (command) {
    case F.getPipeSize:
    case F.setPipeSize:
      return run.skip(isPipe ? PIPE_BYTES : -Errno.EBADF);
    case F.getlease:
      return run.skip(2);
    case F.setlease:
      return run.skip(-Errno.EAGAIN);
    default:
      return run.skip(-Errno.EINVAL);
  }
}
