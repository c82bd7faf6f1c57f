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
  /** Bytes not yet taken. They are joined once a fragment is whole: a record of 1 MiB is copied once. */
  #pending: Buffer[] = [];
  #available = 0;
  #fragments: Buffer[] = [];
  #length = 0;

  constructor(maxLength: number) {
    this.maxLength = maxLength;
  }

  /** Adds bytes as received. They are kept, so hand over a copy of a buffer that is reused. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#available += bytes.length;
  }

  /** The next whole record's body, or undefined. Throws RecordError on an over-long record. */
  next(): Buffer | undefined {
    for (;;) {
      if (this.#available < 4) return undefined;
      const header = this.#front(4).readUInt32BE(0);
      const length = header & 0x7fff_ffff;
      if (this.#length + length > this.maxLength) {
        throw new RecordError(
          `expected a record of at most ${this.maxLength} bytes, got ${this.#length + length} or more`,
        );
      }
      if (this.#available < 4 + length) return undefined;
      const front = this.#front(4 + length);
      const fragment = front.subarray(4, 4 + length);
      this.#drop(front, 4 + length);
      if (header >= LAST && this.#fragments.length === 0) return fragment;
      this.#fragments.push(fragment);
      this.#length += length;
      if (this.#fragments.length > 4096) throw new RecordError('expected at most 4096 fragments');
      if (header >= LAST) return this.#takeFragments();
    }
  }

  /** The first buffer, made to hold at least `count` bytes. */
  #front(count: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= count) return first;
    let used = 0;
    let bytes = 0;
    while (bytes < count) bytes += this.#pending[used++]?.length ?? count;
    const joined = Buffer.concat(this.#pending.slice(0, used));
    this.#pending.splice(0, used, joined);
    return joined;
  }

  #drop(front: Buffer, count: number): void {
    this.#available -= count;
    if (front.length === count) this.#pending.shift();
    else this.#pending[0] = front.subarray(count);
  }

  #takeFragments(): Buffer {
    const record = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#length = 0;
    return record;
  }
}
