/** Calls that move bytes between the replica's memory and an open file. */
import type { CallRun } from '../../ports.ts';
import type { OpenVolumeFile } from '../../files/types.ts';
import type { OpenFile } from '../../process-state.ts';
import { Open } from '../abi/constants.ts';
import { Errno } from '../abi/errno.ts';
import { fileOf, isVolume, mayRead, mayWrite } from '../descriptors.ts';
import { fail } from '../fail.ts';
import { longArg } from '../memory.ts';
import type { CallGroup } from '../policy.ts';
import { flushMapped, wroteMapped } from '../shadows.ts';
import { readStream, seekStream, writeStream } from '../streams.ts';
import {
  CHUNK_BYTES,
  copyIn,
  copyOut,
  foldTransfer,
  oneSegment,
  type Transfer,
  vectorArgument,
} from '../transfer.ts';

const why = 'descriptor decides: volume by NFS, standard stream by slot, local by the kernel';

export const readWriteCalls = {
  read: {
    class: 'file-service',
    args: ['int', 'ptr', 'long'],
    perform: (run) => read(run, oneSegment(run.tracee, 1, 2), undefined),
    why,
  },
  pread64: {
    class: 'file-service',
    args: ['int', 'ptr', 'long', 'long'],
    perform: (run) => read(run, oneSegment(run.tracee, 1, 2), position(run)),
    why,
  },
  readv: {
    class: 'file-service',
    args: ['int', 'ptr', 'long'],
    perform: (run) => read(run, vectorArgument(run, 1, 2), undefined),
    why,
  },
  preadv: {
    class: 'file-service',
    args: ['int', 'ptr', 'long', 'long'],
    perform: (run) => read(run, vectorArgument(run, 1, 2), position(run)),
    why,
  },
  preadv2: {
    class: 'file-service',
    args: ['int', 'ptr', 'long', 'long', 'ignore', 'int'],
    perform: (run) => read(run, vectorArgument(run, 1, 2), positionOrCurrent(run)),
    why,
  },
  write: {
    class: 'voted-output',
    args: ['int', { bytes: 2 }, 'long'],
    perform: (run) => write(run, oneSegment(run.tracee, 1, 2), undefined),
    why,
  },
  pwrite64: {
    class: 'voted-output',
    args: ['int', { bytes: 2 }, 'long', 'long'],
    perform: (run) => write(run, oneSegment(run.tracee, 1, 2), position(run)),
    why,
  },
  writev: {
    class: 'voted-output',
    args: ['int', { iovec: 2 }, 'long'],
    perform: (run) => write(run, vectorArgument(run, 1, 2), undefined),
    why,
  },
  pwritev: {
    class: 'voted-output',
    args: ['int', { iovec: 2 }, 'long', 'long'],
    perform: (run) => write(run, vectorArgument(run, 1, 2), position(run)),
    why,
  },
  pwritev2: {
    class: 'voted-output',
    args: ['int', { iovec: 2 }, 'long', 'long', 'ignore', 'int'],
    perform: (run) => write(run, vectorArgument(run, 1, 2), positionOrCurrent(run)),
    why,
  },
  lseek: {
    class: 'file-service',
    args: ['int', 'long', 'uint'],
    perform: seek,
  },
  sendfile: {
    class: 'file-service',
    args: ['int', 'int', { struct: 8 }, 'long'],
    perform: (run) => run.skip(-Errno.EINVAL),
    why: 'EINVAL: programs fall back to read and write',
  },
  copy_file_range: {
    class: 'file-service',
    args: ['int', 'ptr', 'int', 'ptr', 'long', 'uint'],
    perform: (run) => run.skip(-Errno.EINVAL),
    why: 'EINVAL: programs fall back to read and write',
  },
  splice: {
    class: 'file-service',
    args: ['int', 'ptr', 'int', 'ptr', 'long', 'uint'],
    perform: (run) => run.skip(-Errno.EINVAL),
    why: 'EINVAL: programs fall back to read and write',
  },
  tee: {
    class: 'file-service',
    args: ['int', 'int', 'long', 'uint'],
    perform: (run) => run.skip(-Errno.EINVAL),
    why: 'EINVAL: programs fall back to read and write',
  },
  vmsplice: {
    class: 'file-service',
    args: ['int', 'ptr', 'long', 'uint'],
    perform: (run) => run.skip(-Errno.EINVAL),
    why: 'EINVAL: programs fall back to write',
  },
} as const satisfies CallGroup;

function position(run: CallRun): number {
  const offset = longArg(run.tracee, 3);
  if (offset < 0) fail('EINVAL');
  return offset;
}

/** preadv2, pwritev2: -1 is the file's own offset. Flags (RWF_HIPRI, RWF_DSYNC...) are hints here. */
function positionOrCurrent(run: CallRun): number | undefined {
  const RWF_APPEND = 0x10;
  const RWF_NOWAIT = 0x8;
  if ((run.tracee.argInt(5) & (RWF_APPEND | RWF_NOWAIT)) !== 0) fail('EOPNOTSUPP');
  return longArg(run.tracee, 3) === -1 ? undefined : position(run);
}

function read(run: CallRun, to: Transfer, offset: number | undefined): void {
  const file = fileOf(run, run.tracee.argInt(0));
  if (!mayRead(file)) fail('EBADF');
  if (file.kind === 'local') return readLocally(run, to);
  run.skip(readEmulated(run, file, to, offset));
}

function readLocally(run: CallRun, to: Transfer): void {
  const result = run.runToExit();
  run.foldNumber(result);
  if (result > 0) foldTransfer(run, to, result);
}

function readEmulated(
  run: CallRun,
  file: Exclude<OpenFile, { kind: 'local' }>,
  to: Transfer,
  offset: number | undefined,
): number {
  switch (file.kind) {
    case 'volume-directory':
      return -Errno.EISDIR;
    case 'stream':
      return readStream(run, file, to, offset);
    case 'virtual':
      return readVirtual(run, file, to, offset);
    default:
      return readVolume(run, file, to, offset);
  }
}

function readVolume(
  run: CallRun,
  file: OpenVolumeFile,
  to: Transfer,
  offset: number | undefined,
): number {
  flushMapped(run, file);
  let done = 0;
  while (done < to.total) {
    const wanted = Math.min(to.total - done, CHUNK_BYTES);
    const at = offset === undefined ? undefined : offset + done;
    const bytes = run.files.read(file, wanted, at);
    const moved = copyOut(run.tracee, to, done, bytes, bytes.length);
    done += moved;
    if (moved < bytes.length) {
      // Unwritable memory: what was not delivered is still to be read.
      if (offset === undefined) file.offset -= bytes.length - moved;
      return done > 0 ? done : -Errno.EFAULT;
    }
    if (bytes.length < wanted) break;
  }
  return done;
}

function readVirtual(
  run: CallRun,
  file: Extract<OpenFile, { kind: 'virtual' }>,
  to: Transfer,
  offset: number | undefined,
): number {
  if (file.names !== undefined) return -Errno.EISDIR;
  if (file.content === undefined) {
    const count = Math.min(to.total, CHUNK_BYTES);
    const moved = copyOut(run.tracee, to, 0, run.random(count), count);
    return moved === 0 && count > 0 ? -Errno.EFAULT : moved;
  }
  const at = offset ?? file.offset;
  const bytes = file.content.subarray(at, at + to.total);
  const moved = copyOut(run.tracee, to, 0, bytes, bytes.length);
  if (moved === 0 && bytes.length > 0) return -Errno.EFAULT;
  if (offset === undefined) file.offset += moved;
  return moved;
}

const outgoing = Buffer.alloc(CHUNK_BYTES);

function write(run: CallRun, from: Transfer, offset: number | undefined): void {
  const file = fileOf(run, run.tracee.argInt(0));
  if (!mayWrite(file)) fail('EBADF');
  if (file.kind === 'local') {
    run.foldNumber(run.runToExit());
    return;
  }
  if (isVolume(file)) return run.skip(writeVolume(run, file, from, offset));
  if (file.kind === 'stream') return run.skip(writeStream(run, file, from, offset));
  // /dev/urandom takes bytes for its pool; the other virtual files are read-only.
  run.skip(file.content === undefined ? from.total : -Errno.EINVAL);
}

function writeVolume(
  run: CallRun,
  file: OpenVolumeFile,
  from: Transfer,
  offset: number | undefined,
): number {
  flushMapped(run, file);
  let done = 0;
  do {
    const wanted = Math.min(from.total - done, CHUNK_BYTES);
    const read = copyIn(run.tracee, from, done, outgoing, wanted);
    if (read === 0 && wanted > 0) return done > 0 ? done : -Errno.EFAULT;
    const at = offset === undefined ? undefined : offset + done;
    const bytes = outgoing.subarray(0, read);
    let written: number;
    try {
      written = run.files.write(file, bytes, at);
    } catch (error) {
      // A part that went before is the result; the error comes again at the next call.
      if (done > 0) return done;
      throw error;
    }
    const append = (file.flags & Open.append) !== 0;
    wroteMapped(run, file, bytes.subarray(0, written), append ? undefined : at);
    done += written;
    if (written < wanted) break;
  } while (done < from.total);
  return done;
}

function seek(run: CallRun): void {
  const file = fileOf(run, run.tracee.argInt(0));
  const offset = longArg(run.tracee, 1);
  const whence = run.tracee.argInt(2);
  if (file.kind === 'local') {
    run.foldNumber(run.runToExit());
    return;
  }
  if (isVolume(file)) {
    flushMapped(run, file);
    return run.skip(run.files.seek(file, offset, whence));
  }
  if (file.kind === 'stream') return run.skip(seekStream(run, file, offset, whence));
  const length = file.content?.length ?? 0;
  const bases = [0, file.offset, length];
  const base = bases[whence] ?? fail('EINVAL');
  if (base + offset < 0) fail('EINVAL');
  file.offset = base + offset;
  run.skip(file.offset);
}
