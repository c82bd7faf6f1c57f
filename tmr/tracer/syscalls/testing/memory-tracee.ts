/** A stopped tracee whose registers and memory are arrays: for tests of what is signed. */
import { hashBytes, type Stopped } from 'ptrace-napi';

export interface CallAt {
  call: number;
  /** Arguments as unsigned 64-bit values; absent ones are stale registers. */
  args: readonly bigint[];
  /** Memory from `base` on; everything else is unreadable. */
  memory?: Buffer;
}

export const memoryBase = 0x1000;

export function memoryTracee({ call, args, memory = Buffer.alloc(0) }: CallAt): Stopped {
  const arg = (i: number): bigint => BigInt.asUintN(64, args[i] ?? 0xdead_beefn);
  const readable = (address: number, length: number): Buffer | undefined => {
    const at = address - memoryBase;
    return at < 0 || at >= memory.length ? undefined : memory.subarray(at, at + length);
  };
  const tracee: Partial<Stopped> = {
    call,
    arg: (i) => Number(arg(i)),
    argLo: (i) => Number(arg(i) & 0xffff_ffffn),
    argHi: (i) => Number(arg(i) >> 32n),
    argInt: (i) => Number(BigInt.asIntN(32, arg(i))),
    read: (address, into, offset, length) => {
      const bytes = readable(address, length);
      bytes?.copy(into, offset);
      return bytes?.length ?? 0;
    },
    readCString: (address, max) => {
      const bytes = readable(address, max);
      const end = bytes?.indexOf(0) ?? -1;
      return end < 0 ? bytes : bytes?.subarray(0, end);
    },
    hashMemory: (address, length, hi, lo) => {
      const bytes = readable(address, length);
      if (bytes === undefined || bytes.length < length) return false;
      hashBytes(bytes, 0, length, hi, lo);
      return true;
    },
  };
  return tracee as Stopped;
}
