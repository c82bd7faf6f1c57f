/**
 * Carries voted slots out on the real descriptors 0-2. What may block (pipes, terminals) goes
 * through Node's thread pool, so that pings are answered while a reader is slow or a human thinks
 * (R9, R19). Errors become -errno, the same for all replicas.
 */
import fs from 'node:fs';
import { constants } from 'node:os';
import type { StandardStream } from '../wire/session-plan.ts';
import { SLOT_BYTES_MAX } from '../wire/slot-codec.ts';
import type { NativeDescriptors } from './native.ts';
import type { StreamOp } from './session-types.ts';
import type { SlotResult } from './slots.ts';

const { S_IFMT, S_IFREG, S_IFBLK } = fs.constants;
const { EAGAIN, EBADF, EINVAL, EIO, ESPIPE } = constants.errno;
const nothing = Buffer.alloc(0);
/** Most bytes of one read from a pipe or terminal: no pipe holds more by default. */
const STREAM_READ_MAX = 1024 * 1024;
/** How often a descriptor that was not ready is looked at again. */
const RETRY_FIRST_MS = 1;
const RETRY_MAX_MS = 20;

export class StreamService {
  readonly #streams: readonly StandardStream[];
  readonly #native: NativeDescriptors;

  constructor(streams: readonly StandardStream[], native: NativeDescriptors) {
    this.#streams = streams;
    this.#native = native;
  }

  /** Never rejects. */
  async perform(op: StreamOp): Promise<SlotResult> {
    const stream = this.#streams[op.fd];
    if (stream === undefined || stream.kind === 'closed') return failed(EBADF);
    try {
      return await this.#carryOut(op, stream);
    } catch (error) {
      return failed(errnoOf(error));
    }
  }

  async #carryOut(op: StreamOp, stream: StandardStream): Promise<SlotResult> {
    switch (op.type) {
      case 'output':
        return count(await this.#write(op.fd, op.bytes, isSeekable(stream)));
      case 'input':
        return await this.#read(stream, op.fd, op.count, op.offset);
      case 'seek':
        return this.#seek(stream, op.fd, op.offset, op.whence);
      case 'truncate':
        if (!isSeekable(stream)) return failed(EINVAL);
        fs.ftruncateSync(op.fd, op.length);
        return count(0);
      case 'sync':
        fs.fsyncSync(op.fd);
    }
    return count(0);
  }

  /** write(2) of everything; a short count only where the kernel gave one (a full disk). */
  async #write(fd: number, bytes: Buffer, seekable: boolean): Promise<number> {
    // A regular file does not make us wait for anybody.
    if (seekable) return fs.writeSync(fd, bytes);
    let written = 0;
    while (written < bytes.length) {
      try {
        written += await patiently(() => writeOnce(fd, bytes.subarray(written)));
      } catch (error) {
        // As write(2): what got out is told first, the error comes with the next call.
        if (written > 0) return written;
        throw error;
      }
    }
    return written;
  }

  async #read(
    stream: StandardStream,
    fd: number,
    wanted: number,
    offset: number,
  ): Promise<SlotResult> {
    const seekable = isSeekable(stream);
    if (!seekable && offset >= 0) return failed(ESPIPE);
    const bytes = Buffer.allocUnsafe(Math.min(wanted, seekable ? SLOT_BYTES_MAX : STREAM_READ_MAX));
    // Position null moves the shared offset, so that it stays where the program left it.
    const got = seekable
      ? fs.readSync(fd, bytes, 0, bytes.length, offset < 0 ? null : offset)
      : await patiently(() => this.#readWhenReady(fd, bytes));
    return { result: got, bytes: bytes.subarray(0, got) };
  }

  /**
   * A read that blocks in the thread pool would hold up the end of this process (Node joins its
   * threads), so what is not there yet is looked for again.
   */
  #readWhenReady(fd: number, bytes: Buffer): Promise<number> {
    const ready = this.#native.poll?.(Int32Array.of(fd), 1, new Uint8Array(1), 0) ?? 1;
    return ready > 0 ? readOnce(fd, bytes) : Promise.reject(new NotReady());
  }

  #seek(stream: StandardStream, fd: number, offset: number, whence: number): SlotResult {
    if (!isSeekable(stream) || this.#native.lseek === undefined) return failed(ESPIPE);
    return count(this.#native.lseek(fd, offset, whence));
  }
}

/** As read(2) on a non-blocking descriptor without data. */
class NotReady extends Error {
  readonly errno = -EAGAIN;
}

/** A regular file or block device, where nothing waits for anybody, or /dev/null. */
function isSeekable({ kind, stat }: StandardStream): boolean {
  const type = stat.mode & S_IFMT;
  return kind === 'null' || (kind === 'file' && (type === S_IFREG || type === S_IFBLK));
}

/** Repeats what fails with EAGAIN, at most 50 times a second. */
async function patiently(attempt: () => Promise<number>): Promise<number> {
  for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (errnoOf(error) !== EAGAIN) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function writeOnce(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

function readOnce(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, 0, bytes.length, null, (error, got) =>
      error === null ? resolve(got) : reject(error),
    );
  });
}

function errnoOf(error: unknown): number {
  const errno = (error as NodeJS.ErrnoException).errno;
  return errno === undefined ? EIO : Math.abs(errno);
}

function count(result: number): SlotResult {
  return { result, bytes: nothing };
}

function failed(errno: number): SlotResult {
  return { result: -errno, bytes: nothing };
}
