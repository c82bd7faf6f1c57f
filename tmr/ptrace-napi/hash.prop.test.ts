import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash, hashBytes } from './index.js';

const MASK = 0xffff_ffff_ffff_ffffn;
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & MASK;
const round = (lane: bigint, word: bigint) => (rotate((lane + word * P2) & MASK, 31n) * P1) & MASK;

/** xxh64 written from the specification, slowly. */
function reference(bytes: Buffer, seed: bigint): bigint {
  let at = 0;
  let h = (seed + P5) & MASK;
  if (bytes.length >= 32) {
    const lanes = [seed + P1 + P2, seed + P2, seed, seed - P1].map((lane) => lane & MASK);
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) {
        lanes[i] = round(lanes[i] as bigint, bytes.readBigUInt64LE(at + 8 * i));
      }
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    h = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK;
    for (const lane of lanes) h = ((h ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  h = (h + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) {
    h = (rotate(h ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= bytes.length) {
    h = (rotate(h ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) {
    h = (rotate(h ^ ((BigInt(bytes[at] as number) * P5) & MASK), 11n) * P1) & MASK;
  }
  h = ((h ^ (h >> 33n)) * P2) & MASK;
  h = ((h ^ (h >> 29n)) * P3) & MASK;
  return h ^ (h >> 32n);
}

function native(bytes: Uint8Array, offset: number, length: number, seed: bigint): bigint {
  hashBytes(bytes, offset, length, Number(seed >> 32n), Number(seed & 0xffff_ffffn));
  return (BigInt(hash[0] as number) << 32n) | BigInt(hash[1] as number);
}

test('published values of xxh64', () => {
  expect(native(Buffer.from(''), 0, 0, 0n)).toBe(0xef46db3751d8e999n);
  expect(native(Buffer.from('abc'), 0, 3, 0n)).toBe(0x44bc2cf5ad770999n);
});

test('equals the specification for any bytes, part of them, and seed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(200),
      fc.bigInt({ min: 0n, max: MASK }),
      (bytes, skipped, seed) => {
        const offset = Math.min(skipped, bytes.length);
        const part = Buffer.from(bytes.subarray(offset));
        expect(native(bytes, offset, part.length, seed)).toBe(reference(part, seed));
      },
    ),
  );
});
