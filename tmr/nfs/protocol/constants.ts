/** Numbers of NFS version 3, MOUNT version 3 (RFC 1813), and tmr's private program. */

export const NFS_PROGRAM = 100003;
export const NFS_VERSION = 3;
export const MOUNT_PROGRAM = 100005;
export const MOUNT_VERSION = 3;
/** In the range that RFC 5531 section 8.1 leaves to users. */
export const TMR_PROGRAM = 0x20746d72;
export const TMR_VERSION = 1;

export const nfsProcedure = {
  NULL: 0,
  GETATTR: 1,
  SETATTR: 2,
  LOOKUP: 3,
  ACCESS: 4,
  READLINK: 5,
  READ: 6,
  WRITE: 7,
  CREATE: 8,
  MKDIR: 9,
  SYMLINK: 10,
  MKNOD: 11,
  REMOVE: 12,
  RMDIR: 13,
  RENAME: 14,
  LINK: 15,
  READDIR: 16,
  READDIRPLUS: 17,
  FSSTAT: 18,
  FSINFO: 19,
  PATHCONF: 20,
  COMMIT: 21,
} as const;

export const mountProcedure = { NULL: 0, MNT: 1, DUMP: 2, UMNT: 3, UMNTALL: 4, EXPORT: 5 } as const;

export const tmrProcedure = { NULL: 0, HELLO: 1, FLAG: 2, BYE: 3, STATUS: 4, CLOCK: 5 } as const;

/** nfsstat3 (RFC 1813 2.6); MOUNT's mountstat3 uses the same numbers. */
export const nfsStatus = {
  OK: 0,
  PERM: 1,
  NOENT: 2,
  IO: 5,
  NXIO: 6,
  ACCES: 13,
  EXIST: 17,
  XDEV: 18,
  NODEV: 19,
  NOTDIR: 20,
  ISDIR: 21,
  INVAL: 22,
  FBIG: 27,
  NOSPC: 28,
  ROFS: 30,
  MLINK: 31,
  NAMETOOLONG: 63,
  NOTEMPTY: 66,
  DQUOT: 69,
  STALE: 70,
  REMOTE: 71,
  BADHANDLE: 10001,
  NOT_SYNC: 10002,
  BAD_COOKIE: 10003,
  NOTSUPP: 10004,
  TOOSMALL: 10005,
  SERVERFAULT: 10006,
  BADTYPE: 10007,
  JUKEBOX: 10008,
} as const;
export type NfsStatus = (typeof nfsStatus)[keyof typeof nfsStatus];
export type NfsFailure = Exclude<NfsStatus, 0>;

/** ftype3. */
export const fileType = { REG: 1, DIR: 2, BLK: 3, CHR: 4, LNK: 5, SOCK: 6, FIFO: 7 } as const;
export type FileType = (typeof fileType)[keyof typeof fileType];

/** Bits of ACCESS (RFC 1813 3.3.4). */
export const accessBit = {
  READ: 0x01,
  LOOKUP: 0x02,
  MODIFY: 0x04,
  EXTEND: 0x08,
  DELETE: 0x10,
  EXECUTE: 0x20,
} as const;

/** stable_how of WRITE. */
export const stableHow = { UNSTABLE: 0, DATA_SYNC: 1, FILE_SYNC: 2 } as const;
/** createmode3. */
export const createMode = { UNCHECKED: 0, GUARDED: 1, EXCLUSIVE: 2 } as const;

/** Properties of FSINFO. */
export const fsProperty = { LINK: 1, SYMLINK: 2, HOMOGENEOUS: 8, CANSETTIME: 16 } as const;

/** Longest file handle, name, path and verifier (RFC 1813 2.4). */
export const HANDLE_MAX = 64;
export const NAME_MAX = 255;
export const PATH_MAX = 4095;
export const MOUNT_PATH_MAX = 1024;
export const VERIFIER_BYTES = 8;

/** Largest READ or WRITE of this server, bytes. */
export const TRANSFER_MAX = 1024 * 1024;
/** Longest record: a WRITE of TRANSFER_MAX and its header. */
export const RPC_RECORD_MAX = TRANSFER_MAX + 4096;

/** RPC authentication flavours (RFC 5531 8.2). */
export const AUTH_NONE = 0;
export const AUTH_SYS = 1;
/**
 * Flavour of the reply verifier on a replica's connection ("tmrd"): its body is the SHA-256 digest
 * of the request that was executed (protocol.md R12).
 */
export const AUTH_TMR_DIGEST = 0x746d7264;
