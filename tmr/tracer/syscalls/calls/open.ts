/** open, close and their relatives. */
import type { CallRun } from '../../ports.ts';
import type { OpenFile } from '../../process-state.ts';
import { AT_FDCWD, Open } from '../abi/constants.ts';
import { descriptorOf, install, isVolume, release } from '../descriptors.ts';
import { fail, resultOf } from '../fail.ts';
import { passPath } from '../local-files.ts';
import { readPath } from '../memory.ts';
import { numbers } from '../numbers.ts';
import { type Target, walk } from '../paths.ts';
import type { CallGroup } from '../policy.ts';
import { refusedPath } from '../report.ts';
import { virtualNode } from '../virtual-files.ts';

export const openCalls = {
  open: {
    class: 'file-service',
    args: ['path', 'int', 'uint'],
    perform: (run) =>
      open(run, {
        dirfd: AT_FDCWD,
        pathArg: 0,
        flags: run.tracee.argInt(1),
        mode: run.tracee.argLo(2),
      }),
  },
  openat: {
    class: 'file-service',
    args: ['int', 'path', 'int', 'uint'],
    perform: (run) =>
      open(run, {
        dirfd: run.tracee.argInt(0),
        pathArg: 1,
        flags: run.tracee.argInt(2),
        mode: run.tracee.argLo(3),
      }),
  },
  creat: {
    class: 'file-service',
    args: ['path', 'uint'],
    perform: (run) =>
      open(run, {
        dirfd: AT_FDCWD,
        pathArg: 0,
        flags: Open.create | Open.writeOnly | Open.truncate,
        mode: run.tracee.argLo(1),
      }),
  },
  close: { class: 'file-service', args: ['int'], perform: close },
} as const satisfies CallGroup;

interface OpenRequest {
  dirfd: number;
  pathArg: number;
  flags: number;
  /** Before the umask. */
  mode: number;
}

const WANTS_WRITE = Open.create | Open.truncate;

function open(run: CallRun, request: OpenRequest): void {
  const { flags } = request;
  const path = readPath(run, request.pathArg);
  const creates = (flags & Open.create) !== 0 && (flags & Open.path) === 0;
  const exclusive = creates && (flags & Open.exclusive) !== 0;
  const target = walk(run, request.dirfd, path, {
    nofollow: exclusive || (flags & Open.nofollow) !== 0,
    mayBeMissing: creates,
  });
  switch (target.kind) {
    case 'local':
      return openLocal(run, request, path, target.path);
    case 'virtual':
      return openVirtual(run, request, path, target.path);
    case 'descriptor':
      return openDescriptor(run, request, path, target);
    default:
      return openVolume(run, request, path, target);
  }
}

function openVolume(
  run: CallRun,
  request: OpenRequest,
  path: Buffer,
  target: Extract<Target, { kind: 'volume' | 'missing' }>,
): void {
  const mode = request.mode & 0o7777 & ~run.process.umask;
  const file = run.files.open(target, request.flags, mode);
  const fd = placeholder(run, request, path, file);
  if (fd < 0) run.files.close(file);
}

/**
 * The kernel allots the number: the call is rewritten into memfd_create, named by the tail of the
 * program's own path string, which costs no copy.
 */
function placeholder(run: CallRun, request: OpenRequest, path: Buffer, file: OpenFile): number {
  const NAME_MAX = 249;
  const MFD_CLOEXEC = 1;
  const { tracee } = run;
  const closeOnExec = (request.flags & Open.cloexec) !== 0;
  const name = tracee.arg(request.pathArg) + Math.max(0, path.length - NAME_MAX);
  tracee.setCall(numbers.memfd_create);
  tracee.setArg(0, name);
  tracee.setArg(1, closeOnExec ? MFD_CLOEXEC : 0);
  return install(run, run.runToExit(), file, closeOnExec);
}

/** Programs and libraries: read-only, and the kernel's own. */
function openLocal(run: CallRun, request: OpenRequest, given: Buffer, path: Buffer): void {
  const { flags } = request;
  const writes = (flags & Open.accessMode) !== Open.readOnly || (flags & WANTS_WRITE) !== 0;
  if (writes && (flags & Open.path) === 0) {
    fail('EROFS');
  }
  passPath(run, request.pathArg, given, path);
  const file: OpenFile = {
    kind: 'local',
    path: path.toString('latin1'),
    flags: (flags & ~Open.creation) | Open.largefile,
  };
  install(run, run.runToExit(), file, (flags & Open.cloexec) !== 0);
}

function openVirtual(run: CallRun, request: OpenRequest, given: Buffer, path: string): void {
  const { flags } = request;
  const node = virtualNode(path);
  const wantsDirectory = (flags & Open.directory) !== 0;
  if (wantsDirectory && node.type !== 'directory') fail('ENOTDIR');
  const kept = flags & ~Open.creation;
  const writes = (flags & Open.accessMode) !== Open.readOnly;
  switch (node.type) {
    case 'char':
      if (node.behaviour === 'no-terminal') fail('ENXIO');
      if (node.behaviour === 'native') return openDevice(run, request, given, path);
      placeholder(run, request, given, { kind: 'virtual', path, flags: kept, offset: 0 });
      return;
    case 'symlink':
      if ((flags & Open.path) === 0) fail('ELOOP');
      placeholder(run, request, given, {
        kind: 'virtual',
        path,
        flags: kept,
        offset: 0,
        content: Buffer.alloc(0),
      });
      return;
    case 'directory':
      if (writes || (flags & Open.create) !== 0) fail('EISDIR');
      placeholder(run, request, given, {
        kind: 'virtual',
        path,
        flags: kept,
        offset: 0,
        names: node.names(run),
      });
      return;
    case 'file':
      if (writes) {
        refusedPath(run, Buffer.from(path, 'latin1'), 'EACCES');
        fail('EACCES');
      }
      placeholder(run, request, given, {
        kind: 'virtual',
        path,
        flags: kept | Open.largefile,
        offset: 0,
        content: node.content(run),
      });
  }
}

/** /dev/null and its like behave the same everywhere. */
function openDevice(run: CallRun, request: OpenRequest, given: Buffer, path: string): void {
  passPath(run, request.pathArg, given, Buffer.from(path, 'latin1'));
  const flags = (request.flags & ~Open.creation) | Open.largefile;
  const file: OpenFile = { kind: 'local', path, flags };
  install(run, run.runToExit(), file, (request.flags & Open.cloexec) !== 0);
}

/** /dev/stdin, /proc/self/fd/N: a volume file is opened anew, all else is shared as by dup. */
function openDescriptor(
  run: CallRun,
  request: OpenRequest,
  given: Buffer,
  target: Extract<Target, { kind: 'descriptor' }>,
): void {
  const { file } = target;
  if (isVolume(file)) {
    const place = run.files.resolve(run.process.cwd, file.node.path, {});
    if (place.kind !== 'volume') fail('ENOENT');
    return openVolume(run, request, given, place);
  }
  if ((request.flags & Open.directory) !== 0) fail('ENOTDIR');
  if (file.kind === 'local') {
    // The replica's own /proc serves it: same descriptor number, its own object.
    passPath(run, request.pathArg, given, Buffer.from(`/proc/self/fd/${target.fd}`));
    const flags = (request.flags & ~Open.creation) | Open.largefile;
    install(run, run.runToExit(), { ...file, flags }, (request.flags & Open.cloexec) !== 0);
    return;
  }
  if (file.kind === 'virtual') {
    placeholder(run, request, given, { ...file, offset: 0 });
    return;
  }
  if (run.plan.streams[file.stream].kind === 'socket') fail('ENXIO');
  placeholder(run, request, given, file);
}

/** close(2) frees the number even when it gives an error. */
function close(run: CallRun): void {
  const fd = run.tracee.argInt(0);
  descriptorOf(run, fd);
  const late = resultOf(() => {
    release(run, fd);
    return 0;
  });
  const result = run.runToExit();
  run.foldNumber(result);
  if (late < 0) run.tracee.setResult(late);
}
