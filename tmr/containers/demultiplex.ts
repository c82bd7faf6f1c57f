/** Docker's framing of two streams on one connection (attach and exec without a terminal). */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const HEADER = 8;
const STDERR = 2;

/**
 * Frames are type (1 byte: 1 stdout, 2 stderr), three zeros, length (4 bytes, big endian), bytes. Waits
 * for slow readers instead of gathering what they do not take. Ends with the connection.
 */
export async function demultiplex(
  connection: Readable,
  stdout: Writable,
  stderr: Writable,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of connection as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= HEADER) {
      const length = rest.readUInt32BE(4);
      if (rest.length < HEADER + length) break;
      await write(rest[0] === STDERR ? stderr : stdout, rest.subarray(HEADER, HEADER + length));
      rest = rest.subarray(HEADER + length);
    }
  }
}

/** One that is closed takes nothing more, and the other goes on. */
async function write(to: Writable, bytes: Buffer): Promise<void> {
  if (to.destroyed || to.writableEnded || to.write(bytes)) return;
  await Promise.race([once(to, 'drain'), once(to, 'close')]);
}
