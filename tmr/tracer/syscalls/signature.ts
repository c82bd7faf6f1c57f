/**
 * The 64-bit signature of a call: xxh64 over the call number, the arguments that the call declares,
 * and the bytes they point to, chained on the folded results of local calls (protocol.md R17).
 * Arguments that the call does not declare are stale registers and differ between replicas.
 */
import { hash, hashBytes, type Stopped } from 'ptrace-napi';
import { IOV_MAX, largestTransfer, PATH_MAX } from './abi/constants.ts';
import type { ArgSpec, CallPolicy } from './policy.ts';

/** Result of the last `sign`: [hi, lo], unsigned. */
export const signature = new Uint32Array(2);

/** Call number and six arguments, each as one 64-bit little-endian word. */
const words = new Uint32Array(14);
const wordBytes = new Uint8Array(words.buffer);
const vector = Buffer.alloc(16 * IOV_MAX);
/** Chained where memory cannot be read: the call ends in EFAULT in every replica. */
const unreadable = Buffer.from('tmr: unreadable memory');

/** Leaves the signature of the call at which `tracee` stands in `signature`. */
export function sign(tracee: Stopped, policy: CallPolicy, seedHi: number, seedLo: number): void {
  const { args } = policy;
  words.fill(0);
  words[0] = tracee.call;
  let memory = false;
  for (let i = 0; i < args.length; i++) {
    if (scalar(tracee, i, args[i]!)) memory = true;
  }
  hashBytes(wordBytes, 0, 8 * (1 + args.length), seedHi, seedLo);
  if (memory) {
    for (let i = 0; i < args.length; i++) pointee(tracee, i, args[i]!);
  }
  signature[0] = hash[0]!;
  signature[1] = hash[1]!;
}

/** Puts argument i into `words`; true where there is also memory to sign. */
function scalar(tracee: Stopped, i: number, given: ArgSpec): boolean {
  const spec = resolve(tracee, given);
  const at = 2 + 2 * i;
  switch (spec) {
    case 'int':
    case 'uint':
      words[at] = tracee.argLo(i);
      return false;
    case 'long':
      words[at] = tracee.argLo(i);
      words[at + 1] = tracee.argHi(i);
      return false;
    case 'ignore':
      return false;
    default:
      words[at] = tracee.argLo(i) === 0 && tracee.argHi(i) === 0 ? 0 : 1;
      return spec !== 'ptr' && words[at] === 1;
  }
}

function pointee(tracee: Stopped, i: number, given: ArgSpec): void {
  const spec = resolve(tracee, given);
  const address = tracee.arg(i);
  if (address === 0 || spec === 'ptr') return;
  if (spec === 'path') return chainString(tracee, address);
  if (spec === 'strings') return chainStrings(tracee, address);
  if (typeof spec === 'string') return;
  if ('bytes' in spec) {
    chainMemory(tracee, address, Math.min(tracee.arg(spec.bytes), largestTransfer));
  } else if ('struct' in spec) {
    chainMemory(tracee, address, spec.struct);
  } else if ('iovec' in spec) {
    chainVector(tracee, address, tracee.arg(spec.iovec));
  } else if ('ranges' in spec) {
    for (const [offset, length] of spec.ranges) chainMemory(tracee, address + offset, length);
  }
}

function resolve(tracee: Stopped, spec: ArgSpec): Exclude<ArgSpec, { select: unknown }> {
  let found = spec;
  while (typeof found === 'object' && 'select' in found) found = found.select(tracee);
  return found;
}

function chainMemory(tracee: Stopped, address: number, length: number): void {
  if (length === 0) return;
  const hi = hash[0]!;
  const lo = hash[1]!;
  if (!tracee.hashMemory(address, length, hi, lo)) hashBytes(unreadable, 0, 22, hi, lo);
}

function chainString(tracee: Stopped, address: number): void {
  const text = tracee.readCString(address, PATH_MAX);
  if (text === undefined) hashBytes(unreadable, 0, unreadable.length, hash[0]!, hash[1]!);
  else hashBytes(text, 0, text.length, hash[0]!, hash[1]!);
}

/** argv and envp: the strings in order, up to the NULL. */
function chainStrings(tracee: Stopped, address: number): void {
  const pointer = vector.subarray(0, 8);
  for (let at = address; ; at += 8) {
    if (tracee.read(at, pointer, 0, 8) < 8) return chainMemory(tracee, at, 8);
    const target = pointer.readUInt32LE(0) + pointer.readUInt32LE(4) * 2 ** 32;
    if (target === 0) return;
    chainString(tracee, target);
  }
}

function chainVector(tracee: Stopped, address: number, count: number): void {
  if (count > IOV_MAX) return;
  const length = count * 16;
  if (tracee.read(address, vector, 0, length) < length) return chainMemory(tracee, address, length);
  for (let at = 0; at < length; at += 16) {
    const base = vector.readUInt32LE(at) + vector.readUInt32LE(at + 4) * 2 ** 32;
    const size = vector.readUInt32LE(at + 8) + vector.readUInt32LE(at + 12) * 2 ** 32;
    hashBytes(vector, at + 8, 8, hash[0]!, hash[1]!);
    chainMemory(tracee, base, Math.min(size, largestTransfer));
  }
}
