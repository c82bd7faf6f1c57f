/**
 * HELLO: two records each way at most, before anything else on a connection.
 *
 *   dialler -> listener   hello     magic, version, role, session, replica, build id, nonce
 *   listener -> dialler   welcome   nonce, proof of the listener   (or: refused, with the reason)
 *   dialler -> listener   proof     proof of the dialler
 *
 * proof = HMAC-SHA-256(session key, direction ‖ role ‖ session ‖ replica ‖ both nonces), compared in
 * constant time. Sans-IO, so that the synchronous session process, node:net and the RPC form of the
 * NFS server share it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { XdrReader, XdrWriter } from './xdr.ts';

export const HELLO_MAGIC = 0x746d7231; // "tmr1"
export const PROTOCOL_MAJOR = 1;
export const PROTOCOL_MINOR = 0;
export const NONCE_BYTES = 32;
/** Bounds before a peer has proved itself. */
export const UNPROVEN_RECORD_MAX = 1024;
export const HELLO_DEADLINE_MS = 5000;

/** Who dials: a monitor, or the tracer of a replica. */
export type Role = 'monitor' | 'tracer';

export interface Identity {
  role: Role;
  session: string;
  /** Replica number; 0 for the monitor. */
  replica: number;
  /** Identifies the program version; compared by R0, not by HELLO. */
  buildId: string;
}

export class HelloError extends Error {
  readonly code: 'HELLO_REFUSED' | 'HELLO_VERSION' | 'HELLO_SECRET' | 'HELLO_GARBAGE';
  constructor(code: HelloError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Key of one session, from the secret that all hosts share. */
export function sessionKey(secret: Uint8Array, session: string): Buffer {
  return createHmac('sha256', secret).update(`tmr session ${session}`).digest();
}

const roleCode: Record<Role, number> = { monitor: 1, tracer: 2 };
const roleOf = new Map<number, Role>([
  [1, 'monitor'],
  [2, 'tracer'],
]);

export function encodeHello(identity: Identity, nonce: Uint8Array): Buffer {
  const writer = new XdrWriter(256);
  writer.u32(HELLO_MAGIC).u32(PROTOCOL_MAJOR).u32(PROTOCOL_MINOR).u32(roleCode[identity.role]);
  writer.string(identity.session).u32(identity.replica).string(identity.buildId).fixed(nonce);
  return Buffer.from(writer.bytes());
}

export function decodeHello(bytes: Buffer): { identity: Identity; nonce: Buffer } {
  const reader = new XdrReader(bytes);
  const magic = reader.u32();
  if (magic !== HELLO_MAGIC) {
    throw new HelloError(
      'HELLO_GARBAGE',
      `expected a tmr HELLO (magic 0x${HELLO_MAGIC.toString(16)}), got 0x${magic.toString(16)}`,
    );
  }
  const major = reader.u32();
  const minor = reader.u32();
  if (major !== PROTOCOL_MAJOR) {
    throw new HelloError(
      'HELLO_VERSION',
      `expected tmr protocol ${PROTOCOL_MAJOR}.x, got ${major}.${minor}: install the same version of tmr on all hosts`,
    );
  }
  const role = roleOf.get(reader.u32());
  if (role === undefined)
    throw new HelloError('HELLO_GARBAGE', 'expected role 1 (monitor) or 2 (tracer)');
  const session = reader.string(64);
  const replica = reader.u32();
  const buildId = reader.string(64);
  const nonce = Buffer.from(reader.fixed(NONCE_BYTES));
  reader.end();
  return { identity: { role, session, replica, buildId }, nonce };
}

export type Direction = 'dialler' | 'listener';

/** The proof of one side. Both nonces: the dialler's first. */
export function proof(
  key: Uint8Array,
  direction: Direction,
  identity: Identity,
  diallerNonce: Uint8Array,
  listenerNonce: Uint8Array,
): Buffer {
  const writer = new XdrWriter(256);
  writer.string(direction).u32(roleCode[identity.role]).string(identity.session);
  writer.u32(identity.replica).fixed(diallerNonce).fixed(listenerNonce);
  return createHmac('sha256', key).update(writer.bytes()).digest();
}

const WELCOME = 0;
const REFUSED = 1;

export function encodeWelcome(nonce: Uint8Array, listenerProof: Uint8Array): Buffer {
  return Buffer.from(new XdrWriter(128).u32(WELCOME).fixed(nonce).fixed(listenerProof).bytes());
}

export function encodeRefused(reason: string): Buffer {
  return Buffer.from(new XdrWriter(128).u32(REFUSED).string(reason.slice(0, 800)).bytes());
}

export function decodeWelcome(bytes: Buffer): { nonce: Buffer; proof: Buffer } {
  const reader = new XdrReader(bytes);
  if (reader.u32() === REFUSED) throw new HelloError('HELLO_REFUSED', reader.string(1024));
  const nonce = Buffer.from(reader.fixed(NONCE_BYTES));
  return { nonce, proof: Buffer.from(reader.fixed(32)) };
}

/** Throws HELLO_SECRET unless the proof is the one expected. */
export function checkProof(expected: Uint8Array, got: Uint8Array, whose: string): void {
  if (expected.length !== got.length || !timingSafeEqual(expected, got)) {
    throw new HelloError(
      'HELLO_SECRET',
      `${whose} does not know this session's secret: give every part the same --secret-file`,
    );
  }
}

/** The dialler's side: `start`, then `onWelcome` gives the proof record to send, and it is done. */
export class DiallerHandshake {
  readonly #identity: Identity;
  readonly #key: Uint8Array;
  readonly #nonce: Uint8Array;

  constructor(identity: Identity, key: Uint8Array, nonce: Uint8Array) {
    this.#identity = identity;
    this.#key = key;
    this.#nonce = nonce;
  }

  start(): Buffer {
    return encodeHello(this.#identity, this.#nonce);
  }

  onWelcome(bytes: Buffer, listener: string): Buffer {
    const welcome = decodeWelcome(bytes);
    checkProof(
      proof(this.#key, 'listener', this.#identity, this.#nonce, welcome.nonce),
      welcome.proof,
      listener,
    );
    return proof(this.#key, 'dialler', this.#identity, this.#nonce, welcome.nonce);
  }
}

/** The listener's side: `onHello` gives the welcome record, `onProof` ends it. */
export class ListenerHandshake {
  readonly #nonce: Uint8Array;
  #expected: Buffer | undefined;
  identity: Identity | undefined;

  constructor(nonce: Uint8Array) {
    this.#nonce = nonce;
  }

  /** `keyOf` gives the key of the session named, or throws HelloError HELLO_REFUSED. */
  onHello(bytes: Buffer, keyOf: (identity: Identity) => Uint8Array): Buffer {
    const { identity, nonce } = decodeHello(bytes);
    const key = keyOf(identity);
    this.identity = identity;
    this.#expected = proof(key, 'dialler', identity, nonce, this.#nonce);
    return encodeWelcome(this.#nonce, proof(key, 'listener', identity, nonce, this.#nonce));
  }

  onProof(bytes: Buffer): Identity {
    if (this.#expected === undefined || this.identity === undefined) {
      throw new HelloError('HELLO_GARBAGE', 'expected a HELLO before its proof');
    }
    checkProof(
      this.#expected,
      bytes,
      `${this.identity.role} ${this.identity.replica || ''}`.trim(),
    );
    return this.identity;
  }
}
