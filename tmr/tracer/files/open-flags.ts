/** Flags of open(2) and modes of files on x86-64 (asm-generic/fcntl.h, linux/stat.h). */
export const O_ACCMODE = 0o3;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_DSYNC = 0o10000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_CLOEXEC = 0o2000000;
/** Both bits of O_SYNC: the upper one is __O_SYNC. */
export const O_SYNC = 0o4010000;
export const O_PATH = 0o10000000;
/** __O_TMPFILE without O_DIRECTORY. */
export const O_TMPFILE_BIT = 0o20000000;

export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;
export const S_IFSOCK = 0o140000;

/** lseek(2). */
export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

/** renameat2(2). */
export const RENAME_NOREPLACE = 1;

/** access(2). */
export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;

/** getdents64(2): d_type by the type of the file. */
export const directoryEntryType = {
  fifo: 1,
  char: 2,
  directory: 4,
  block: 6,
  file: 8,
  symlink: 10,
  socket: 12,
} as const;

/** Whether a description opened with `flags` may be read (O_PATH ones may not). */
export function mayRead(flags: number): boolean {
  return (flags & O_PATH) === 0 && ((flags & O_ACCMODE) === 0 || (flags & O_ACCMODE) === O_RDWR);
}

/** Whether a description opened with `flags` may be written. */
export function mayWrite(flags: number): boolean {
  const mode = flags & O_ACCMODE;
  return (flags & O_PATH) === 0 && (mode === O_WRONLY || mode === O_RDWR);
}
