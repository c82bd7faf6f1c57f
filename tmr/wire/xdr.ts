/**
 * XDR (RFC 4506) into and out of Buffers: big-endian, four-byte units, opaque data padded by zeros.
 * 64-bit values are numbers where 2^53 is enough (`u64`, refused beyond) and BigInt where it is not.
 */
export class XdrError extends Error {
  readonly code = 'XDR';
}

const zeros = Buffer.alloc(4);

/** Appends XDR items to a growing buffer; `reset` reuses it. */
export class XdrWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written so far; a view, valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  reset(): this {
    this.#length = 0;
    return this;
  }

  u32(value: number): this {
    const at = this.#take(4);
    this.#buffer.writeUInt32BE(value >>> 0, at);
    return this;
  }

  i32(value: number): this {
    const at = this.#take(4);
    this.#buffer.writeInt32BE(value | 0, at);
    return this;
  }

  bool(value: boolean): this {
    return this.u32(value ? 1 : 0);
  }

  /** An unsigned hyper from an integer in 0 ... 2^53-1. */
  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new XdrError(`expected an integer in 0..2^53-1 for a hyper, got ${value}`);
    }
    const at = this.#take(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.#buffer.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  u64big(value: bigint): this {
    const at = this.#take(8);
    this.#buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at);
    return this;
  }

  /** An IEEE double (RFC 4506 4.7). */
  double(value: number): this {
    const at = this.#take(8);
    this.#buffer.writeDoubleBE(value, at);
    return this;
  }

  /** Fixed-length opaque data, padded to a multiple of four. */
  fixed(bytes: Uint8Array): this {
    const padding = (4 - (bytes.length & 3)) & 3;
    const at = this.#take(bytes.length + padding);
    this.#buffer.set(bytes, at);
    zeros.copy(this.#buffer, at + bytes.length, 0, padding);
    return this;
  }

  /** Variable-length opaque data. */
  opaque(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes);
  }

  string(text: string): this {
    return this.opaque(Buffer.from(text, 'utf8'));
  }

  /** Overwrites an earlier four-byte unit, for lengths known only at the end. */
  patchU32(at: number, value: number): this {
    this.#buffer.writeUInt32BE(value >>> 0, at);
    return this;
  }

  /** Bytes that are XDR already, or no XDR at all (a record mark, a checksum). */
  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  #take(count: number): number {
    const at = this.#length;
    const need = at + count;
    if (need > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = need;
    return at;
  }
}

/** Takes XDR items from a buffer; running past the end or breaking a bound is an XdrError. */
export class XdrReader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer;
    this.#at = offset;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  i32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  bool(): boolean {
    const value = this.u32();
    if (value > 1) throw new XdrError(`expected a bool (0 or 1), got ${value}`);
    return value === 1;
  }

  /** An unsigned hyper that fits in 2^53. */
  u64(): number {
    const at = this.#take(8);
    const value = this.#buffer.readUInt32BE(at) * 0x1_0000_0000 + this.#buffer.readUInt32BE(at + 4);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new XdrError(`expected a hyper below 2^53, got ${value}`);
    }
    return value;
  }

  u64big(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** Fixed-length opaque data: a view on the input, not a copy. */
  fixed(length: number): Buffer {
    const padding = (4 - (length & 3)) & 3;
    const at = this.#take(length + padding);
    for (let i = at + length; i < at + length + padding; i++) {
      if (this.#buffer[i] !== 0) throw new XdrError('expected zero padding after opaque data');
    }
    return this.#buffer.subarray(at, at + length);
  }

  /** Variable-length opaque data of at most `max` bytes: a view on the input. */
  opaque(max: number): Buffer {
    const length = this.u32();
    if (length > max)
      throw new XdrError(`expected at most ${max} bytes of opaque data, got ${length}`);
    return this.fixed(length);
  }

  string(max: number): string {
    return this.opaque(max).toString('utf8');
  }

  /** What is left, unread. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.remaining !== 0)
      throw new XdrError(`expected the end, got ${this.remaining} more bytes`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#buffer.length) {
      throw new XdrError(`expected ${count} more bytes, got ${this.#buffer.length - at}`);
    }
    this.#at = at + count;
    return at;
  }
}
