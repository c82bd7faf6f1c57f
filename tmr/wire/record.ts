/**
 * Record marking (RFC 5531 section 11): each record is one or more fragments, each after a
 * four-byte header whose top bit says "last" and whose other bits are the length.
 */
const LAST = 0x8000_0000;

export class RecordError extends Error {
  readonly code = 'RECORD';
}

/** The record as one last fragment, header included. */
export function markRecord(body: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(4 + body.length);
  record.writeUInt32BE((LAST | body.length) >>> 0, 0);
  record.set(body, 4);
  return record;
}

/**
 * Reassembles records from bytes that come in any pieces.
 * `maxLength` bounds a whole record; it may be raised once the peer has proved itself.
 */
export class RecordReader {
  maxLength: number;
  #pending: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #length = 0;

  constructor(maxLength: number) {
    this.maxLength = maxLength;
  }

  /** Adds bytes as received. They are kept, so hand over a copy of a buffer that is reused. */
  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  /** The next whole record's body, or undefined. Throws RecordError on an over-long record. */
  next(): Buffer | undefined {
    for (;;) {
      if (this.#pending.length < 4) return undefined;
      const header = this.#pending.readUInt32BE(0);
      const length = header & 0x7fff_ffff;
      if (this.#length + length > this.maxLength) {
        throw new RecordError(
          `expected a record of at most ${this.maxLength} bytes, got ${this.#length + length} or more`,
        );
      }
      if (this.#pending.length < 4 + length) return undefined;
      const fragment = this.#pending.subarray(4, 4 + length);
      this.#pending = this.#pending.subarray(4 + length);
      if (header >= LAST && this.#fragments.length === 0) return fragment;
      this.#fragments.push(fragment);
      this.#length += length;
      if (this.#fragments.length > 4096) throw new RecordError('expected at most 4096 fragments');
      if (header >= LAST) return this.#takeFragments();
    }
  }

  #takeFragments(): Buffer {
    const record = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#length = 0;
    return record;
  }
}
