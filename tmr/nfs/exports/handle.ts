/**
 * File handles: 30 bytes and one byte for each level of the path, at most 64.
 *
 *   0      version 1
 *   1      number of path bytes that follow
 *   2..5   export
 *   6..29  dev, ino and birth time in ns: what the object is. ext4 gives a freed inode number away
 *          at once; the birth time tells the new file from the old one.
 *   30..   an eight-bit hash of every name on the path at which the object was first seen: finds it
 *          again after a restart of the server, without a walk over the whole tree (as unfs3 does)
 */
import { HANDLE_MAX, nfsStatus } from '../protocol/constants.ts';
import { NfsError } from '../nfs-error.ts';

export interface ObjectIdentity {
  dev: bigint;
  ino: bigint;
  birthtimeNs: bigint;
}

const VERSION = 1;
const HEAD = 30;
const LEVELS_MAX = HANDLE_MAX - HEAD;

export function encodeHandle(
  exportId: number,
  identity: ObjectIdentity,
  trail: readonly number[],
): Buffer {
  const levels = Math.min(trail.length, LEVELS_MAX);
  const handle = Buffer.alloc(HEAD + levels);
  handle[0] = VERSION;
  handle[1] = levels;
  handle.writeUInt32BE(exportId, 2);
  handle.writeBigUInt64BE(identity.dev, 6);
  handle.writeBigUInt64BE(identity.ino, 14);
  handle.writeBigUInt64BE(BigInt.asUintN(64, identity.birthtimeNs), 22);
  for (let i = 0; i < levels; i++) handle[HEAD + i] = trail[i] ?? 0;
  return handle;
}

/** Export of a handle. Throws BADHANDLE for what this server cannot have given out. */
export function exportOf(handle: Buffer): number {
  if (handle.length < HEAD || handle[0] !== VERSION || handle.length !== HEAD + (handle[1] ?? 0)) {
    throw new NfsError(nfsStatus.BADHANDLE);
  }
  return handle.readUInt32BE(2);
}

/** Key of the object a handle names, for tables: the trail is no part of it. */
export function keyOf(handle: Buffer): string {
  return handle.toString('latin1', 6, HEAD);
}

export function identityOf(handle: Buffer): ObjectIdentity {
  return {
    dev: handle.readBigUInt64BE(6),
    ino: handle.readBigUInt64BE(14),
    birthtimeNs: BigInt.asIntN(64, handle.readBigUInt64BE(22)),
  };
}

export function trailOf(handle: Buffer): Buffer {
  return handle.subarray(HEAD);
}

/** The byte of a name in a trail (FNV-1a, folded). */
export function trailByte(name: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of name) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & 0xff;
}

export function sameObject(a: ObjectIdentity, b: ObjectIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.birthtimeNs === b.birthtimeNs;
}
