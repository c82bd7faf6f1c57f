/**
 * One connection of a session process: records over the addon's blocking socket. Received bytes stay
 * in one buffer that grows only for a long record; records are views on it, valid until the next
 * `receive`.
 */
import * as native from 'ptrace-napi';

const FIRST_CAPACITY = 128 * 1024;
const HEADER = 4;
/** What waits for a peer that takes nothing; beyond it records are lost. */
const WAITING_BYTES_MAX = 256 * 1024;

/** Why a link is of no use any more. */
export class LinkClosed extends Error {
  readonly code = 'LINK_CLOSED';
}

export class Link {
  readonly fd: number;
  /** For messages: "replica 2", "the NFS server". */
  readonly name: string;
  closed = false;
  /** Bound on a record; small until the peer has proved itself. */
  maxRecord: number;
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #start = 0;
  #end = 0;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(fd: number, name: string, maxRecord: number) {
    this.fd = fd;
    this.name = name;
    this.maxRecord = maxRecord;
  }

  /**
   * Takes what has arrived, without blocking. Returns false when nothing was there. A closed
   * connection sets `closed`; records received before it can still be taken.
   */
  receive(): boolean {
    this.#makeRoom();
    let got: number;
    try {
      got = native.recv(this.fd, this.#buffer, this.#end, this.#buffer.length - this.#end);
    } catch {
      got = 0; // ECONNRESET and its kin are the end of the connection.
    }
    if (got === 0) this.closed = true;
    if (got <= 0) return got === 0;
    this.#end += got;
    return true;
  }

  /** The body of the next whole record, or undefined. An over-long one closes the link. */
  next(): Buffer | undefined {
    const available = this.#end - this.#start;
    if (available < HEADER) return undefined;
    const header = this.#buffer.readUInt32BE(this.#start);
    const length = header & 0x7fff_ffff;
    // Our own parties send each record as one last fragment.
    if (length > this.maxRecord || header < 0x8000_0000) {
      this.closed = true;
      this.#start = this.#end;
      return undefined;
    }
    if (available < HEADER + length) {
      this.#ensure(HEADER + length);
      return undefined;
    }
    const body = this.#buffer.subarray(this.#start + HEADER, this.#start + HEADER + length);
    this.#start += HEADER + length;
    return body;
  }

  /**
   * Sends all bytes, blocking at most until the deadline. Returns false, and the link is closed,
   * when the connection ended or the deadline came with bytes left (a stream cut in mid-record is
   * of no use).
   */
  send(bytes: Uint8Array, deadlineNs: number): boolean {
    if (this.closed) return false;
    try {
      if (native.send(this.fd, bytes, 0, bytes.length, deadlineNs) === bytes.length) return true;
    } catch {
      // EPIPE, ECONNRESET: the connection ended.
    }
    this.closed = true;
    return false;
  }

  /**
   * As `send`, without ever waiting: what the socket does not take goes out in later turns of the pump.
   * When a peer takes nothing for long whole records are lost, as on any faulty link. Waiting for it
   * would make this process deaf to the others, who would flag it for a fault of the link (R9).
   */
  offer(bytes: Uint8Array): void {
    if (this.closed) return;
    const sent = this.#waitingBytes === 0 ? this.#sendNow(bytes) : 0;
    const rest = bytes.length - sent;
    // Of a record that has begun the rest must follow.
    if (rest === 0 || (sent === 0 && this.#waitingBytes + rest > WAITING_BYTES_MAX)) return;
    this.#waiting.push(Buffer.from(bytes.subarray(sent)));
    this.#waitingBytes += rest;
  }

  /** Sends what waits, as far as the socket takes it now. */
  flush(): void {
    while (!this.closed && this.#waitingBytes > 0) {
      const bytes = this.#waiting[0]!;
      const sent = this.#sendNow(bytes);
      this.#waitingBytes -= sent;
      if (sent < bytes.length) {
        this.#waiting[0] = bytes.subarray(sent);
        return;
      }
      this.#waiting.shift();
    }
  }

  close(): void {
    this.closed = true;
    native.close(this.fd);
  }

  /** How many bytes the socket took. */
  #sendNow(bytes: Uint8Array): number {
    try {
      return native.send(this.fd, bytes, 0, bytes.length, 0);
    } catch {
      // EPIPE, ECONNRESET: the connection ended.
      this.closed = true;
      return 0;
    }
  }

  #makeRoom(): void {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#buffer.length - this.#end < FIRST_CAPACITY / 4) {
      this.#compact(this.#buffer.length);
    }
  }

  #ensure(length: number): void {
    if (this.#buffer.length - this.#start >= length) return;
    this.#compact(Math.max(this.#buffer.length, length + FIRST_CAPACITY));
  }

  #compact(capacity: number): void {
    const target =
      capacity === this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = target;
  }
}
