/** Applies sattr3 to an object: SETATTR, and the attributes of new files. */
import {
  chmodSync,
  constants,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  lchownSync,
  openSync,
  closeSync,
  type BigIntStats,
} from 'node:fs';
import type { Located } from '../exports/node-table.ts';
import { NfsError } from '../nfs-error.ts';
import {
  assertMay,
  assertMayData,
  assertOwner,
  inGroup,
  may,
  type Caller,
} from '../permissions.ts';
import type { SetAttributes3 } from '../protocol/attributes.ts';
import { nfsStatus } from '../protocol/constants.ts';
import { setTimes } from './exact-times.ts';
import { withFile } from './open-file.ts';

/** Checks the caller, then changes size, owner, mode and times, in this order. */
export function changeObject(target: Located, change: SetAttributes3, caller: Caller): void {
  assertMayChange(target.stat, change, caller);
  if (change.size !== undefined) truncate(target, change.size, caller);
  if (change.uid !== undefined || change.gid !== undefined) {
    const { uid, gid } = target.stat;
    lchownSync(target.path, change.uid ?? Number(uid), change.gid ?? Number(gid));
  }
  if (change.mode !== undefined) chmod(target, change.mode, caller);
  if (change.atime !== undefined || change.mtime !== undefined) {
    setTimes(target.path, change.atime, change.mtime);
  }
}

/** Truncation alone, for an object whose permission was checked. Throws FBIG beyond 2^53-1. */
export function truncate(target: Located, size: number, caller: Caller): void {
  if (!Number.isSafeInteger(size)) throw new NfsError(nfsStatus.FBIG);
  withFile(target, constants.O_WRONLY, caller, (fd) => ftruncateSync(fd, size));
}

/** Owner and mode of an object that the server has just made. `directory` is its parent. */
export function adopt(
  target: Located,
  directory: BigIntStats,
  mode: number | undefined,
  caller: Caller,
): void {
  const setgid = (Number(directory.mode) & 0o2000) !== 0;
  if (caller.checks === 'root') {
    lchownSync(target.path, caller.uid, setgid ? Number(directory.gid) : caller.gid);
  }
  if (mode === undefined || target.stat.isSymbolicLink()) return;
  // A directory inherits setgid, which chmod would take away.
  const inherited = target.stat.isDirectory() && setgid ? 0o2000 : 0;
  chmodSync(target.path, (mode & 0o7777) | inherited);
}

/** fsync of a directory: names in it are on disk (RFC 1813 4.8). */
export function syncDirectory(path: Buffer): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A write by somebody who is not root takes setuid and setgid away; root's own write would not. */
export function clearSetId(fd: number, stat: BigIntStats, caller: Caller): void {
  const mode = Number(stat.mode) & 0o7777;
  if (caller.checks !== 'root' || caller.uid === 0 || (mode & 0o6000) === 0) return;
  const setgidRuns = (mode & 0o2010) === 0o2010;
  fchmodSync(fd, mode & ~0o4000 & ~(setgidRuns ? 0o2000 : 0));
}

function assertMayChange(stat: BigIntStats, change: SetAttributes3, caller: Caller): void {
  if (caller.checks === 'foreign') throw new NfsError(nfsStatus.ACCES);
  if (change.size !== undefined) {
    if (stat.isDirectory()) throw new NfsError(nfsStatus.ISDIR);
    assertMayData(stat, caller, may.write);
  }
  if (caller.checks === 'self' || caller.uid === 0) return;
  if (change.mode !== undefined) assertOwner(stat, caller);
  if (change.uid !== undefined && change.uid !== Number(stat.uid)) {
    throw new NfsError(nfsStatus.PERM);
  }
  if (change.uid !== undefined || change.gid !== undefined) assertOwner(stat, caller);
  const { gid } = change;
  if (gid !== undefined && gid !== Number(stat.gid) && !inGroup(caller, gid)) {
    throw new NfsError(nfsStatus.PERM);
  }
  assertMaySetTimes(stat, change, caller);
}

/** utimensat(2): the owner sets any time; who may write may set both to now. */
function assertMaySetTimes(stat: BigIntStats, change: SetAttributes3, caller: Caller): void {
  const { atime, mtime } = change;
  if (atime === undefined && mtime === undefined) return;
  if (Number(stat.uid) === caller.uid) return;
  if (atime === 'now' && mtime === 'now') assertMay(stat, caller, may.write);
  else throw new NfsError(nfsStatus.PERM);
}

function chmod(target: Located, mode: number, caller: Caller): void {
  // Linux keeps no mode for links; setting one is no error to NFS clients.
  if (target.stat.isSymbolicLink()) return;
  let bits = mode & 0o7777;
  const foreignGroup = !inGroup(caller, Number(target.stat.gid));
  if (caller.checks === 'root' && caller.uid !== 0 && foreignGroup) bits &= ~0o2000;
  chmodSync(target.path, bits);
}
