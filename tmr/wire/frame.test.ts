import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFrame, encodeFrame } from './frame.ts';
import { goldenFrames } from './golden-frames.ts';
import { decodeFromMonitor, decodeToMonitor } from './monitor-codec.ts';
import { decodePeerMessage } from './peer-codec.ts';
import { RecordError, RecordReader } from './record.ts';
import { XdrError, XdrWriter } from './xdr.ts';

const frames = [...goldenFrames().values()].map((hex) => Buffer.from(hex, 'hex'));

describe('frames', () => {
  it('that lost or changed a bit count as not received', () => {
    const place = fc.record({ frame: fc.constantFrom(...frames), at: fc.nat(), bit: fc.nat(7) });
    fc.assert(
      fc.property(place, ({ frame, at, bit }) => {
        const record = Buffer.from(frame.subarray(4));
        const index = at % record.length;
        record[index] = (record[index] as number) ^ (1 << bit);
        expect(checkFrame(record)).toBeUndefined();
      }),
    );
  });

  it('come out whole however the stream is cut', () => {
    const stream = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sizes) => {
        const reader = new RecordReader(1024);
        const got: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] as number;
          reader.push(stream.subarray(at, at + size));
          at += size;
          for (let r = reader.next(); r !== undefined; r = reader.next()) got.push(r);
        }
        expect(got.every((record) => checkFrame(record) !== undefined)).toBe(true);
        expect(got).toHaveLength(frames.length);
      }),
    );
  });

  it('longer than allowed are refused at their header', () => {
    const reader = new RecordReader(16);
    reader.push(encodeFrame(new XdrWriter(), (writer) => void writer.fixed(Buffer.alloc(100))));
    expect(() => reader.next()).toThrow(RecordError);
  });

  it('with any body are read or refused by name, never worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(140), (bytes, type) => {
        const body = Buffer.concat([Buffer.from([0, 0, 0, type]), bytes]);
        for (const decode of [decodePeerMessage, decodeToMonitor, decodeFromMonitor]) {
          expect(outcome(() => decode(body))).toBe('read or refused');
        }
      }),
    );
  });
});

function outcome(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof XdrError)) return String(error);
  }
  return 'read or refused';
}
