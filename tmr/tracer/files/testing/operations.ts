/**
 * Operations on files as data, and their performers: the kernel through node:fs, and the file
 * service. Both give a plain result or an errno, so that they can be compared.
 */
import * as fs from 'node:fs';
import { SyscallError } from '../../syscall-error.ts';
import type { NfsFileService } from '../nfs-file-service.ts';
import type { FileAttributes, OpenVolumeFile, Place } from '../types.ts';

export type Operation =
  | { op: 'open'; path: string; flags: number; mode: number }
  | { op: 'close' | 'fstat' | 'fsync'; fd: number }
  | { op: 'read'; fd: number; count: number; at: number | undefined }
  | { op: 'write'; fd: number; size: number; fill: number; at: number | undefined }
  | { op: 'ftruncate'; fd: number; length: number }
  | { op: 'fchmod'; fd: number; mode: number }
  | { op: 'truncate'; path: string; length: number }
  | { op: 'stat' | 'lstat' | 'unlink' | 'rmdir' | 'readlink' | 'readdir'; path: string }
  | { op: 'mkdir' | 'chmod'; path: string; mode: number }
  | { op: 'rename' | 'link'; path: string; to: string }
  | { op: 'symlink'; path: string; target: string }
  | { op: 'utimes'; path: string; seconds: number }
  | { op: 'flush' };

/** Anything that toEqual can compare; errors as "errno N". */
export type Outcome = object | string | number;

export interface Performer {
  perform(operation: Operation): Outcome;
  end(): void;
}

export class KernelPerformer implements Performer {
  readonly #root: string;
  readonly #descriptors: (number | undefined)[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  perform(operation: Operation): Outcome {
    try {
      return this.#run(operation);
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException;
      if (errno === undefined) throw error;
      return `errno ${-errno}`;
    }
  }

  end(): void {
    for (const fd of this.#descriptors) if (fd !== undefined) fs.closeSync(fd);
  }

  #path(path: string): string {
    return `${this.#root}/${path}`;
  }

  #run(o: Operation): Outcome {
    switch (o.op) {
      case 'open':
        return keep(this.#descriptors, fs.openSync(this.#path(o.path), o.flags, o.mode));
      case 'close':
        return onDescriptor(this.#descriptors, o.fd, (fd, index) => {
          this.#descriptors[index] = undefined;
          return done(fs.closeSync(fd));
        });
      case 'fstat':
        return onDescriptor(this.#descriptors, o.fd, (fd) => ofStats(fs.fstatSync(fd)));
      case 'fsync':
        return onDescriptor(this.#descriptors, o.fd, (fd) => done(fs.fsyncSync(fd)));
      case 'read':
        return onDescriptor(this.#descriptors, o.fd, (fd) => {
          const into = Buffer.alloc(o.count);
          const count = fs.readSync(fd, into, 0, o.count, o.at ?? null);
          return digest(into.subarray(0, count));
        });
      case 'write':
        return onDescriptor(this.#descriptors, o.fd, (fd) =>
          fs.writeSync(fd, Buffer.alloc(o.size, o.fill), 0, o.size, o.at ?? null),
        );
      case 'ftruncate':
        return onDescriptor(this.#descriptors, o.fd, (fd) => done(fs.ftruncateSync(fd, o.length)));
      case 'fchmod':
        return onDescriptor(this.#descriptors, o.fd, (fd) => done(fs.fchmodSync(fd, o.mode)));
      case 'truncate':
        // node:fs opens the file for it; only the kernel's errors for a missing file are the same.
        return done(fs.truncateSync(this.#path(o.path), o.length));
      case 'stat':
        return ofStats(fs.statSync(this.#path(o.path)));
      case 'lstat':
        return ofStats(fs.lstatSync(this.#path(o.path)));
      case 'unlink':
        return done(fs.unlinkSync(this.#path(o.path)));
      case 'rmdir':
        return done(fs.rmdirSync(this.#path(o.path)));
      case 'readlink':
        return fs.readlinkSync(this.#path(o.path));
      case 'readdir':
        return fs
          .readdirSync(this.#path(o.path), { withFileTypes: true })
          .map((entry) => `${entry.name} ${typeOf(entry)}`)
          .toSorted();
      case 'mkdir':
        return done(fs.mkdirSync(this.#path(o.path), o.mode));
      case 'chmod':
        return done(fs.chmodSync(this.#path(o.path), o.mode));
      case 'rename':
        return done(fs.renameSync(this.#path(o.path), this.#path(o.to)));
      case 'link':
        return done(fs.linkSync(this.#path(o.path), this.#path(o.to)));
      case 'symlink':
        return done(fs.symlinkSync(o.target, this.#path(o.path)));
      case 'utimes':
        fs.utimesSync(this.#path(o.path), o.seconds, o.seconds);
        return fs.statSync(this.#path(o.path)).mtimeMs;
      default:
        return 'done';
    }
  }
}

/** Does what the handlers of the system calls do with a FileService. */
export class ServicePerformer implements Performer {
  readonly #files: NfsFileService;
  readonly #cwd: Buffer;
  readonly #descriptors: (OpenVolumeFile | undefined)[] = [];

  constructor(files: NfsFileService, cwd: string) {
    this.#files = files;
    this.#cwd = Buffer.from(cwd);
  }

  perform(operation: Operation): Outcome {
    try {
      return this.#run(operation);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return `errno ${error.errno}`;
    }
  }

  end(): void {
    for (const file of this.#descriptors) if (file !== undefined) this.#files.close(file);
  }

  #resolve(path: string, options: { nofollow?: boolean; mayBeMissing?: boolean } = {}): Place {
    return this.#files.resolve(this.#cwd, Buffer.from(path), options);
  }

  #run(o: Operation): Outcome {
    const files = this.#files;
    const made = { nofollow: true, mayBeMissing: true };
    switch (o.op) {
      case 'open': {
        const { O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
        const exclusive = (o.flags & O_CREAT) !== 0 && (o.flags & O_EXCL) !== 0;
        const place = this.#resolve(o.path, {
          nofollow: exclusive || (o.flags & O_NOFOLLOW) !== 0,
          mayBeMissing: (o.flags & O_CREAT) !== 0,
        });
        return keep(this.#descriptors, files.open(place, o.flags, o.mode));
      }
      case 'close':
        return onDescriptor(this.#descriptors, o.fd, (file, index) => {
          this.#descriptors[index] = undefined;
          return done(files.close(file));
        });
      case 'fstat':
        return onDescriptor(this.#descriptors, o.fd, (file) =>
          ofAttributes(files.fileAttributes(file)),
        );
      case 'fsync':
        return onDescriptor(this.#descriptors, o.fd, (file) => done(files.sync(file)));
      case 'read':
        return onDescriptor(this.#descriptors, o.fd, (file) =>
          digest(files.read(file, o.count, o.at)),
        );
      case 'write':
        return onDescriptor(this.#descriptors, o.fd, (file) =>
          files.write(file, Buffer.alloc(o.size, o.fill), o.at),
        );
      case 'ftruncate':
        return onDescriptor(this.#descriptors, o.fd, (file) =>
          done(files.truncate(file, o.length)),
        );
      case 'fchmod':
        return onDescriptor(this.#descriptors, o.fd, (file) =>
          done(files.setAttributes(file, { mode: o.mode })),
        );
      case 'truncate':
        return done(files.setAttributes(this.#resolve(o.path), { size: o.length }));
      case 'stat':
        return ofAttributes(files.attributes(this.#resolve(o.path)));
      case 'lstat':
        return ofAttributes(files.attributes(this.#resolve(o.path, { nofollow: true })));
      case 'unlink':
        return done(files.unlink(this.#resolve(o.path, made)));
      case 'rmdir':
        return done(files.rmdir(this.#resolve(o.path, made)));
      case 'readlink':
        return files.readlink(this.#resolve(o.path, { nofollow: true })).toString();
      case 'readdir':
        return this.#list(o.path);
      case 'mkdir':
        return done(files.mkdir(this.#resolve(o.path, made), o.mode));
      case 'chmod':
        return done(files.setAttributes(this.#resolve(o.path), { mode: o.mode }));
      case 'rename':
        return done(files.rename(this.#resolve(o.path, made), this.#resolve(o.to, made), 0));
      case 'link':
        return done(
          files.link(this.#resolve(o.path, { nofollow: true }), this.#resolve(o.to, made)),
        );
      case 'symlink':
        return done(files.symlink(this.#resolve(o.path, made), Buffer.from(o.target)));
      case 'utimes': {
        const ns = BigInt(o.seconds) * 1_000_000_000n;
        files.setAttributes(this.#resolve(o.path), { atime: ns, mtime: ns });
        return Number(files.attributes(this.#resolve(o.path)).mtimeNs / 1_000_000n);
      }
      default:
        return done(files.flush());
    }
  }

  #list(path: string): string[] {
    const { O_DIRECTORY } = fs.constants;
    const directory = this.#files.open(this.#resolve(path), O_DIRECTORY, 0);
    const names: string[] = [];
    // In pieces, as getdents64 with a small buffer asks for them.
    for (let before = -1; before !== directory.offset;) {
      before = directory.offset;
      let left = 3;
      this.#files.readDirectory(directory, ({ name, type }) => {
        if (left-- === 0) return false;
        const text = name.toString();
        if (text !== '.' && text !== '..') names.push(`${text} ${typeNames[type]}`);
        return true;
      });
    }
    this.#files.close(directory);
    return names.toSorted();
  }
}

const typeNames: Record<number, string> = { 4: 'directory', 8: 'file', 10: 'symlink' };

function typeOf(entry: fs.Dirent | fs.Stats): string {
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'file';
}

/** The outcome of a call that gives nothing. */
function done(_nothing: unknown): string {
  return 'done';
}

/** A directory's size is the file system's own affair. */
function ofStats(stats: fs.Stats): Outcome {
  const { nlink } = stats;
  const type = typeOf(stats);
  return { type, mode: stats.mode & 0o7777, nlink, size: type === 'directory' ? 0 : stats.size };
}

function ofAttributes({ type, mode, nlink, size }: FileAttributes): Outcome {
  return { type, mode, nlink, size: type === 'directory' ? 0 : size };
}

function digest(bytes: Buffer): string {
  if (bytes.length === 0) return 'nothing';
  const runs: string[] = [];
  for (let at = 0; at < bytes.length;) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end++;
    runs.push(`${end - at}x${bytes[at]}`);
    at = end;
  }
  return runs.join(' ');
}

function keep<T>(table: (T | undefined)[], item: T): number {
  return table.push(item) - 1;
}

/** `pick` is any number: of those that are open one is taken. */
function onDescriptor<T>(
  table: (T | undefined)[],
  pick: number,
  run: (item: T, index: number) => Outcome,
): Outcome {
  const open = [...table.keys()].filter((index) => table[index] !== undefined);
  const index = open[pick % Math.max(open.length, 1)];
  const item = index === undefined ? undefined : table[index];
  return item === undefined || index === undefined ? 'nothing open' : run(item, index);
}
