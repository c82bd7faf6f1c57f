/** tmr's own frames: a record whose last four bytes are the CRC-32 of the bytes before them. */
import { crc32 } from 'node:zlib';
import { XdrWriter } from './xdr.ts';

/** Longest frame after HELLO: a slot of output or input and its header. */
export const FRAME_MAX = 4 * 1024 * 1024;

/**
 * Builds a frame, record mark and checksum included, in a reused writer.
 * The result is a view that is valid until the next call with the same writer.
 */
export function encodeFrame(writer: XdrWriter, body: (writer: XdrWriter) => void): Buffer {
  writer.reset().u32(0);
  body(writer);
  writer.u32(crc32(writer.bytes().subarray(4)));
  writer.patchU32(0, (0x8000_0000 | (writer.length - 4)) >>> 0);
  return writer.bytes();
}

/** The body of a record whose checksum holds, else undefined (the frame counts as not received). */
export function checkFrame(record: Buffer): Buffer | undefined {
  if (record.length < 4) return undefined;
  const body = record.subarray(0, record.length - 4);
  return crc32(body) === record.readUInt32BE(record.length - 4) ? body : undefined;
}
