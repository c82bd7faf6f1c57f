/** Errno numbers of Linux (asm-generic/errno-base.h, errno.h) that the file service gives. */
import { SyscallError } from '../syscall-error.ts';

export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ESTALE: 116,
} as const;
export type ErrnoName = keyof typeof errno;

/** Ends a call with an errno; `what` is for a person who reads a log. */
export function refuse(name: ErrnoName, what: string): never {
  throw new SyscallError(errno[name], `${name}: ${what}`);
}
