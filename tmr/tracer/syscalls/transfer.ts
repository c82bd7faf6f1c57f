/**
 * The memory that one read or write call moves: one segment (read, pread64) or a vector (readv).
 * One object is reused, since there is one call at a time.
 */
import type { Stopped } from 'ptrace-napi';
import type { CallRun } from '../ports.ts';
import { IOV_MAX, largestTransfer } from './abi/constants.ts';
import { fail } from './fail.ts';
import { getAddress, longArg, readStruct, sizeArg } from './memory.ts';

export interface Transfer {
  readonly bases: Float64Array;
  readonly lengths: Float64Array;
  count: number;
  /** Sum of the lengths, at most what one call may transfer. */
  total: number;
}

/** Bytes that are moved at once between the replica and the tracer. */
export const CHUNK_BYTES = 1024 * 1024;

const transfer: Transfer = {
  bases: new Float64Array(IOV_MAX),
  lengths: new Float64Array(IOV_MAX),
  count: 0,
  total: 0,
};

export function oneSegment(tracee: Stopped, addressArg: number, lengthArg: number): Transfer {
  transfer.bases[0] = tracee.arg(addressArg);
  transfer.lengths[0] = sizeArg(tracee, lengthArg);
  transfer.count = 1;
  transfer.total = transfer.lengths[0];
  return transfer;
}

/** EINVAL for a bad count or length, EFAULT. */
export function vectorArgument(run: CallRun, addressArg: number, countArg: number): Transfer {
  const count = longArg(run.tracee, countArg);
  if (count < 0 || count > IOV_MAX) fail('EINVAL');
  transfer.count = count;
  transfer.total = 0;
  if (count === 0) return transfer;
  const bytes = readStruct(run, run.tracee.arg(addressArg), 16 * count);
  for (let i = 0; i < count; i++) {
    const length = getAddress(bytes, 16 * i + 8);
    if (length >= 2 ** 63) fail('EINVAL');
    const fits = Math.min(length, largestTransfer - transfer.total);
    transfer.bases[i] = getAddress(bytes, 16 * i);
    transfer.lengths[i] = fits;
    transfer.total += fits;
  }
  return transfer;
}

/** Copies bytes [position, position + length) of the transfer's memory into `into`; returns the count. */
export function copyIn(
  tracee: Stopped,
  from: Transfer,
  position: number,
  into: Buffer,
  length: number,
): number {
  return eachSegment(from, position, length, (address, done, size) =>
    tracee.read(address, into, done, size),
  );
}

/** Copies `length` bytes to position `position` of the transfer's memory; returns the count. */
export function copyOut(
  tracee: Stopped,
  to: Transfer,
  position: number,
  from: Uint8Array,
  length: number,
): number {
  return eachSegment(to, position, length, (address, done, size) =>
    tracee.write(address, from, done, size),
  );
}

/** After a native call that wrote `length` bytes into the transfer's memory. */
export function foldTransfer(run: CallRun, of: Transfer, length: number): void {
  eachSegment(of, 0, length, (address, _done, size) => {
    run.foldMemory(address, size);
    return size;
  });
}

function eachSegment(
  of: Transfer,
  position: number,
  length: number,
  move: (address: number, done: number, size: number) => number,
): number {
  let start = 0;
  let done = 0;
  for (let i = 0; i < of.count && done < length; i++) {
    const segment = of.lengths[i]!;
    const inside = position + done - start;
    start += segment;
    if (inside >= segment) continue;
    const size = Math.min(segment - inside, length - done);
    const moved = move(of.bases[i]! + inside, done, size);
    done += moved;
    if (moved < size) break;
  }
  return done;
}
