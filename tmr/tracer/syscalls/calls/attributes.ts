/** Calls that change what stat shows: mode, owner, times, length; and extended attributes. */
import type { CallRun } from '../../ports.ts';
import type { FileService, SetTime } from '../../files/types.ts';
import type { OpenFile } from '../../process-state.ts';
import { At, AT_FDCWD, Open } from '../abi/constants.ts';
import { Errno } from '../abi/errno.ts';
import { descriptorOf, fileOf, isVolume, mayWrite } from '../descriptors.ts';
import { fail } from '../fail.ts';
import { getLong, isNull, longArg, readStruct, uintArg } from '../memory.ts';
import { type Target, targetOf } from '../paths.ts';
import type { CallGroup, Perform } from '../policy.ts';
import { flushMapped, truncatedMapped } from '../shadows.ts';
import { attributesOf } from './stat.ts';

type Change = Parameters<FileService['setAttributes']>[1];
const arg = (run: CallRun, i: number): number => run.tracee.argInt(i);

export const attributeCalls = {
  chmod: {
    class: 'file-service',
    args: ['path', 'uint'],
    perform: (run) => change(run, targetOf(run, AT_FDCWD, 0), modeChange(run, 1)),
  },
  fchmod: {
    class: 'file-service',
    args: ['int', 'uint'],
    perform: (run) => change(run, opened(run, 0), modeChange(run, 1)),
  },
  fchmodat: {
    class: 'file-service',
    args: ['int', 'path', 'uint'],
    perform: (run) => change(run, targetOf(run, arg(run, 0), 1), modeChange(run, 2)),
  },
  fchmodat2: {
    class: 'file-service',
    args: ['int', 'path', 'uint', 'uint'],
    perform: (run) => {
      const nofollow = (arg(run, 3) & At.symlinkNofollow) !== 0;
      const target = targetOf(run, arg(run, 0), 1, { nofollow });
      if (nofollow && attributesOf(run, target, true).type === 'symlink') fail('EOPNOTSUPP');
      change(run, target, modeChange(run, 2));
    },
  },
  chown: {
    class: 'file-service',
    args: ['path', 'uint', 'uint'],
    perform: (run) => change(run, targetOf(run, AT_FDCWD, 0), ownerChange(run, 1)),
  },
  lchown: {
    class: 'file-service',
    args: ['path', 'uint', 'uint'],
    perform: (run) =>
      change(run, targetOf(run, AT_FDCWD, 0, { nofollow: true }), ownerChange(run, 1)),
  },
  fchown: {
    class: 'file-service',
    args: ['int', 'uint', 'uint'],
    perform: (run) => change(run, opened(run, 0), ownerChange(run, 1)),
  },
  fchownat: {
    class: 'file-service',
    args: ['int', 'path', 'uint', 'uint', 'int'],
    perform: (run) => change(run, atTarget(run, arg(run, 4)), ownerChange(run, 2)),
  },
  utime: {
    class: 'file-service',
    args: ['path', { struct: 16 }],
    perform: (run) => change(run, targetOf(run, AT_FDCWD, 0), times(run, 1, 'seconds')),
  },
  utimes: {
    class: 'file-service',
    args: ['path', { struct: 32 }],
    perform: (run) => change(run, targetOf(run, AT_FDCWD, 0), times(run, 1, 'microseconds')),
  },
  futimesat: {
    class: 'file-service',
    args: ['int', 'path', { struct: 32 }],
    perform: (run) => {
      const target = isNull(run.tracee, 1) ? opened(run, 0) : targetOf(run, arg(run, 0), 1);
      change(run, target, times(run, 2, 'microseconds'));
    },
  },
  utimensat: {
    class: 'file-service',
    args: ['int', 'path', { struct: 32 }, 'int'],
    perform: (run) => {
      const set = times(run, 2, 'nanoseconds');
      change(run, isNull(run.tracee, 1) ? opened(run, 0) : atTarget(run, arg(run, 3)), set);
    },
  },
  truncate: {
    class: 'file-service',
    args: ['path', 'long'],
    perform: (run) => truncate(run),
  },
  ftruncate: { class: 'file-service', args: ['int', 'long'], perform: ftruncate },
  fallocate: { class: 'file-service', args: ['int', 'int', 'long', 'long'], perform: fallocate },
  setxattr: extended(['path', 'path', { bytes: 3 }, 'long', 'int'], byPath(false)),
  lsetxattr: extended(['path', 'path', { bytes: 3 }, 'long', 'int'], byPath(true)),
  fsetxattr: extended(['int', 'path', { bytes: 3 }, 'long', 'int'], byDescriptor),
  getxattr: extended(['path', 'path', 'ptr', 'long'], byPath(false)),
  lgetxattr: extended(['path', 'path', 'ptr', 'long'], byPath(true)),
  fgetxattr: extended(['int', 'path', 'ptr', 'long'], byDescriptor),
  listxattr: extended(['path', 'ptr', 'long'], byPath(false)),
  llistxattr: extended(['path', 'ptr', 'long'], byPath(true)),
  flistxattr: extended(['int', 'ptr', 'long'], byDescriptor),
  removexattr: extended(['path', 'path'], byPath(false)),
  lremovexattr: extended(['path', 'path'], byPath(true)),
  fremovexattr: extended(['int', 'path'], byDescriptor),
} as const satisfies CallGroup;

/** EBADF where only a path is held: fchmod(2) and its like work on contents. */
function opened(run: CallRun, fdArg: number): Target {
  const fd = arg(run, fdArg);
  return { kind: 'descriptor', fd, file: fileOf(run, fd) };
}

/** Arguments 0 and 1 of an *at call with flags. */
function atTarget(run: CallRun, flags: number): Target {
  if ((flags & ~(At.symlinkNofollow | At.emptyPath)) !== 0) fail('EINVAL');
  const path = run.tracee.readCString(run.tracee.arg(1), 1);
  if ((flags & At.emptyPath) !== 0 && path?.length === 0) {
    const fd = arg(run, 0);
    if (fd !== AT_FDCWD) return { kind: 'descriptor', fd, file: descriptorOf(run, fd).file };
    return run.files.resolve(run.process.cwd, run.process.cwd, {});
  }
  return targetOf(run, arg(run, 0), 1, { nofollow: (flags & At.symlinkNofollow) !== 0 });
}

const modeChange = (run: CallRun, i: number): Change => ({
  mode: uintArg(run.tracee, i) & 0o7777,
});

/** -1 leaves an id alone. */
function ownerChange(run: CallRun, i: number): Change {
  const uid = uintArg(run.tracee, i);
  const gid = uintArg(run.tracee, i + 1);
  return { ...(uid === 2 ** 32 - 1 ? {} : { uid }), ...(gid === 2 ** 32 - 1 ? {} : { gid }) };
}

const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;
const NS_PER_S = 1_000_000_000n;

function times(run: CallRun, i: number, unit: 'seconds' | 'microseconds' | 'nanoseconds'): Change {
  const address = run.tracee.arg(i);
  if (address === 0) return { atime: 'now', mtime: 'now' };
  const step = unit === 'seconds' ? 8 : 16;
  const bytes = readStruct(run, address, 2 * step);
  const one = (at: number): SetTime => {
    const seconds = BigInt(getLong(bytes, at)) * NS_PER_S;
    if (unit === 'seconds') return seconds;
    const part = getLong(bytes, at + 8);
    if (unit === 'microseconds') {
      if (part < 0 || part >= 1_000_000) fail('EINVAL');
      return seconds + BigInt(part) * 1000n;
    }
    if (part === UTIME_NOW) return 'now';
    if (part === UTIME_OMIT) return undefined;
    if (part < 0 || part >= 1_000_000_000) fail('EINVAL');
    return seconds + BigInt(part);
  };
  const [atime, mtime] = [one(0), one(step)];
  return { ...(atime === undefined ? {} : { atime }), ...(mtime === undefined ? {} : { mtime }) };
}

function change(run: CallRun, target: Target, set: Change): void {
  if (target.kind === 'local' || target.kind === 'virtual') {
    attributesOf(run, target, true);
    fail('EROFS');
  }
  if (target.kind === 'descriptor') return changeOpened(run, target.file, set);
  if (Object.keys(set).length > 0) run.files.setAttributes(target, set);
  run.skip(0);
}

/** Standard streams are the monitor's: their owner and times are left as they are. */
function changeOpened(run: CallRun, file: OpenFile, set: Change): void {
  if (isVolume(file) && (file.flags & Open.path) !== 0) {
    // /proc/self/fd/N of an O_PATH descriptor: how glibc makes fchmodat with AT_SYMLINK_NOFOLLOW.
    const place = run.files.resolve(run.process.cwd, file.node.path, { nofollow: true });
    if (Object.keys(set).length > 0) run.files.setAttributes(place, set);
  } else if (isVolume(file)) {
    flushMapped(run, file);
    if (Object.keys(set).length > 0) run.files.setAttributes(file, set);
  } else if (file.kind !== 'stream' && file.path.startsWith('/')) {
    fail('EROFS');
  }
  run.skip(0);
}

function truncate(run: CallRun): void {
  const length = longArg(run.tracee, 1);
  if (length < 0) fail('EINVAL');
  const target = targetOf(run, AT_FDCWD, 0);
  if (target.kind === 'volume' && target.node.attributes.type === 'directory') fail('EISDIR');
  change(run, target, { size: length });
}

function ftruncate(run: CallRun): void {
  const file = fileOf(run, arg(run, 0));
  const length = longArg(run.tracee, 1);
  if (length < 0 || !mayWrite(file)) fail('EINVAL');
  switch (file.kind) {
    case 'volume-file':
      flushMapped(run, file);
      run.files.truncate(file, length);
      truncatedMapped(run, file);
      return run.skip(0);
    case 'stream': {
      if (run.plan.streams[file.stream].kind !== 'file') fail('EINVAL');
      const op = { type: 'truncate', fd: file.stream, length } as const;
      return run.skip(run.monitor.slot(op).result);
    }
    case 'local':
      run.foldNumber(run.runToExit());
      return;
    default:
      fail('EINVAL');
  }
}

/** Mode 0 lengthens the file; the rest is EOPNOTSUPP, as on file systems without it. */
function fallocate(run: CallRun): void {
  const file = fileOf(run, arg(run, 0));
  const [offset, length] = [longArg(run.tracee, 2), longArg(run.tracee, 3)];
  if (file.kind === 'local') {
    run.foldNumber(run.runToExit());
    return;
  }
  if (offset < 0 || length <= 0) fail('EINVAL');
  if (!mayWrite(file)) fail('EBADF');
  if (file.kind === 'stream' && run.plan.streams[file.stream].kind === 'pipe') fail('ESPIPE');
  if (arg(run, 1) !== 0 || file.kind !== 'volume-file') fail('EOPNOTSUPP');
  flushMapped(run, file);
  if (run.files.fileAttributes(file).size < offset + length) {
    run.files.truncate(file, offset + length);
    truncatedMapped(run, file);
  }
  run.skip(0);
}

/** The path must exist; then there are no extended attributes, as over NFSv3. */
function extended<const Args extends readonly unknown[]>(args: Args, perform: Perform) {
  return {
    class: 'file-service',
    args,
    perform,
    why: 'EOPNOTSUPP: a volume has no extended attributes (NFSv3)',
  } as const;
}

function byPath(nofollow: boolean): Perform {
  return (run) => {
    attributesOf(run, targetOf(run, AT_FDCWD, 0, { nofollow }), nofollow);
    run.skip(-Errno.EOPNOTSUPP);
  };
}

function byDescriptor(run: CallRun): void {
  descriptorOf(run, arg(run, 0));
  run.skip(-Errno.EOPNOTSUPP);
}
