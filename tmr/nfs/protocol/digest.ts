/** The digest of a request: what slots compare, and what a tracer checks in a reply (R12). */
import { createHash } from 'node:crypto';

export const DIGEST_BYTES = 32;

/** SHA-256 over program, version, procedure (big-endian units) and the arguments as received. */
export function requestDigest(
  program: number,
  version: number,
  procedure: number,
  args: Uint8Array,
): Buffer {
  const header = Buffer.allocUnsafe(12);
  header.writeUInt32BE(program, 0);
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(procedure, 8);
  return createHash('sha256').update(header).update(args).digest();
}
