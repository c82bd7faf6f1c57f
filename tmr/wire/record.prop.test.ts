import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordReader } from './record.ts';

/** A record in fragments of the given sizes; the last one is marked as such. */
function fragmented(body: Buffer, cuts: readonly number[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const sizes = [...cuts.map((cut) => Math.min(cut, body.length)), body.length];
  sizes.forEach((size, index) => {
    const last = index === sizes.length - 1;
    const end = last ? body.length : Math.min(at + size, body.length);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(((last ? 0x8000_0000 : 0) | (end - at)) >>> 0);
    parts.push(header, body.subarray(at, end));
    at = end;
  });
  return Buffer.concat(parts);
}

const records = fc.array(
  fc.record({
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    cuts: fc.array(fc.nat(60), { maxLength: 4 }),
  }),
  { maxLength: 8 },
);

test('records come out as they went in, whatever the fragments and pieces', () => {
  fc.assert(
    fc.property(records, fc.array(fc.integer({ min: 1, max: 90 })), (sent, pieces) => {
      const bytes = Buffer.concat(sent.map(({ body, cuts }) => fragmented(body, cuts)));
      const reader = new RecordReader(200);
      const got: Buffer[] = [];
      let at = 0;
      for (let i = 0; at < bytes.length; i++) {
        const size = pieces[i % Math.max(pieces.length, 1)] ?? 7;
        reader.push(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
        for (let next = reader.next(); next !== undefined; next = reader.next()) got.push(next);
      }
      expect(got).toEqual(sent.map(({ body }) => body));
    }),
  );
});

test('a record longer than the bound is refused before it has come', () => {
  const reader = new RecordReader(100);
  reader.push(Buffer.from([0, 0, 0, 60]));
  reader.push(Buffer.alloc(60));
  reader.push(Buffer.from([0x80, 0, 0, 41]));
  expect(() => reader.next()).toThrow('expected a record of at most 100 bytes, got 101');
});
