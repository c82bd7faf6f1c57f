/** Constants of the x86-64 kernel interface (fcntl.h, stat.h, mman.h, time.h), as the calls use them. */

/** dirfd that stands for the working directory. */
export const AT_FDCWD = -100;

export const At = {
  symlinkNofollow: 0x100,
  removedir: 0x200,
  eaccess: 0x200,
  symlinkFollow: 0x400,
  noAutomount: 0x800,
  emptyPath: 0x1000,
} as const;

export const Open = {
  accessMode: 3,
  readOnly: 0,
  writeOnly: 1,
  readWrite: 2,
  create: 0o100,
  exclusive: 0o200,
  noctty: 0o400,
  truncate: 0o1000,
  append: 0o2000,
  nonblock: 0o4000,
  direct: 0o40000,
  largefile: 0o100000,
  directory: 0o200000,
  nofollow: 0o400000,
  noatime: 0o1000000,
  cloexec: 0o2000000,
  path: 0o10000000,
  tmpfile: 0o20200000,
  /** What F_SETFL may change (fcntl(2)): O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT, O_NOATIME. */
  settable: 0o2000 | 0o4000 | 0o20000 | 0o40000 | 0o1000000,
  /** Flags that open consumes and F_GETFL does not show. */
  creation: 0o100 | 0o200 | 0o400 | 0o1000 | 0o2000000,
} as const;

export const FileMode = {
  mask: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  char: 0o020000,
  fifo: 0o010000,
} as const;

export const Signal = { kill: 9, segv: 11, pipe: 13, alarm: 14, stop: 19 } as const;

/** No transfer of one call is longer (MAX_RW_COUNT). */
export const largestTransfer = 0x7ffff000;
/** Bytes of a path, its NUL counted. */
export const PATH_MAX = 4096;
/** Vectors of readv and writev. */
export const IOV_MAX = 1024;
