/** Standard streams: what is read and written goes through the monitor's slots (protocol.md R13). */
import { kill } from 'ptrace-napi';
import type { CallRun } from '../ports.ts';
import type { OpenFile } from '../process-state.ts';
import type { StandardStream } from '../../wire/session-plan.ts';
import { FileMode, Signal } from './abi/constants.ts';
import { Errno } from './abi/errno.ts';
import { fail } from './fail.ts';
import { CHUNK_BYTES, copyIn, copyOut, type Transfer } from './transfer.ts';

export type StreamFile = Extract<OpenFile, { kind: 'stream' }>;

/** In an `input` slot: from where the stream stands. */
const CURRENT = -1;
const bytes = Buffer.alloc(CHUNK_BYTES);

export const streamOf = (run: CallRun, file: StreamFile): StandardStream =>
  run.plan.streams[file.stream];

/** Count or -errno. `offset`: for pread on a seekable one. */
export function readStream(
  run: CallRun,
  file: StreamFile,
  to: Transfer,
  offset: number | undefined,
): number {
  if (offset !== undefined && !isSeekable(run, file)) fail('ESPIPE');
  if (to.total === 0) return 0;
  run.files.flush();
  const count = Math.min(to.total, CHUNK_BYTES);
  const reply = run.monitor.slot({
    type: 'input',
    fd: file.stream,
    count,
    offset: offset ?? CURRENT,
  });
  if (reply.result <= 0) return reply.result;
  const moved = copyOut(run.tracee, to, 0, reply.bytes, reply.result);
  return moved === 0 ? -Errno.EFAULT : moved;
}

/** Count or -errno, as write(2) gives it; EPIPE raises SIGPIPE. */
export function writeStream(
  run: CallRun,
  file: StreamFile,
  from: Transfer,
  offset: number | undefined,
): number {
  if (offset !== undefined) {
    // No slot writes at an offset: a file that stands there already needs none.
    if (!isSeekable(run, file)) fail('ESPIPE');
    return writeStreamAt(run, file, from, offset);
  }
  // Gathered writes go out before any output leaves the session (DESIGN.md 5).
  run.files.flush();
  let done = 0;
  do {
    const length = Math.min(from.total - done, CHUNK_BYTES);
    const read = copyIn(run.tracee, from, done, bytes, length);
    if (read === 0 && length > 0) return done > 0 ? done : -Errno.EFAULT;
    const { result } = output(run, file, bytes.subarray(0, read));
    if (result < 0) {
      if (result === -Errno.EPIPE) kill(run.tracee.pid, Signal.pipe);
      return done > 0 ? done : result;
    }
    done += result;
    if (result < length) return done;
  } while (done < from.total);
  return done;
}

/** The slot takes the bytes by reference: they must outlive it. */
function output(run: CallRun, file: StreamFile, view: Buffer): { result: number } {
  return run.monitor.slot({ type: 'output', fd: file.stream, bytes: Buffer.from(view) });
}

/** pwrite on standard output that is a file: there, and back. */
function writeStreamAt(run: CallRun, file: StreamFile, from: Transfer, offset: number): number {
  const before = seekStream(run, file, 0, 1);
  if (before < 0) return before;
  const there = seekStream(run, file, offset, 0);
  if (there < 0) return there;
  const written = writeStream(run, file, from, undefined);
  seekStream(run, file, before, 0);
  return written;
}

/** New offset or -errno. */
export function seekStream(run: CallRun, file: StreamFile, offset: number, whence: number): number {
  if (!isSeekable(run, file)) return -Errno.ESPIPE;
  return run.monitor.slot({ type: 'seek', fd: file.stream, offset, whence }).result;
}

export function isSeekable(run: CallRun, file: StreamFile): boolean {
  const { kind, stat } = streamOf(run, file);
  const type = stat.mode & FileMode.mask;
  return (
    kind === 'null' || (kind === 'file' && (type === FileMode.file || type === FileMode.block))
  );
}
