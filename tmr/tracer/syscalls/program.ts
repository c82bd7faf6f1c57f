/**
 * Which file the kernel executes for a path that the replicas see (research/feasibility.md b): a
 * local program itself, a copy of one that lies in a volume, the interpreter of a script.
 */
import { accessSync, closeSync, constants, mkdtempSync, openSync, readSync } from 'node:fs';
import { realpathSync, rmSync, writeSync } from 'node:fs';
import type { FileService, OpenVolumeFile, Place } from '../files/types.ts';
import type { ProgramFile } from '../images/closure.ts';
import type { ProcessState } from '../process-state.ts';
import { copiesPrefix } from '../../wire/temporary-names.ts';
import { Open } from './abi/constants.ts';
import { commOf } from './comm.ts';
import { fail, localCall } from './fail.ts';

export interface ProgramImage {
  /** What execve is given; the same length in all replicas. */
  localPath: Buffer;
  /** argv; a script's interpreter put before. */
  args: Buffer[];
  /** /proc/self/exe as the replicas see it. */
  executable: Buffer;
  /** Words of `args` that come before argv[1] of the caller; 0: `args` is as it was given. */
  prepended: number;
  /** Files that this host read for it: scripts of its own, and last the program itself. */
  files: ProgramFile[];
}

/** Bytes of a file that the kernel looks at (BINPRM_BUF_SIZE). */
const HEAD_BYTES = 256;
/** Interpreters of interpreters (execve(2)). */
const MAX_INTERPRETERS = 5;

/**
 * The session's first program: sets what `state` says of it. Throws SyscallError (ENOENT, EACCES,
 * ENOEXEC...) as execve would. `cleanUp` removes copies, those of later programs too.
 */
export function resolveProgram(
  files: FileService,
  state: ProcessState,
  file: Buffer,
): ProgramImage & { cleanUp: () => void } {
  const image = findProgram(files, state, file, state.args);
  state.executable = image.executable;
  state.comm = commOf(file);
  return { ...image, cleanUp: () => removeCopies(state) };
}

export function removeCopies(state: ProcessState): void {
  if (state.execDirectory === undefined) return;
  rmSync(state.execDirectory, { recursive: true, force: true });
  state.execDirectory = undefined;
}

export function findProgram(
  files: FileService,
  state: ProcessState,
  file: Buffer,
  args: readonly Buffer[],
): ProgramImage {
  let path = file;
  let words = [...args];
  let prepended = 0;
  const local: ProgramFile[] = [];
  for (let depth = 0; depth <= MAX_INTERPRETERS; depth++) {
    const source = openProgram(files, state, path);
    try {
      const script = interpreterOf(source.read(HEAD_BYTES, 0));
      if (script === undefined) {
        const localPath = source.localPath ?? copyProgram(state, source);
        const seen = source.executable;
        local.push({ local: localPath, seen });
        return { localPath, args: words, executable: seen, prepended, files: local };
      }
      if (source.localPath !== undefined) {
        local.push({ local: source.localPath, seen: source.executable });
      }
      // argv[0] gives way to the interpreter, its argument, and the script's path as it was given.
      const before = [script.path, ...(script.arg === undefined ? [] : [script.arg]), path];
      words = [...before, ...words.slice(1)];
      prepended += before.length - (prepended === 0 ? 0 : 1);
      path = script.path;
    } finally {
      source.close();
    }
  }
  return fail('ELOOP');
}

/** A program file that is open for reading. */
interface Source {
  /** Undefined: in a volume, to be copied. */
  localPath: Buffer | undefined;
  executable: Buffer;
  /** A view that is valid until the next read. */
  read: (length: number, offset: number) => Buffer;
  close: () => void;
}

function openProgram(files: FileService, state: ProcessState, path: Buffer): Source {
  const place = openedPlace(files, state, path);
  if (place.kind === 'local') return openLocal(place.path);
  if (place.kind !== 'volume') fail('EACCES');
  if (place.node.attributes.type !== 'file') fail('EACCES');
  files.access(place, constants.X_OK);
  const file: OpenVolumeFile = files.open(place, Open.readOnly, 0);
  return {
    localPath: undefined,
    executable: place.node.path,
    read: (length, offset) => files.read(file, length, offset),
    close: () => files.close(file),
  };
}

/** /proc/self/exe is the program itself. */
function openedPlace(files: FileService, state: ProcessState, path: Buffer): Place {
  const place = files.resolve(state.cwd, path, {});
  const isSelf =
    place.kind === 'virtual' && [`/proc/self/exe`, `/proc/${state.pid}/exe`].includes(place.path);
  return isSelf ? files.resolve(state.cwd, state.executable, {}) : place;
}

function openLocal(path: Buffer): Source {
  localCall(() => accessSync(path, constants.X_OK));
  const executable = localCall(() => realpathSync(path, { encoding: 'buffer' }));
  const fd = localCall(() => openSync(path, 'r'));
  const buffer = Buffer.alloc(HEAD_BYTES);
  return {
    localPath: path,
    executable,
    read: (length, offset) =>
      buffer.subarray(
        0,
        localCall(() => readSync(fd, buffer, 0, Math.min(length, HEAD_BYTES), offset)),
      ),
    close: () => closeSync(fd),
  };
}

/** "#!", an interpreter, and at most one argument: the rest of the line (fs/binfmt_script.c). */
export function interpreterOf(head: Buffer): { path: Buffer; arg: Buffer | undefined } | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const text = head.toString('latin1', 2);
  const end = text.indexOf('\n');
  const line = (end < 0 ? text : text.slice(0, end)).replace(/^[ \t]+|[ \t]+$/g, '');
  const match = /^([^ \t\0]+)(?:[ \t]+([^\0]*))?/.exec(line);
  if (match === null) fail('ENOEXEC');
  const arg = match[2] === undefined || match[2] === '' ? undefined : match[2];
  return {
    path: Buffer.from(match[1]!, 'latin1'),
    arg: arg === undefined ? undefined : Buffer.from(arg, 'latin1'),
  };
}

const COPY_CHUNK_BYTES = 1024 * 1024;

/** Into a directory of the tracer's own, whose name has a fixed length: it stands on the stack. */
function copyProgram(state: ProcessState, source: Source): Buffer {
  state.execDirectory ??= mkdtempSync(`${copiesPrefix}${String(process.pid).padStart(7, '0')}-`);
  const path = `${state.execDirectory}/${String(state.execCopies).padStart(8, '0')}`;
  state.execCopies++;
  const fd = openSync(path, 'wx', 0o700);
  try {
    for (let at = 0; ;) {
      const bytes = source.read(COPY_CHUNK_BYTES, at);
      if (bytes.length === 0) break;
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      at += bytes.length;
    }
  } finally {
    closeSync(fd);
  }
  return Buffer.from(path);
}
