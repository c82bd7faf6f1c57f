/** READ, WRITE and COMMIT. */
import {
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  readSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { attributesOf } from '../files/attributes.ts';
import { clearSetId } from '../files/change.ts';
import { withFile } from '../files/open-file.ts';
import { NfsError } from '../nfs-error.ts';
import { assertMayData, may } from '../permissions.ts';
import { TRANSFER_MAX, nfsStatus, stableHow } from '../protocol/constants.ts';
import * as protocol from '../protocol/file-procedures.ts';
import { assertWritable, attempt, handler, Subject, type CallContext } from './handler.ts';

export const read = handler(protocol.read, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const file = subject.reach(call, args.object);
      assertMayData(file.stat, call.caller, may.read);
      return withFile(file, constants.O_RDONLY, call.caller, (fd) => {
        const data = readAt(fd, args.offset, Math.min(args.count, TRANSFER_MAX));
        const stat = fstatSync(fd, { bigint: true });
        const eof = args.offset + data.length >= Number(stat.size);
        const attributes = attributesOf(stat);
        return { status: nfsStatus.OK, attributes, count: data.length, eof, data };
      });
    },
    (status) => ({ status, attributes: subject.after() }),
  );
});

export const write = handler(protocol.write, { mutating: true }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      if (args.count !== args.data.length) throw new NfsError(nfsStatus.INVAL);
      const file = subject.reach(call, args.object);
      assertWritable(file);
      assertMayData(file.stat, call.caller, may.write);
      // Beyond 2^53-1 Node writes at the current offset without an error.
      if (!Number.isSafeInteger(args.offset + args.count)) throw new NfsError(nfsStatus.FBIG);
      return withFile(file, constants.O_WRONLY, call.caller, (fd, stat) => {
        const count = writeAt(fd, args.data, args.offset);
        clearSetId(fd, stat, call.caller);
        if (args.stable !== stableHow.UNSTABLE) flush(call, fd, args.stable);
        return {
          status: nfsStatus.OK,
          wcc: wccOf(stat, fd),
          count,
          committed: args.stable,
          verifier: call.verifier.value,
        };
      });
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
});

/** Flushes the whole file: fsync(2) knows no range. */
export const commit = handler(protocol.commit, { mutating: true }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const file = subject.reach(call, args.object);
      if (!Number.isSafeInteger(args.offset + args.count)) throw new NfsError(nfsStatus.INVAL);
      assertMayData(file.stat, call.caller, may.write);
      return withFile(file, constants.O_RDONLY, call.caller, (fd, stat) => {
        flush(call, fd, stableHow.FILE_SYNC);
        return { status: nfsStatus.OK, wcc: wccOf(stat, fd), verifier: call.verifier.value };
      });
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
});

/** Data are copied into the reply at once, so every READ may use the same memory. */
let scratch = Buffer.alloc(0);

/** An offset beyond what a file can have is past its end. */
function readAt(fd: number, offset: number, count: number): Buffer {
  if (!Number.isSafeInteger(offset + count)) return Buffer.alloc(0);
  if (scratch.length < count) scratch = Buffer.allocUnsafe(count);
  const data = scratch;
  let got = 0;
  while (got < count) {
    const now = readSync(fd, data, got, count - got, offset + got);
    if (now === 0) break;
    got += now;
  }
  return data.subarray(0, got);
}

/** Bytes written; fewer than asked when the disk became full on the way. */
function writeAt(fd: number, data: Buffer, offset: number): number {
  let written = 0;
  while (written < data.length) {
    try {
      written += writeSync(fd, data, written, data.length - written, offset + written);
    } catch (error) {
      if (written > 0) return written;
      throw error;
    }
  }
  return written;
}

function flush(call: CallContext, fd: number, stable: number): void {
  try {
    if (stable === stableHow.DATA_SYNC) fdatasyncSync(fd);
    else fsyncSync(fd);
  } catch (error) {
    // The kernel drops dirty pages after a failed flush: earlier unstable writes may be lost.
    call.verifier.renew();
    throw error;
  }
}

function wccOf(before: BigIntStats, fd: number) {
  const { size, mtimeNs, ctimeNs } = before;
  return {
    before: { size: Number(size), mtimeNs, ctimeNs },
    after: attributesOf(fstatSync(fd, { bigint: true })),
  };
}
