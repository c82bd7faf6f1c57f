/** Calls that make, remove and rename names in directories. */
import type { CallRun } from '../../ports.ts';
import type { Place } from '../../files/types.ts';
import { At, AT_FDCWD, FileMode } from '../abi/constants.ts';
import { fail, localCall } from '../fail.ts';
import { readPath, uintArg } from '../memory.ts';
import { placeOf, targetOf } from '../paths.ts';
import type { CallGroup } from '../policy.ts';
import { statSync } from 'node:fs';
import { virtualNode } from '../virtual-files.ts';
import { isVolume } from '../descriptors.ts';

const arg = (run: CallRun, i: number): number => run.tracee.argInt(i);

export const nameCalls = {
  mkdir: {
    class: 'file-service',
    args: ['path', 'uint'],
    perform: (run) => mkdir(run, AT_FDCWD, 0),
  },
  mkdirat: {
    class: 'file-service',
    args: ['int', 'path', 'uint'],
    perform: (run) => mkdir(run, arg(run, 0), 1),
  },
  rmdir: {
    class: 'file-service',
    args: ['path'],
    perform: (run) => remove(run, AT_FDCWD, 0, true),
  },
  unlink: {
    class: 'file-service',
    args: ['path'],
    perform: (run) => remove(run, AT_FDCWD, 0, false),
  },
  unlinkat: {
    class: 'file-service',
    args: ['int', 'path', 'int'],
    perform: (run) => {
      const flags = arg(run, 2);
      if ((flags & ~At.removedir) !== 0) fail('EINVAL');
      remove(run, arg(run, 0), 1, flags !== 0);
    },
  },
  rename: {
    class: 'file-service',
    args: ['path', 'path'],
    perform: (run) => rename(run, [AT_FDCWD, 0], [AT_FDCWD, 1], 0),
  },
  renameat: {
    class: 'file-service',
    args: ['int', 'path', 'int', 'path'],
    perform: (run) => rename(run, [arg(run, 0), 1], [arg(run, 2), 3], 0),
  },
  renameat2: {
    class: 'file-service',
    args: ['int', 'path', 'int', 'path', 'uint'],
    perform: (run) => rename(run, [arg(run, 0), 1], [arg(run, 2), 3], arg(run, 4)),
  },
  link: {
    class: 'file-service',
    args: ['path', 'path'],
    perform: (run) => link(run, [AT_FDCWD, 0], [AT_FDCWD, 1], 0),
  },
  linkat: {
    class: 'file-service',
    args: ['int', 'path', 'int', 'path', 'int'],
    perform: (run) => link(run, [arg(run, 0), 1], [arg(run, 2), 3], arg(run, 4)),
  },
  symlink: {
    class: 'file-service',
    args: ['path', 'path'],
    perform: (run) => symlink(run, AT_FDCWD, 1),
  },
  symlinkat: {
    class: 'file-service',
    args: ['path', 'int', 'path'],
    perform: (run) => symlink(run, arg(run, 1), 2),
  },
  mknod: {
    class: 'file-service',
    args: ['path', 'uint', 'uint'],
    perform: (run) => mknod(run, AT_FDCWD, 0),
  },
  mknodat: {
    class: 'file-service',
    args: ['int', 'path', 'uint', 'uint'],
    perform: (run) => mknod(run, arg(run, 0), 1),
  },
} as const satisfies CallGroup;

type At2 = readonly [dirfd: number, pathArg: number];
type Writable = Extract<Place, { kind: 'volume' | 'missing' }>;

/** A name that is to be made; what exists already is EEXIST in every tree. EROFS outside volumes. */
function toMake(run: CallRun, dirfd: number, pathArg: number): Writable {
  const place = placeOf(run, dirfd, pathArg, { nofollow: true, mayBeMissing: true });
  if (place.kind === 'volume' || place.kind === 'missing') return place;
  if (exists(place)) fail('EEXIST');
  return fail('EROFS');
}

/** A name that is to be removed or renamed. EROFS outside volumes. */
function toChange(run: CallRun, [dirfd, pathArg]: At2, nofollow = true): Writable {
  const place = placeOf(run, dirfd, pathArg, { nofollow });
  if (place.kind === 'volume' || place.kind === 'missing') return place;
  if (!exists(place)) fail('ENOENT');
  return fail('EROFS');
}

function exists(place: Extract<Place, { kind: 'local' | 'virtual' }>): boolean {
  if (place.kind === 'local') {
    return localCall(() => statSync(place.path, { throwIfNoEntry: false })) !== undefined;
  }
  try {
    virtualNode(place.path);
    return true;
  } catch {
    return false;
  }
}

const modeArg = (run: CallRun, i: number): number =>
  uintArg(run.tracee, i) & 0o7777 & ~run.process.umask;

function mkdir(run: CallRun, dirfd: number, pathArg: number): void {
  const place = toMake(run, dirfd, pathArg);
  // mkdir(2) keeps the sticky bit and no set-id bits.
  run.files.mkdir(place, modeArg(run, pathArg + 1) & 0o1777);
  run.skip(0);
}

function remove(run: CallRun, dirfd: number, pathArg: number, directory: boolean): void {
  const place = toChange(run, [dirfd, pathArg]);
  if (directory) run.files.rmdir(place);
  else run.files.unlink(place);
  run.skip(0);
}

function rename(run: CallRun, from: At2, to: At2, flags: number): void {
  const source = toChange(run, from);
  const target = placeOf(run, ...to, { nofollow: true, mayBeMissing: true });
  if (target.kind !== 'volume' && target.kind !== 'missing') fail('EXDEV');
  run.files.rename(source, target, flags);
  if (source.kind === 'volume') moved(run, source.node.path, pathOf(target));
  run.skip(0);
}

const pathOf = (place: Writable): Buffer =>
  place.kind === 'volume' ? place.node.path : place.path;

/** The working directory lay in what was renamed. */
function moved(run: CallRun, from: Buffer, to: Buffer): void {
  const cwd = run.process.cwd.toString('latin1');
  const old = from.toString('latin1');
  if (cwd !== old && !cwd.startsWith(`${old}/`)) return;
  run.process.cwd = Buffer.from(to.toString('latin1') + cwd.slice(old.length), 'latin1');
}

function link(run: CallRun, from: At2, to: At2, flags: number): void {
  if ((flags & ~(At.symlinkFollow | At.emptyPath)) !== 0) fail('EINVAL');
  const source = linkSource(run, from, flags);
  const target = toMake(run, ...to);
  if (source.kind !== 'volume') fail('EXDEV');
  run.files.link(source, target);
  run.skip(0);
}

/** /proc/self/fd/N with AT_SYMLINK_FOLLOW gives an O_TMPFILE or open file a name. */
function linkSource(run: CallRun, [dirfd, pathArg]: At2, flags: number): Place {
  const nofollow = (flags & At.symlinkFollow) === 0;
  const target = targetOf(run, dirfd, pathArg, { nofollow });
  if (target.kind !== 'descriptor') return target;
  if (!isVolume(target.file)) fail('EXDEV');
  return run.files.resolve(run.process.cwd, target.file.node.path, { nofollow: true });
}

function symlink(run: CallRun, dirfd: number, pathArg: number): void {
  const target = readPath(run, 0);
  if (target.length === 0) fail('ENOENT');
  const text = Buffer.from(target);
  run.files.symlink(toMake(run, dirfd, pathArg), text);
  run.skip(0);
}

function mknod(run: CallRun, dirfd: number, pathArg: number): void {
  const mode = uintArg(run.tracee, pathArg + 1);
  const type = mode & FileMode.mask;
  if (type === FileMode.char || type === FileMode.block) fail('EPERM');
  const place = toMake(run, dirfd, pathArg);
  const given = (type === 0 ? FileMode.file : type) | modeArg(run, pathArg + 1);
  run.files.mknod(place, given, uintArg(run.tracee, pathArg + 2));
  run.skip(0);
}
