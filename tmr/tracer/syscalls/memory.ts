/** Arguments and memory of the replica, as the handlers read and write them. */
import type { Stopped } from 'ptrace-napi';
import type { CallRun } from '../ports.ts';
import { IOV_MAX, largestTransfer, PATH_MAX } from './abi/constants.ts';
import { fail } from './fail.ts';

const TWO_32 = 2 ** 32;
/** Signed 64-bit argument (off_t, ssize_t, long); exact within 2^53. */
export const longArg = (tracee: Stopped, i: number): number =>
  (tracee.argHi(i) | 0) * TWO_32 + tracee.argLo(i);
/** Unsigned 32-bit argument. */
export const uintArg = (tracee: Stopped, i: number): number => tracee.argLo(i);
/** A size_t, cut at what one call may transfer. */
export const sizeArg = (tracee: Stopped, i: number): number =>
  Math.min(tracee.arg(i), largestTransfer);
export const isNull = (tracee: Stopped, i: number): boolean =>
  tracee.argLo(i) === 0 && tracee.argHi(i) === 0;

/** Signed 64-bit value in a struct; exact within 2^53. */
export const getLong = (bytes: Buffer, at: number): number =>
  bytes.readInt32LE(at + 4) * TWO_32 + bytes.readUInt32LE(at);
/** Unsigned 64-bit value in a struct. */
export const getAddress = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at + 4) * TWO_32 + bytes.readUInt32LE(at);
/** Writes an integer within 2^53, also a negative one, as 64 bits. */
export function putLong(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(((value % TWO_32) + TWO_32) % TWO_32, at);
  bytes.writeInt32LE(Math.floor(value / TWO_32) | 0, at + 4);
}

const work = Buffer.alloc(16 * IOV_MAX);

/** A struct of the replica's, in a buffer that the next call reuses. EFAULT. */
export function readStruct(run: CallRun, address: number, length: number): Buffer {
  if (run.tracee.read(address, work, 0, length) < length) fail('EFAULT');
  return work.subarray(0, length);
}

/** EFAULT unless all of it can be written. */
export function writeMemory(run: CallRun, address: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  if (run.tracee.write(address, bytes, 0, bytes.length) < bytes.length) fail('EFAULT');
}

const word = Buffer.alloc(8);
export function writeInt(run: CallRun, address: number, value: number): void {
  word.writeInt32LE(value | 0, 0);
  writeMemory(run, address, word.subarray(0, 4));
}
export function writeLong(run: CallRun, address: number, value: number): void {
  putLong(word, 0, value);
  writeMemory(run, address, word);
}

/** A path argument, without its NUL. EFAULT, ENAMETOOLONG. */
export function readPath(run: CallRun, i: number): Buffer {
  const path = run.tracee.readCString(run.tracee.arg(i), PATH_MAX);
  if (path === undefined) fail('EFAULT');
  if (path.length >= PATH_MAX) fail('ENAMETOOLONG');
  return path;
}

/** A NULL-terminated array of strings (argv, envp). EFAULT, E2BIG. */
export function readStrings(run: CallRun, address: number): Buffer[] {
  const MAX_ARG_STRLEN = 128 * 1024;
  const strings: Buffer[] = [];
  if (address === 0) return strings;
  for (let at = address; ; at += 8) {
    const pointer = getAddress(readStruct(run, at, 8), 0);
    if (pointer === 0) return strings;
    const text = run.tracee.readCString(pointer, MAX_ARG_STRLEN);
    if (text === undefined) fail('EFAULT');
    if (text.length >= MAX_ARG_STRLEN) fail('E2BIG');
    strings.push(Buffer.from(text));
  }
}

/** Puts bytes into the scratch pages, which the program does not know, and returns their address. */
export function toScratch(run: CallRun, bytes: Uint8Array, offset = 0): number {
  const address = run.scratch.address + offset;
  run.tracee.poke(address, bytes, 0, bytes.length);
  return address;
}
