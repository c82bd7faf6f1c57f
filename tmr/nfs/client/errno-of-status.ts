/** nfsstat3 (RFC 1813 2.6) as the errno that a program on Linux sees, as Linux's own client maps it. */
import { nfsStatus } from '../protocol/constants.ts';

const EIO = 5;

/** Linux numbers (asm-generic/errno.h). A status that is not known is EIO. */
export function errnoOfStatus(status: number): number {
  return table.get(status) ?? EIO;
}

const table = new Map<number, number>([
  [nfsStatus.PERM, 1],
  [nfsStatus.NOENT, 2],
  [nfsStatus.IO, EIO],
  [nfsStatus.NXIO, 6],
  [nfsStatus.ACCES, 13],
  [nfsStatus.EXIST, 17],
  [nfsStatus.XDEV, 18],
  [nfsStatus.NODEV, 19],
  [nfsStatus.NOTDIR, 20],
  [nfsStatus.ISDIR, 21],
  [nfsStatus.INVAL, 22],
  [nfsStatus.FBIG, 27],
  [nfsStatus.NOSPC, 28],
  [nfsStatus.ROFS, 30],
  [nfsStatus.MLINK, 31],
  [nfsStatus.NAMETOOLONG, 36],
  [nfsStatus.NOTEMPTY, 39],
  [nfsStatus.DQUOT, 122],
  [nfsStatus.STALE, 116],
  [nfsStatus.REMOTE, 66],
  [nfsStatus.BADHANDLE, 116],
  [nfsStatus.NOT_SYNC, EIO],
  [nfsStatus.BAD_COOKIE, EIO],
  [nfsStatus.NOTSUPP, 95],
  [nfsStatus.TOOSMALL, 22],
  [nfsStatus.SERVERFAULT, EIO],
  [nfsStatus.BADTYPE, 22],
  // Our server never answers JUKEBOX; another one's "later" cannot be waited for by a clock here.
  [nfsStatus.JUKEBOX, EIO],
]);
