/** From a path argument to what it names: a place of the file service, or an open descriptor. */
import type { Place } from '../files/types.ts';
import type { CallRun } from '../ports.ts';
import type { OpenFile } from '../process-state.ts';
import { AT_FDCWD } from './abi/constants.ts';
import { descriptorOf, isVolume } from './descriptors.ts';
import { fail } from './fail.ts';
import { readPath } from './memory.ts';

export type Target =
  | Place
  /** /dev/stdin, /dev/fd/N, /proc/self/fd/N: the open file itself. */
  | { kind: 'descriptor'; fd: number; file: OpenFile };

export interface WalkOptions {
  nofollow?: boolean;
  mayBeMissing?: boolean;
}

/** The path in argument `pathArg`, relative to the directory in `dirfd` (AT_FDCWD: the working one). */
export function targetOf(
  run: CallRun,
  dirfd: number,
  pathArg: number,
  options: WalkOptions = {},
): Target {
  return walk(run, dirfd, readPath(run, pathArg), options);
}

export function walk(run: CallRun, dirfd: number, path: Buffer, options: WalkOptions): Target {
  if (path.length === 0) fail('ENOENT');
  return resolve(run, path[0] === 0x2f ? run.process.cwd : baseOf(run, dirfd), path, options);
}

/** For calls that change names: where /proc and /dev are no place for it. EPERM, EROFS by the caller. */
export function placeOf(
  run: CallRun,
  dirfd: number,
  pathArg: number,
  options: WalkOptions = {},
): Place {
  const target = targetOf(run, dirfd, pathArg, options);
  if (target.kind === 'descriptor') fail('EPERM');
  return target;
}

/** Canonical path of the directory that relative paths start from. */
function baseOf(run: CallRun, dirfd: number): Buffer {
  if (dirfd === AT_FDCWD) return run.process.cwd;
  const { file } = descriptorOf(run, dirfd);
  if (file.kind === 'volume-directory') return file.node.path;
  if (isVolume(file) || file.kind === 'stream') fail('ENOTDIR');
  if (!file.path.startsWith('/')) fail('ENOTDIR');
  if (file.kind === 'virtual' && file.names === undefined) fail('ENOTDIR');
  return Buffer.from(file.path, 'latin1');
}

/** Symlinks through /proc: as many as a walk may follow. */
const MAX_DEPTH = 40;

function resolve(
  run: CallRun,
  base: Buffer,
  path: Buffer,
  options: WalkOptions,
  depth = 0,
): Target {
  if (depth > MAX_DEPTH) fail('ELOOP');
  const place = run.files.resolve(base, path, options);
  if (place.kind !== 'virtual') return place;
  const terminal = terminalAt(run, place.path);
  if (terminal !== undefined) return terminal;
  const canonical = ownProcess(run, place.path);
  const fd = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/.exec(canonical);
  if (fd !== null) {
    const number = Number(fd[1]);
    const file = run.process.descriptors.get(number)?.file ?? fail('ENOENT');
    if (fd[2] !== undefined) {
      const below = Buffer.from(fd[2].slice(1), 'latin1');
      return resolve(run, baseOf(run, number), below, options, depth + 1);
    }
    if (options.nofollow !== true) return { kind: 'descriptor', fd: number, file };
    return { kind: 'virtual', path: canonical };
  }
  const link = /^\/proc\/self\/(cwd|root|exe)(\/.*)?$/.exec(canonical);
  if (link === null || (link[2] === undefined && options.nofollow === true)) {
    return { kind: 'virtual', path: canonical };
  }
  const { cwd, executable } = run.process;
  const start = link[1] === 'cwd' ? cwd : link[1] === 'exe' ? executable : Buffer.from('/');
  const rest = Buffer.from(`.${link[2] ?? ''}`, 'latin1');
  if (link[1] === 'exe') return resolve(run, Buffer.from('/'), start, options, depth + 1);
  return resolve(run, start, rest, options, depth + 1);
}

/** The terminal of a standard stream, by the name that ttyname(3) finds, while a descriptor has it. */
function terminalAt(run: CallRun, path: string): Target | undefined {
  for (const [fd, { file }] of run.process.descriptors) {
    if (file.kind !== 'stream') continue;
    if (run.plan.streams[file.stream].ttyName === path) return { kind: 'descriptor', fd, file };
  }
  return undefined;
}

/** One spelling for what has several: /proc/PID, /proc/thread-self, /dev/stdin, /dev/fd. */
function ownProcess(run: CallRun, path: string): string {
  const { pid } = run.process;
  const standard = ['/dev/stdin', '/dev/stdout', '/dev/stderr'].indexOf(path);
  if (standard >= 0) return `/proc/self/fd/${standard}`;
  return path
    .replace(/^\/dev\/fd(?=\/|$)/, '/proc/self/fd')
    .replace(new RegExp(`^/proc/(?:${pid}|thread-self|self/task/${pid})(?=/)`), '/proc/self')
    .replace(new RegExp(`^/proc/self/task/${pid}(?=/)`), '/proc/self')
    .replace(/^\/proc\/self\/task\/\d+(?=\/)/, '/proc/none');
}
