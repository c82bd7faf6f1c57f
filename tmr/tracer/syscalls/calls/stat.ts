/** Calls that ask about files without changing them. */
import type { CallRun } from '../../ports.ts';
import type { FileAttributes } from '../../files/types.ts';
import type { OpenFile } from '../../process-state.ts';
import { At, AT_FDCWD, FileMode, Open } from '../abi/constants.ts';
import {
  deviceMajor,
  deviceMinor,
  encodeStat,
  encodeStatfs,
  encodeStatx,
  STAT_BYTES,
} from '../abi/stat.ts';
import { descriptorOf, isVolume } from '../descriptors.ts';
import { fail } from '../fail.ts';
import {
  localAccess,
  localAttributes,
  localReadlink,
  localStatfs,
  virtualInode,
} from '../local-files.ts';
import { longArg, readStruct, writeMemory } from '../memory.ts';
import { type Target, targetOf } from '../paths.ts';
import type { CallGroup } from '../policy.ts';
import { flushMapped } from '../shadows.ts';
import { virtualAttributes, virtualNode } from '../virtual-files.ts';

export const statCalls = {
  stat: {
    class: 'file-service',
    args: ['path', 'ptr'],
    perform: (run) => statPath(run, AT_FDCWD, 0, 1, false),
  },
  lstat: {
    class: 'file-service',
    args: ['path', 'ptr'],
    perform: (run) => statPath(run, AT_FDCWD, 0, 1, true),
  },
  fstat: {
    class: 'file-service',
    args: ['int', 'ptr'],
    perform: (run) => statDescriptor(run, run.tracee.argInt(0), 1),
  },
  newfstatat: { class: 'file-service', args: ['int', 'path', 'ptr', 'int'], perform: newfstatat },
  statx: { class: 'file-service', args: ['int', 'path', 'int', 'uint', 'ptr'], perform: statx },
  access: {
    class: 'file-service',
    args: ['path', 'int'],
    perform: (run) => access(run, AT_FDCWD, 0, run.tracee.argInt(1), 0),
  },
  faccessat: {
    class: 'file-service',
    args: ['int', 'path', 'int'],
    perform: (run) => access(run, run.tracee.argInt(0), 1, run.tracee.argInt(2), 0),
  },
  faccessat2: {
    class: 'file-service',
    args: ['int', 'path', 'int', 'int'],
    perform: (run) =>
      access(run, run.tracee.argInt(0), 1, run.tracee.argInt(2), run.tracee.argInt(3)),
  },
  readlink: {
    class: 'file-service',
    args: ['path', 'ptr', 'int'],
    perform: (run) => readlink(run, AT_FDCWD, 0),
  },
  readlinkat: {
    class: 'file-service',
    args: ['int', 'path', 'ptr', 'int'],
    perform: (run) => readlink(run, run.tracee.argInt(0), 1),
  },
  statfs: {
    class: 'file-service',
    args: ['path', 'ptr'],
    perform: (run) => statfs(run, targetOf(run, AT_FDCWD, 0)),
  },
  fstatfs: {
    class: 'file-service',
    args: ['int', 'ptr'],
    perform: (run) => {
      const fd = run.tracee.argInt(0);
      statfs(run, { kind: 'descriptor', fd, file: descriptorOf(run, fd).file });
    },
  },
} as const satisfies CallGroup;

function statPath(
  run: CallRun,
  dirfd: number,
  pathArg: number,
  outArg: number,
  nofollow: boolean,
): void {
  const address = run.tracee.arg(outArg);
  const target = targetOf(run, dirfd, pathArg, { nofollow });
  if (target.kind === 'descriptor' && target.file.kind === 'local') {
    return give(run, address, anonymous(run, target.file));
  }
  give(run, address, attributesOf(run, target, nofollow));
}

function give(run: CallRun, address: number, attributes: FileAttributes): void {
  writeMemory(run, address, encodeStat(attributes));
  run.skip(0);
}

function newfstatat(run: CallRun): void {
  const flags = run.tracee.argInt(3);
  const fd = run.tracee.argInt(0);
  if ((flags & At.emptyPath) !== 0 && isEmpty(run, 1) && fd !== AT_FDCWD) {
    return statDescriptor(run, fd, 2);
  }
  if ((flags & At.emptyPath) !== 0 && isEmpty(run, 1)) {
    return give(run, run.tracee.arg(2), attributesOf(run, workingDirectory(run), false));
  }
  statPath(run, fd, 1, 2, (flags & At.symlinkNofollow) !== 0);
}

const workingDirectory = (run: CallRun): Target =>
  run.files.resolve(run.process.cwd, run.process.cwd, {});

/** An empty path string (or, from Linux 6.11 on, none at all). */
function isEmpty(run: CallRun, pathArg: number): boolean {
  const address = run.tracee.arg(pathArg);
  return address === 0 || readStruct(run, address, 1)[0] === 0;
}

function statDescriptor(run: CallRun, fd: number, outArg: number): void {
  const { file } = descriptorOf(run, fd);
  const address = run.tracee.arg(outArg);
  if (file.kind === 'local' && !file.path.startsWith('/')) return statNatively(run, file, fd);
  give(run, address, attributesOfFile(run, file));
}

/** A pipe or memfd: the kernel's own numbers, made virtual. Any call that asks is turned into fstat. */
function statNatively(run: CallRun, file: OpenFile, fd: number): void {
  const { tracee } = run;
  const isAt = tracee.call !== 5;
  const address = tracee.arg(isAt ? 2 : 1);
  const SYS_FSTAT = 5;
  tracee.setCall(SYS_FSTAT);
  tracee.setArg(0, fd);
  tracee.setArg(1, address);
  const result = run.runToExit();
  run.foldNumber(result);
  if (result === 0) writeMemory(run, address, encodeStat(fromNative(run, file, address)));
}

/** What the kernel said of an object without a name, with numbers of our own. */
function fromNative(run: CallRun, file: OpenFile, address: number): FileAttributes {
  const bytes = readStruct(run, address, STAT_BYTES);
  const mode = bytes.readUInt32LE(24);
  const inode = `${bytes.readBigUInt64LE(0)}:${bytes.readBigUInt64LE(8)}`;
  const made = anonymous(run, file);
  return {
    ...made,
    type: (mode & FileMode.mask) === FileMode.fifo ? 'fifo' : 'file',
    mode: mode & 0o7777,
    size: Number(bytes.readBigInt64LE(48)),
    fileid: BigInt(virtualInode(run, inode)),
  };
}

function anonymous(run: CallRun, file: OpenFile): FileAttributes {
  const isPipe = file.kind === 'local' && file.path.startsWith('pipe:');
  const at = run.process.clockBases.realtimeNs;
  return {
    type: isPipe ? 'fifo' : 'file',
    mode: isPipe ? 0o600 : 0o777,
    nlink: 1,
    uid: run.process.uid,
    gid: run.process.gid,
    size: 0,
    used: 0,
    rdevMajor: 0,
    rdevMinor: 0,
    fsid: 13n,
    fileid: BigInt(virtualInode(run, file.kind === 'local' ? file.path : file.kind)),
    atimeNs: at,
    mtimeNs: at,
    ctimeNs: at,
  };
}

export function attributesOf(run: CallRun, target: Target, nofollow: boolean): FileAttributes {
  switch (target.kind) {
    case 'volume':
    case 'missing':
      return run.files.attributes(target);
    case 'local':
      return localAttributes(run, target.path, nofollow);
    case 'virtual':
      return virtualAttributes(run, target.path);
    default:
      return attributesOfFile(run, target.file);
  }
}

function attributesOfFile(run: CallRun, file: OpenFile): FileAttributes {
  switch (file.kind) {
    case 'volume-file':
    case 'volume-directory':
      flushMapped(run, file);
      return run.files.fileAttributes(file);
    case 'virtual':
      return virtualAttributes(run, file.path);
    case 'stream':
      return streamAttributes(run, file.stream);
    default:
      if (!file.path.startsWith('/')) return anonymous(run, file);
      if (file.path.startsWith('/dev/')) return virtualAttributes(run, file.path);
      return localAttributes(run, Buffer.from(file.path, 'latin1'), (file.flags & Open.path) !== 0);
  }
}

const STREAM_TYPES: Record<number, FileAttributes['type']> = {
  [FileMode.file]: 'file',
  [FileMode.directory]: 'directory',
  [FileMode.char]: 'char',
  [FileMode.block]: 'block',
  [FileMode.fifo]: 'fifo',
  [FileMode.socket]: 'socket',
};

/** As the monitor found them at the start. */
function streamAttributes(run: CallRun, stream: 0 | 1 | 2): FileAttributes {
  const { stat } = run.plan.streams[stream];
  const device = BigInt(stat.rdev);
  return {
    type: STREAM_TYPES[stat.mode & FileMode.mask] ?? 'file',
    mode: stat.mode & 0o7777,
    nlink: stat.nlink,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    used: stat.blocks * 512,
    rdevMajor: deviceMajor(device),
    rdevMinor: deviceMinor(device),
    fsid: BigInt(stat.dev),
    fileid: BigInt(stat.ino),
    atimeNs: BigInt(Math.trunc(stat.atimeNs)),
    mtimeNs: BigInt(Math.trunc(stat.mtimeNs)),
    ctimeNs: BigInt(Math.trunc(stat.ctimeNs)),
  };
}

function statx(run: CallRun): void {
  const { tracee } = run;
  const flags = tracee.argInt(2);
  const fd = tracee.argInt(0);
  const nofollow = (flags & At.symlinkNofollow) !== 0;
  let attributes: FileAttributes;
  if ((flags & At.emptyPath) !== 0 && isEmpty(run, 1)) {
    attributes =
      fd === AT_FDCWD
        ? attributesOf(run, workingDirectory(run), false)
        : attributesOfFile(run, descriptorOf(run, fd).file);
  } else {
    attributes = attributesOf(run, targetOf(run, fd, 1, { nofollow }), nofollow);
  }
  writeMemory(run, tracee.arg(4), encodeStatx(attributes));
  run.skip(0);
}

const X_OK = 1;
const W_OK = 2;

function access(run: CallRun, dirfd: number, pathArg: number, mode: number, flags: number): void {
  if ((mode & ~7) !== 0) fail('EINVAL');
  const nofollow = (flags & At.symlinkNofollow) !== 0;
  const target =
    (flags & At.emptyPath) !== 0 && isEmpty(run, pathArg)
      ? ({ kind: 'descriptor', fd: dirfd, file: descriptorOf(run, dirfd).file } as const)
      : targetOf(run, dirfd, pathArg, { nofollow });
  switch (target.kind) {
    case 'volume':
    case 'missing':
      run.files.access(target, mode);
      break;
    case 'local':
      localAccess(target.path, mode & ~W_OK);
      if ((mode & W_OK) !== 0) fail('EROFS');
      break;
    case 'virtual': {
      const { type } = virtualNode(target.path);
      if (type === 'file' && (mode & (W_OK | X_OK)) !== 0) fail('EACCES');
      break;
    }
    case 'descriptor':
      if (isVolume(target.file)) {
        const place = run.files.resolve(run.process.cwd, target.file.node.path, {});
        run.files.access(place, mode);
      }
  }
  run.skip(0);
}

/** The target, cut at the buffer's size and without a NUL. */
function readlink(run: CallRun, dirfd: number, pathArg: number): void {
  const { tracee } = run;
  const size = longArg(tracee, pathArg + 2) | 0;
  const address = tracee.arg(pathArg + 1);
  if (size <= 0) fail('EINVAL');
  const target = targetOf(run, dirfd, pathArg, { nofollow: true });
  let found: Buffer;
  if (target.kind === 'volume') found = run.files.readlink(target);
  else if (target.kind === 'local') found = localReadlink(target.path);
  else if (target.kind === 'virtual') {
    const node = virtualNode(target.path);
    if (node.type !== 'symlink') fail('EINVAL');
    found = node.target(run);
  } else fail('EINVAL');
  const shown = found.subarray(0, size);
  writeMemory(run, address, shown);
  run.skip(shown.length);
}

const TMPFS = 0x01021994;
const PROC = 0x9fa0;
const SYSFS = 0x62656572;

function statfs(run: CallRun, target: Target): void {
  const address = run.tracee.arg(1);
  let status = localStatfs;
  if (target.kind === 'volume' || target.kind === 'missing') status = run.files.statfs(target);
  else if (target.kind === 'descriptor' && isVolume(target.file)) {
    status = run.files.statfs(target.file);
  } else if (target.kind === 'virtual') {
    virtualNode(target.path);
    const type = target.path.startsWith('/proc')
      ? PROC
      : target.path.startsWith('/sys')
        ? SYSFS
        : TMPFS;
    status = { ...localStatfs, type, blocks: 0, files: 0 };
  } else if (target.kind === 'local') {
    // It must exist.
    localAccess(target.path, 0);
  }
  writeMemory(run, address, encodeStatfs(status));
  run.skip(0);
}
