/** The digest of a request: what slots compare, and what a tracer checks in a reply (R12). */
import { createHash } from 'node:crypto';
import { XdrWriter } from '../../wire/xdr.ts';
import type { SysCredential } from './rpc.ts';

export const DIGEST_BYTES = 32;

/**
 * In whose name a call is made: `u32` uid, `u32` gid, `u32<16>` groups, as in AUTH_SYS. It decides what
 * the call does, so it is voted on. Constant in a session: a tracer encodes it once.
 */
export function encodeCaller(caller: Pick<SysCredential, 'uid' | 'gid' | 'gids'>): Buffer {
  const { uid, gid, gids } = caller;
  const writer = new XdrWriter(12 + 4 * gids.length).u32(uid).u32(gid).u32(gids.length);
  for (const each of gids) writer.u32(each);
  return writer.bytes();
}

/**
 * SHA-256 over program, version, procedure (big-endian units), the caller (`encodeCaller`) and the
 * arguments as received.
 */
export function requestDigest(
  caller: Uint8Array,
  program: number,
  version: number,
  procedure: number,
  args: Uint8Array,
): Buffer {
  const header = Buffer.allocUnsafe(12 + caller.length);
  header.writeUInt32BE(program, 0);
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(procedure, 8);
  header.set(caller, 12);
  return createHash('sha256').update(header).update(args).digest();
}
