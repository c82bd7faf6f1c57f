/**
 * The file service of a session process: the replicas' view of files, held in the tracer and
 * served by the NFS server. All methods throw SyscallError with the errno a native program would
 * see. Paths are bytes. All state is plain data (DESIGN.md 5: serialisable).
 */

/** What stat(2) tells, virtual: equal in all replicas. Times in ns since the epoch, as BigInt. */
export interface FileAttributes {
  type: 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket';
  /** Permission bits, setuid and sticky included (07777). */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  size: number;
  /** Bytes used on disk. */
  used: number;
  rdevMajor: number;
  rdevMinor: number;
  fsid: bigint;
  fileid: bigint;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

/** An object in a volume, found by its NFS handle. */
export interface VolumeNode {
  handle: Buffer;
  attributes: FileAttributes;
  /** Canonical absolute path in the replicas' view. */
  path: Buffer;
  /** Index into the session's volumes; the volume of "everything else" is read-only. */
  volume: number;
  readOnly: boolean;
}

/** Where a path leads (see path-policy.ts for who serves what). */
export type Place =
  | {
      kind: 'volume';
      node: VolumeNode;
      /** Undefined for the root of a volume: the tree around it is another volume. */
      parent: VolumeNode | undefined;
      name: Buffer;
      /**
       * How the path ended, where that matters to calls on names: in ".", "..", a slash, or a slash
       * behind a symlink that `nofollow` would have spared. Absent: in an ordinary name.
       */
      last?: 'dot' | 'dot-dot' | 'slash' | 'link-slash';
    }
  /** The last component does not exist; it may be created in `parent`. `slash`: the path ended in "/". */
  | { kind: 'missing'; parent: VolumeNode; name: Buffer; path: Buffer; slash: boolean }
  /** Programs and libraries: the kernel of the replica's host opens `path` itself (R0). */
  | { kind: 'local'; path: Buffer }
  /** /dev, /proc, /sys: made by the tracer (syscalls/virtual-files.ts). `path` is canonical. */
  | { kind: 'virtual'; path: string };

/** One open file description on a volume: shared by dup and fork. */
export interface OpenVolumeFile {
  readonly kind: 'volume-file' | 'volume-directory';
  readonly id: number;
  node: VolumeNode;
  /** O_ access mode and status flags (O_APPEND, O_NONBLOCK, O_SYNC, ...); F_SETFL may change status. */
  flags: number;
  /** File offset; for a directory an opaque position for seekdir. */
  offset: number;
}

/** struct statfs, in bytes and counts. */
export interface FileSystemStatus {
  type: number;
  blockSize: number;
  blocks: number;
  blocksFree: number;
  blocksAvailable: number;
  files: number;
  filesFree: number;
  nameMax: number;
}

export interface DirectoryEntry {
  fileid: bigint;
  name: Buffer;
  /** DT_ value or 0 (unknown). */
  type: number;
  /** Position after this entry. */
  next: number;
}

/** Times for utimensat: a number of ns, 'now' (the server's clock), or undefined to omit. */
export type SetTime = bigint | 'now' | undefined;

export interface FileService {
  /**
   * Walks `path` from directory `cwd` (canonical absolute bytes) by NFS lookups; the last symlink is
   * followed unless `nofollow`. A volume's parent is the tree around it. Throws ENOENT, ENOTDIR,
   * ELOOP, EACCES, ENAMETOOLONG. With `mayBeMissing` a missing last component gives `missing`.
   *
   * Calls on names (mkdir, mknod, symlink, link's new name, unlink, rmdir, both sides of rename)
   * give `nofollow` and `mayBeMissing`, so that the errors of "name/" and "." are the kernel's;
   * open with O_CREAT gives `mayBeMissing`, and `nofollow` with O_EXCL or O_NOFOLLOW.
   */
  resolve(
    cwd: Buffer,
    path: Buffer,
    options: { nofollow?: boolean; mayBeMissing?: boolean },
  ): Place;

  /** open(2) flags and mode (umask applied by the caller) on a volume place. EROFS on read-only trees. */
  open(place: Place, flags: number, mode: number): OpenVolumeFile;
  /** The last descriptor is gone: flush, close-to-open bookkeeping, silly-deleted files. */
  close(file: OpenVolumeFile): void;
  /** Reads at `offset` (or the file's own, which then moves). A view valid until the next call. */
  read(file: OpenVolumeFile, count: number, offset?: number): Buffer;
  /** Writes at `offset`, the end (O_APPEND), or the file's own offset, which then moves. Returns the count. */
  write(file: OpenVolumeFile, bytes: Buffer, offset?: number): number;
  /** SEEK_SET, CUR, END, DATA, HOLE. Returns the new offset. */
  seek(file: OpenVolumeFile, offset: number, whence: number): number;
  truncate(file: OpenVolumeFile, length: number): void;
  /** fsync/fdatasync: gathered writes and COMMIT. */
  sync(file: OpenVolumeFile): void;
  /** Entries from the file's position on, until `accept` says the buffer is full (returns false). */
  readDirectory(file: OpenVolumeFile, accept: (entry: DirectoryEntry) => boolean): void;
  /** Attributes of an open file, gathered writes counted. */
  fileAttributes(file: OpenVolumeFile): FileAttributes;
  /** Fresh enough attributes of a place (volume kinds only). */
  attributes(place: Place): FileAttributes;
  /** access(2)-like check by the server's ACCESS; throws EACCES or EROFS. `mode`: R_OK 4, W_OK 2, X_OK 1, F_OK 0. */
  access(place: Place, mode: number): void;
  readlink(place: Place): Buffer;
  mkdir(place: Place, mode: number): void;
  symlink(place: Place, target: Buffer): void;
  link(from: Place, to: Place): void;
  unlink(place: Place): void;
  rmdir(place: Place): void;
  rename(from: Place, to: Place, flags: number): void;
  mknod(place: Place, mode: number, device: number): void;
  /** chmod, chown, truncate, utimens by path; undefined leaves a field alone. */
  setAttributes(
    target: Place | OpenVolumeFile,
    change: {
      mode?: number;
      uid?: number;
      gid?: number;
      size?: number;
      atime?: SetTime;
      mtime?: SetTime;
    },
  ): void;
  statfs(place: Place | OpenVolumeFile): FileSystemStatus;
  /** Everything gathered goes out; before output leaves the session, exec and exit. */
  flush(): void;
}
