/** The file service of a session process over the NFS server: puts the parts of this folder together. */
import { NfsClient, type RpcCaller } from '../../nfs/client/nfs-client.ts';
import { accessBit } from '../../nfs/protocol/constants.ts';
import { setattr } from '../../nfs/protocol/file-procedures.ts';
import { fsstat } from '../../nfs/protocol/filesystem-procedures.ts';
import type { Volume } from '../../wire/session-plan.ts';
import { SyscallError } from '../syscall-error.ts';
import { listDirectory } from './directory-listing.ts';
import { refuse } from './errno.ts';
import { FileData } from './file-data.ts';
import { NameOperations } from './name-operations.ts';
import type { FileObject } from './object-table.ts';
import { OpenFiles, type OpenState } from './open-files.ts';
import {
  O_APPEND,
  O_DSYNC,
  O_PATH,
  R_OK,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
  W_OK,
  X_OK,
  mayRead,
  mayWrite,
} from './open-flags.ts';
import { PathPolicy } from './path-policy.ts';
import { walkPath, type WalkOptions } from './path-walk.ts';
import { SillyNames } from './silly-names.ts';
import type {
  DirectoryEntry,
  FileAttributes,
  FileService,
  FileSystemStatus,
  OpenVolumeFile,
  Place,
} from './types.ts';
import { VolumeTree, type Credentials } from './volume-tree.ts';

/** statfs(2) of a volume: what it is (linux/magic.h). */
const NFS_SUPER_MAGIC = 0x6969;
const BLOCK_BYTES = 4096;
const NAME_BYTES_MAX = 255;

export interface NfsFileServiceOptions {
  /** The bound connection to the NFS server. */
  port: RpcCaller;
  volumes: readonly Volume[];
  /** Keep attributes, names and data between calls, and gather writes (DESIGN.md 5). */
  caches: boolean;
  credentials: Credentials;
}

type VolumePlace = Extract<Place, { kind: 'volume' }>;
type Change = Parameters<FileService['setAttributes']>[1];

export class NfsFileService implements FileService {
  readonly #tree: VolumeTree;
  readonly #policy: PathPolicy;
  readonly #open: OpenFiles;
  readonly #data: FileData;
  readonly #silly: SillyNames;
  readonly #names: NameOperations;

  constructor(options: NfsFileServiceOptions) {
    const client = new NfsClient(options.port, (errno, message) => {
      throw new SyscallError(errno, message);
    });
    this.#tree = new VolumeTree(client, options.volumes, options);
    this.#policy = new PathPolicy(this.#tree.volumes.map((volume) => volume.path));
    this.#data = new FileData(this.#tree);
    this.#open = new OpenFiles(this.#tree, this.#data);
    this.#silly = new SillyNames(this.#tree);
    this.#names = new NameOperations(this.#tree, this.#policy, this.#open, this.#silly);
  }

  resolve(cwd: Buffer, path: Buffer, options: WalkOptions): Place {
    return walkPath(this.#tree, this.#policy, cwd, path, options);
  }

  open(place: Place, flags: number, mode: number): OpenVolumeFile {
    return this.#open.open(place, flags, mode).file;
  }

  close(file: OpenVolumeFile): void {
    const state = this.#open.state(file);
    const { object } = state;
    const isLast = this.#open.close(state);
    // Nobody reads it any more, unless another name of it is left.
    if (isLast && object.silly !== undefined && this.#tree.current(object).nlink === 0) {
      this.#data.discard(object);
    }
    this.#data.flush(object);
    if (isLast) this.#silly.drop(object);
    this.#data.check(object);
  }

  read(file: OpenVolumeFile, count: number, offset?: number): Buffer {
    const { object } = this.#open.state(file);
    if (!mayRead(file.flags)) refuse('EBADF', 'not open for reading');
    if (file.kind === 'volume-directory') refuse('EISDIR', 'read of a directory');
    const at = offset ?? file.offset;
    if (at < 0 || count < 0) refuse('EINVAL', `read of ${count} bytes at ${at}`);
    const bytes = this.#data.read(object, at, count);
    if (offset === undefined) file.offset = at + bytes.length;
    return bytes;
  }

  write(file: OpenVolumeFile, bytes: Buffer, offset?: number): number {
    const { object } = this.#open.state(file);
    if (!mayWrite(file.flags)) refuse('EBADF', 'not open for writing');
    if (offset !== undefined && offset < 0) refuse('EINVAL', `write at ${offset}`);
    if (bytes.length === 0) return 0;
    this.#data.check(object);
    // On Linux O_APPEND wins over the offset of pwrite too (pwrite(2), BUGS).
    const appends = (file.flags & O_APPEND) !== 0;
    const at = appends ? this.#data.appendOffset(object) : (offset ?? file.offset);
    const count = this.#data.write(object, at, bytes, (file.flags & O_DSYNC) !== 0);
    if (offset === undefined) file.offset = at + count;
    return count;
  }

  seek(file: OpenVolumeFile, offset: number, whence: number): number {
    const { object } = this.#open.state(file);
    if ((file.flags & O_PATH) !== 0) refuse('EBADF', 'seek on an O_PATH description');
    const to = this.#seekTarget(file, object, offset, whence);
    if (to < 0 || to > Number.MAX_SAFE_INTEGER) refuse('EINVAL', `seek to ${to}`);
    file.offset = to;
    return to;
  }

  #seekTarget(file: OpenVolumeFile, object: FileObject, offset: number, whence: number): number {
    if (whence === SEEK_SET) return offset;
    if (whence === SEEK_CUR) return file.offset + offset;
    if (file.kind === 'volume-directory') return refuse('EINVAL', `seek on a directory: ${whence}`);
    if (whence === SEEK_END) return this.#tree.current(object).size + offset;
    if (whence !== SEEK_DATA && whence !== SEEK_HOLE) return refuse('EINVAL', `whence ${whence}`);
    // NFS 3 does not tell holes; lseek(2) allows a file to be all data with a hole at its end.
    const { size } = this.#tree.current(object);
    if (offset < 0 || offset >= size) refuse('ENXIO', 'beyond the end');
    return whence === SEEK_DATA ? offset : size;
  }

  truncate(file: OpenVolumeFile, length: number): void {
    this.#open.state(file);
    if ((file.flags & O_PATH) !== 0) refuse('EBADF', 'truncate of an O_PATH description');
    if (file.kind === 'volume-directory' || !mayWrite(file.flags)) {
      refuse('EINVAL', 'not a file open for writing');
    }
    this.setAttributes(file, { size: length });
  }

  sync(file: OpenVolumeFile): void {
    const { object } = this.#open.state(file);
    if ((file.flags & O_PATH) !== 0) refuse('EBADF', 'sync of an O_PATH description');
    // Directory operations are on disk once the server has answered.
    if (file.kind === 'volume-file' && !file.node.readOnly) this.#data.sync(object);
  }

  readDirectory(file: OpenVolumeFile, accept: (entry: DirectoryEntry) => boolean): void {
    const state = this.#open.state(file);
    if ((file.flags & O_PATH) !== 0) refuse('EBADF', 'listing of an O_PATH description');
    if (file.kind !== 'volume-directory') refuse('ENOTDIR', 'not a directory');
    if (state.object.removed) refuse('ENOENT', 'the directory was removed');
    if (file.offset === 0 || state.listing === undefined) state.listing = this.#list(state);
    for (const entry of state.listing.slice(file.offset)) {
      if (!accept(entry)) return;
      file.offset = entry.next;
    }
  }

  #list({ file, object }: OpenState): DirectoryEntry[] {
    const path = file.node.path.toString('latin1');
    return listDirectory(
      this.#tree,
      this.#tree.node(object, path),
      (name) => this.#silly.isOurs(object.handle, name),
      this.#policy.volumesIn(path),
    );
  }

  fileAttributes(file: OpenVolumeFile): FileAttributes {
    const { object } = this.#open.state(file);
    // As NFS clients do: times that stat(2) shows must not move when gathered writes go out later.
    this.#data.flush(object);
    return object.removed ? object.attributes : this.#tree.current(object);
  }

  attributes(place: Place): FileAttributes {
    const { node } = onVolume(place);
    const object = this.#tree.object(node);
    this.#data.flush(object);
    // The walk that gave the place asked the server in this very call.
    return object.valid ? object.attributes : this.#tree.refresh(object);
  }

  access(place: Place, mode: number): void {
    const { node } = onVolume(place);
    const { type } = node.attributes;
    const isDirectory = type === 'directory';
    if ((mode & W_OK) !== 0 && node.readOnly && (isDirectory || type === 'file')) {
      refuse('EROFS', node.path.toString());
    }
    let bits = 0;
    if ((mode & R_OK) !== 0) bits |= accessBit.READ;
    if ((mode & W_OK) !== 0) bits |= accessBit.MODIFY;
    if ((mode & X_OK) !== 0) bits |= isDirectory ? accessBit.LOOKUP : accessBit.EXECUTE;
    if (bits === 0) return;
    if (this.#tree.granted(node, bits) !== bits) refuse('EACCES', node.path.toString());
  }

  readlink(place: Place): Buffer {
    return this.#tree.readlink(onVolume(place).node);
  }

  mkdir(place: Place, mode: number): void {
    this.#names.mkdir(place, mode);
  }

  symlink(place: Place, target: Buffer): void {
    this.#names.symlink(place, target);
  }

  link(from: Place, to: Place): void {
    this.#names.link(from, to);
  }

  unlink(place: Place): void {
    this.#names.unlink(place);
  }

  rmdir(place: Place): void {
    this.#names.rmdir(place);
  }

  rename(from: Place, to: Place, flags: number): void {
    this.#names.rename(from, to, flags);
  }

  mknod(place: Place, mode: number, device: number): void {
    this.#names.mknod(place, mode, device);
  }

  setAttributes(target: Place | OpenVolumeFile, change: Change): void {
    const { node } = isOpen(target) ? target : onVolume(target);
    const object = isOpen(target) ? this.#open.state(target).object : this.#tree.object(node);
    const path = node.path.toString();
    if (isOpen(target) && (target.flags & O_PATH) !== 0) refuse('EBADF', path);
    if (node.readOnly) refuse('EROFS', path);
    if (change.mode !== undefined && node.attributes.type === 'symlink') {
      refuse('EOPNOTSUPP', 'mode of a symlink');
    }
    if (change.size !== undefined) {
      if (change.size < 0) refuse('EINVAL', `length ${change.size}`);
      if (node.attributes.type === 'directory') refuse('EISDIR', path);
      if (node.attributes.type !== 'file') refuse('EINVAL', path);
      // A description's own right to write was checked when it was opened.
      if (!isOpen(target) && this.#tree.granted(node, accessBit.MODIFY) === 0) {
        refuse('EACCES', path);
      }
    }
    // Writes made before the change go out before it, or they would undo its times.
    if (change.size === undefined) this.#data.flush(object);
    else this.#data.resizing(object, change.size);
    const result = this.#tree.client.do(setattr, {
      object: object.handle,
      change: change.mode === undefined ? change : { ...change, mode: change.mode & 0o7777 },
      guardCtimeNs: undefined,
    });
    this.#tree.observe(object, result.wcc.after);
    // Another mode or owner may close a directory that was searched before.
    object.names = undefined;
  }

  statfs(target: Place | OpenVolumeFile): FileSystemStatus {
    const { node } = isOpen(target) ? target : onVolume(target);
    const status = this.#tree.client.do(fsstat, { object: node.handle });
    return {
      type: NFS_SUPER_MAGIC,
      blockSize: BLOCK_BYTES,
      blocks: Math.floor(status.totalBytes / BLOCK_BYTES),
      blocksFree: Math.floor(status.freeBytes / BLOCK_BYTES),
      blocksAvailable: Math.floor(status.availableBytes / BLOCK_BYTES),
      files: status.totalFiles,
      filesFree: status.freeFiles,
      nameMax: NAME_BYTES_MAX,
    };
  }

  flush(): void {
    this.#data.flushAll();
  }
}

function isOpen(target: Place | OpenVolumeFile): target is OpenVolumeFile {
  return target.kind === 'volume-file' || target.kind === 'volume-directory';
}

function onVolume(place: Place): VolumePlace {
  if (place.kind === 'volume') return place;
  if (place.kind === 'missing') return refuse('ENOENT', place.path.toString());
  throw new Error(`expected a place on a volume, got a ${place.kind} one`);
}
