/**
 * Program-visible randomness: a pseudo-random function of the session's seed, so that all replicas
 * get the same bytes (DESIGN.md 4). AES-256 in counter mode, under a key per use.
 */
import { createCipheriv, createHmac } from 'node:crypto';

const BLOCK_BYTES = 16;
const keys = new Map<string, Buffer>();

/** What getrandom(2) and /dev/urandom give: `counter` bytes of the session were drawn before. */
export function randomBytesAt(seed: Buffer, counter: number, length: number): Buffer {
  return prf(seed, 'getrandom', counter, length);
}

/**
 * Bytes [offset, offset + length) of the stream `label` of `seed` (32 bytes). Uses have
 * labels of their own, so that AT_RANDOM tells nothing about getrandom.
 */
export function prf(seed: Buffer, label: string, offset: number, length: number): Buffer {
  const skip = offset % BLOCK_BYTES;
  const counter = Buffer.alloc(BLOCK_BYTES);
  counter.writeBigUInt64BE(BigInt((offset - skip) / BLOCK_BYTES), 8);
  const cipher = createCipheriv('aes-256-ctr', keyOf(seed, label), counter);
  return cipher.update(Buffer.alloc(skip + length)).subarray(skip);
}

function keyOf(seed: Buffer, label: string): Buffer {
  const name = `${seed.toString('hex')}/${label}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = createHmac('sha256', seed).update(label).digest();
  // One session at a time lives in a process: older seeds are not kept.
  if (keys.size > 8) keys.clear();
  keys.set(name, key);
  return key;
}
