/** Listing directories, the working directory, and the creation mask. */
import { statSync } from 'node:fs';
import type { CallRun } from '../../ports.ts';
import type { DirectoryEntry } from '../../files/types.ts';
import type { OpenFile } from '../../process-state.ts';
import { AT_FDCWD } from '../abi/constants.ts';
import { direntType, encodeDirent, type DirentForm } from '../abi/dirent.ts';
import { descriptorOf, fileOf } from '../descriptors.ts';
import { fail, localCall } from '../fail.ts';
import { localAccess, virtualInode } from '../local-files.ts';
import { uintArg, writeMemory } from '../memory.ts';
import { type Target, targetOf } from '../paths.ts';
import type { CallGroup } from '../policy.ts';
import { virtualFileId, virtualNode } from '../virtual-files.ts';
import { attributesOf } from './stat.ts';

export const directoryCalls = {
  getdents: {
    class: 'file-service',
    args: ['int', 'ptr', 'uint'],
    perform: (run) => getdents(run, 'old'),
  },
  getdents64: {
    class: 'file-service',
    args: ['int', 'ptr', 'uint'],
    perform: (run) => getdents(run, '64'),
  },
  getcwd: { class: 'file-service', args: ['ptr', 'long'], perform: getcwd },
  chdir: {
    class: 'file-service',
    args: ['path'],
    perform: (run) => changeDirectory(run, targetOf(run, AT_FDCWD, 0)),
  },
  fchdir: {
    class: 'file-service',
    args: ['int'],
    perform: (run) => {
      const fd = run.tracee.argInt(0);
      changeDirectory(run, { kind: 'descriptor', fd, file: descriptorOf(run, fd).file });
    },
  },
  umask: {
    class: 'file-service',
    args: ['uint'],
    perform: (run) => {
      const before = run.process.umask;
      run.process.umask = run.tracee.argInt(0) & 0o777;
      run.skip(before);
    },
  },
} as const satisfies CallGroup;

const LARGEST = 1024 * 1024;
let listing = Buffer.alloc(64 * 1024);

function getdents(run: CallRun, form: DirentForm): void {
  const { tracee } = run;
  const file = fileOf(run, tracee.argInt(0));
  const address = tracee.arg(1);
  const size = Math.min(uintArg(tracee, 2), LARGEST);
  if (file.kind === 'local') return getdentsLocally(run, form);
  if (listing.length < size) listing = Buffer.alloc(size);
  let used = 0;
  let full = false;
  const accept = (entry: DirectoryEntry): boolean => {
    const length = encodeDirent(form, entry, listing, used, size);
    if (length === 0) full = true;
    used += length;
    return length > 0;
  };
  if (file.kind === 'volume-directory') run.files.readDirectory(file, accept);
  else if (file.kind === 'virtual' && file.names !== undefined) readNames(file, file.names, accept);
  else fail('ENOTDIR');
  if (used === 0 && full) fail('EINVAL');
  writeMemory(run, address, listing.subarray(0, used));
  run.skip(used);
}

/** "." and ".." first, as everywhere. */
function readNames(
  file: Extract<OpenFile, { kind: 'virtual' }>,
  names: readonly string[],
  accept: (entry: DirectoryEntry) => boolean,
): void {
  const all = ['.', '..', ...names];
  while (file.offset < all.length) {
    const name = all[file.offset]!;
    const path = name === '.' || name === '..' ? file.path : `${file.path}/${name}`;
    const next = file.offset + 1;
    const type = typeOf(path, name);
    const fileid = BigInt(virtualFileId(path));
    if (!accept({ fileid, name: Buffer.from(name), type, next })) return;
    file.offset = next;
  }
}

function typeOf(path: string, name: string): number {
  if (name === '.' || name === '..') return direntType.directory;
  try {
    const { type } = virtualNode(path);
    return direntType[type];
  } catch {
    // A process directory under its number: the node is /proc/self.
    return direntType.directory;
  }
}

/** The host's own order; inode numbers as stat gives them. */
function getdentsLocally(run: CallRun, form: DirentForm): void {
  const { tracee } = run;
  const { file } = descriptorOf(run, tracee.argInt(0));
  const address = tracee.arg(1);
  const result = run.runToExit();
  run.foldNumber(result);
  if (result <= 0 || file.kind !== 'local') return;
  if (listing.length < result) listing = Buffer.alloc(result);
  const bytes = listing.subarray(0, result);
  run.tracee.read(address, bytes, 0, result);
  // Entries lie on the directory's own device.
  const { dev } = localCall(() => statSync(file.path, { bigint: true }));
  const headBytes = form === '64' ? 19 : 18;
  for (let at = 0; at + headBytes <= result; at += bytes.readUInt16LE(at + 16)) {
    const inode = virtualInode(run, `${dev}:${bytes.readBigUInt64LE(at)}`);
    bytes.writeBigUInt64LE(BigInt(inode), at);
  }
  writeMemory(run, address, bytes);
  run.foldMemory(address, result);
}

function getcwd(run: CallRun): void {
  const { cwd } = run.process;
  const size = run.tracee.arg(1);
  if (size < cwd.length + 1) fail('ERANGE');
  writeMemory(run, run.tracee.arg(0), Buffer.concat([cwd, Buffer.from([0])]));
  run.skip(cwd.length + 1);
}

const X_OK = 1;

function changeDirectory(run: CallRun, target: Target): void {
  const attributes = attributesOf(run, target, false);
  if (attributes.type !== 'directory') fail('ENOTDIR');
  run.process.cwd = Buffer.from(searchable(run, target));
  run.skip(0);
}

/** The canonical path of a directory that may be searched. EACCES. */
function searchable(run: CallRun, target: Target): Buffer {
  switch (target.kind) {
    case 'volume':
      run.files.access(target, X_OK);
      return target.node.path;
    case 'local':
      localAccess(target.path, X_OK);
      return withoutSlash(target.path);
    case 'virtual':
      return Buffer.from(target.path, 'latin1');
    case 'descriptor': {
      const { file } = target;
      if (file.kind === 'volume-directory') return file.node.path;
      if (file.kind === 'local' || file.kind === 'virtual') {
        return withoutSlash(Buffer.from(file.path, 'latin1'));
      }
      return fail('ENOTDIR');
    }
    default:
      return fail('ENOENT');
  }
}

const withoutSlash = (path: Buffer): Buffer =>
  path.length > 1 && path.at(-1) === 0x2f ? path.subarray(0, -1) : path;
