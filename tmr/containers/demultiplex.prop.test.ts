import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demultiplex } from './demultiplex.ts';

const frame = (type: number, body: Uint8Array): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
};

describe('demultiplex', () => {
  it('gives each stream its bytes in order, however the connection cuts them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 50 }))),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        async (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(([type, body]) => frame(type, body)));
          const pieces: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const length = cuts[i % cuts.length]!;
            pieces.push(bytes.subarray(at, at + length));
            at += length;
          }
          const [stdout, stderr] = [new PassThrough(), new PassThrough()];
          const got = Promise.all([buffer(stdout), buffer(stderr)]);
          await demultiplex(Readable.from(pieces), stdout, stderr);
          stdout.end();
          stderr.end();
          const of = (type: number): Buffer =>
            Buffer.concat(frames.filter(([its]) => its === type).map(([, body]) => body));
          expect(await got).toEqual([of(1), of(2)]);
        },
      ),
    );
  });

  it('waits for a slow reader and goes on when one has gone', async () => {
    const stdout = new PassThrough({ highWaterMark: 16 });
    const stderr = new PassThrough();
    stderr.destroy();
    const body = Buffer.alloc(1000, 'x');
    const done = demultiplex(
      Readable.from([frame(2, body), frame(1, body), frame(1, body)]),
      stdout,
      stderr,
    );
    const all = buffer(stdout);
    await done;
    stdout.end();
    expect((await all).length).toBe(2000);
  });
});
