/** Opens a regular file for one call. */
import { chmodSync, closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { NfsError } from '../nfs-error.ts';
import { sameObject } from '../exports/handle.ts';
import type { Located } from '../exports/node-table.ts';
import { isOwner, type Caller } from '../permissions.ts';
import { nfsStatus } from '../protocol/constants.ts';

/**
 * Runs `body` with a descriptor of the file; it is closed afterwards. Throws ISDIR or INVAL for what
 * is no regular file, so that a fifo or device never blocks the server.
 */
export function withFile<T>(
  file: Located,
  flags: number,
  caller: Caller,
  body: (fd: number, stat: BigIntStats) => T,
): T {
  if (file.stat.isDirectory()) throw new NfsError(nfsStatus.ISDIR);
  if (!file.stat.isFile()) throw new NfsError(nfsStatus.INVAL);
  const fd = openAsOwner(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, caller);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!sameObject(stat, file.node.identity)) throw new NfsError(nfsStatus.STALE);
    return body(fd, stat);
  } finally {
    closeSync(fd);
  }
}

/**
 * An owner may read and write through a descriptor whatever the mode says by now. A server that is
 * not root has no such descriptor, so it widens the mode for the moment of the open.
 */
function openAsOwner(file: Located, flags: number, caller: Caller): number {
  try {
    return openSync(file.path, flags);
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES';
    if (!denied || caller.checks !== 'self' || !isOwner(file.stat, caller)) throw error;
  }
  const mode = Number(file.stat.mode) & 0o7777;
  chmodSync(file.path, mode | 0o600);
  try {
    return openSync(file.path, flags);
  } finally {
    chmodSync(file.path, mode);
  }
}
