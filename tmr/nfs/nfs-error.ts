/** Failures of a procedure as nfsstat3, and what errno each comes from. */
import { nfsStatus, type NfsFailure } from './protocol/constants.ts';

/** Thrown by procedures and what they use; becomes the status of the reply. */
export class NfsError extends Error {
  readonly code = 'NFS';
  readonly status: NfsFailure;
  constructor(status: NfsFailure, message = `nfsstat3 ${status}`) {
    super(message);
    this.status = status;
  }
}

/**
 * Status for whatever a procedure threw. A failure that is no errno of a file call is a bug of this
 * server; it is told through `onDefect` and answered with SERVERFAULT.
 */
export function statusOf(error: unknown, onDefect: (error: unknown) => void): NfsFailure {
  if (error instanceof NfsError) return error.status;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const status = code === undefined ? undefined : byErrno.get(code);
  if (status !== undefined) return status;
  onDefect(error);
  return nfsStatus.SERVERFAULT;
}

const byErrno = new Map<string, NfsFailure>([
  ['EPERM', nfsStatus.PERM],
  ['ENOENT', nfsStatus.NOENT],
  ['EIO', nfsStatus.IO],
  ['ENXIO', nfsStatus.NXIO],
  ['EAGAIN', nfsStatus.IO],
  ['EACCES', nfsStatus.ACCES],
  // RFC 1813 has no "busy"; Linux says ACCES for a mount point and a running program.
  ['EBUSY', nfsStatus.ACCES],
  ['ETXTBSY', nfsStatus.ACCES],
  ['EEXIST', nfsStatus.EXIST],
  ['EXDEV', nfsStatus.XDEV],
  ['ENODEV', nfsStatus.NODEV],
  ['ENOTDIR', nfsStatus.NOTDIR],
  ['EISDIR', nfsStatus.ISDIR],
  ['EINVAL', nfsStatus.INVAL],
  // A symbolic link where the checked object was a moment ago.
  ['ELOOP', nfsStatus.STALE],
  ['EFBIG', nfsStatus.FBIG],
  ['EOVERFLOW', nfsStatus.FBIG],
  ['ENOSPC', nfsStatus.NOSPC],
  ['EROFS', nfsStatus.ROFS],
  ['EMLINK', nfsStatus.MLINK],
  ['ENAMETOOLONG', nfsStatus.NAMETOOLONG],
  ['ENOTEMPTY', nfsStatus.NOTEMPTY],
  ['EDQUOT', nfsStatus.DQUOT],
  ['ESTALE', nfsStatus.STALE],
  ['EMFILE', nfsStatus.IO],
  ['ENFILE', nfsStatus.IO],
  ['ENOMEM', nfsStatus.IO],
  ['ENOSYS', nfsStatus.NOTSUPP],
  ['ENOTSUP', nfsStatus.NOTSUPP],
  ['EOPNOTSUPP', nfsStatus.NOTSUPP],
]);
