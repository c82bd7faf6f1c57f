/** ONC RPC version 2 (RFC 5531): headers of calls and replies, both ways. */
import { XdrError, XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { AUTH_NONE, AUTH_SYS } from './constants.ts';

export const RPC_VERSION = 2;

/** accept_stat. */
export const acceptStatus = {
  SUCCESS: 0,
  PROG_UNAVAIL: 1,
  PROG_MISMATCH: 2,
  PROC_UNAVAIL: 3,
  GARBAGE_ARGS: 4,
  SYSTEM_ERR: 5,
} as const;
export type AcceptStatus = (typeof acceptStatus)[keyof typeof acceptStatus];

/** auth_stat. */
export const authStatus = { BADCRED: 1, REJECTEDCRED: 2, TOOWEAK: 5 } as const;
export type AuthStatus = (typeof authStatus)[keyof typeof authStatus];

export interface SysCredential {
  flavour: 'sys';
  stamp: number;
  machineName: string;
  uid: number;
  gid: number;
  /** At most 16. */
  gids: readonly number[];
}
/** `other`: a flavour that this server rejects. */
export type Credential = { flavour: 'none' } | SysCredential | { flavour: 'other'; number: number };

export interface CallHeader {
  xid: number;
  program: number;
  version: number;
  procedure: number;
  credential: Credential;
}

export interface Call extends CallHeader {
  /** The XDR body of the arguments: a view on the record. */
  args: Buffer;
}

export interface Verifier {
  flavour: number;
  body: Buffer;
}

export type Reply =
  | { xid: number; kind: 'success'; verifier: Verifier; result: Buffer }
  /** The server has no such program, version or procedure, or could not read the arguments. */
  | {
      xid: number;
      kind: 'not-accepted';
      verifier: Verifier;
      status: AcceptStatus;
      low?: number;
      high?: number;
    }
  | { xid: number; kind: 'rpc-mismatch'; low: number; high: number }
  | { xid: number; kind: 'auth-error'; status: number };

/** What came is a call of another RPC version; the reply is RPC_MISMATCH. */
export class RpcVersionError extends Error {
  readonly code = 'RPC_VERSION';
  readonly xid: number;
  constructor(xid: number, version: number) {
    super(`expected RPC version ${RPC_VERSION}, got ${version}`);
    this.xid = xid;
  }
}

const CALL = 0;
const REPLY = 1;
const ACCEPTED = 0;
const DENIED = 1;
const AUTH_BODY_MAX = 400;
const MACHINE_NAME_MAX = 255;
const GIDS_MAX = 16;
const LAST_FRAGMENT = 0x8000_0000;

const credentialWriter = new XdrWriter(512);

/**
 * A whole record, record mark included: call header, then `args` (an XDR body). The result is a
 * view that is valid until the next use of `writer`.
 */
export function encodeCall(writer: XdrWriter, header: CallHeader, args: Uint8Array): Buffer {
  writer.reset().u32(0).u32(header.xid).u32(CALL).u32(RPC_VERSION);
  writer.u32(header.program).u32(header.version).u32(header.procedure);
  writeCredential(writer, header.credential);
  writer.u32(AUTH_NONE).u32(0).raw(args);
  return mark(writer);
}

/** The header of a call and its arguments. Throws XdrError, or RpcVersionError. */
export function decodeCall(record: Buffer): Call {
  const reader = new XdrReader(record);
  const xid = reader.u32();
  const type = reader.u32();
  if (type !== CALL) throw new XdrError(`expected an RPC call (0), got message type ${type}`);
  const version = reader.u32();
  if (version !== RPC_VERSION) throw new RpcVersionError(xid, version);
  const program = reader.u32();
  const programVersion = reader.u32();
  const procedure = reader.u32();
  const credential = readCredential(reader);
  reader.u32();
  reader.opaque(AUTH_BODY_MAX);
  return { xid, program, version: programVersion, procedure, credential, args: reader.rest() };
}

const noVerifier: Verifier = { flavour: AUTH_NONE, body: Buffer.alloc(0) };

/**
 * Writes record mark and header of a successful reply; write the result behind it, then call
 * `finishReply`.
 */
export function startReply(writer: XdrWriter, xid: number, verifier = noVerifier): XdrWriter {
  writer.reset().u32(0).u32(xid).u32(REPLY).u32(ACCEPTED);
  return writer.u32(verifier.flavour).opaque(verifier.body).u32(acceptStatus.SUCCESS);
}

/** Sets the record mark; a view that is valid until the next use of `writer`. */
export function finishReply(writer: XdrWriter): Buffer {
  return mark(writer);
}

/** A reply that says why there is no result; low and high are written for a mismatch. */
export function encodeNotAccepted(
  writer: XdrWriter,
  xid: number,
  status: AcceptStatus,
  versions?: { low: number; high: number },
  verifier = noVerifier,
): Buffer {
  writer.reset().u32(0).u32(xid).u32(REPLY).u32(ACCEPTED);
  writer.u32(verifier.flavour).opaque(verifier.body).u32(status);
  if (status === acceptStatus.PROG_MISMATCH) {
    writer.u32(versions?.low ?? 0).u32(versions?.high ?? 0);
  }
  return mark(writer);
}

export function encodeRpcMismatch(writer: XdrWriter, xid: number): Buffer {
  writer.reset().u32(0).u32(xid).u32(REPLY).u32(DENIED).u32(0).u32(RPC_VERSION).u32(RPC_VERSION);
  return mark(writer);
}

export function encodeAuthError(writer: XdrWriter, xid: number, status: AuthStatus): Buffer {
  writer.reset().u32(0).u32(xid).u32(REPLY).u32(DENIED).u32(1).u32(status);
  return mark(writer);
}

/** Takes a reply's record (without its mark) apart. Throws XdrError. */
export function decodeReply(record: Buffer): Reply {
  const reader = new XdrReader(record);
  const xid = reader.u32();
  const type = reader.u32();
  if (type !== REPLY) throw new XdrError(`expected an RPC reply (1), got message type ${type}`);
  if (reader.u32() === DENIED) {
    if (reader.u32() === 0) {
      return { xid, kind: 'rpc-mismatch', low: reader.u32(), high: reader.u32() };
    }
    return { xid, kind: 'auth-error', status: reader.u32() };
  }
  const verifier = { flavour: reader.u32(), body: reader.opaque(AUTH_BODY_MAX) };
  const status = reader.u32();
  if (status === acceptStatus.SUCCESS) {
    return { xid, kind: 'success', verifier, result: reader.rest() };
  }
  const accepted = status as AcceptStatus;
  const rejected = { xid, kind: 'not-accepted', verifier, status: accepted } as const;
  if (status !== acceptStatus.PROG_MISMATCH) return rejected;
  const low = reader.u32();
  return { ...rejected, low, high: reader.u32() };
}

function mark(writer: XdrWriter): Buffer {
  writer.patchU32(0, (LAST_FRAGMENT | (writer.length - 4)) >>> 0);
  return writer.bytes();
}

function writeCredential(writer: XdrWriter, credential: Credential): void {
  if (credential.flavour !== 'sys') {
    writer.u32(credential.flavour === 'none' ? AUTH_NONE : credential.number).u32(0);
    return;
  }
  const body = credentialWriter.reset().u32(credential.stamp).string(credential.machineName);
  body.u32(credential.uid).u32(credential.gid).u32(credential.gids.length);
  for (const gid of credential.gids) body.u32(gid);
  writer.u32(AUTH_SYS).opaque(body.bytes());
}

function readCredential(reader: XdrReader): Credential {
  const flavour = reader.u32();
  const body = reader.opaque(AUTH_BODY_MAX);
  if (flavour === AUTH_NONE) return { flavour: 'none' };
  if (flavour !== AUTH_SYS) return { flavour: 'other', number: flavour };
  const sys = new XdrReader(body);
  const stamp = sys.u32();
  const machineName = sys.string(MACHINE_NAME_MAX);
  const uid = sys.u32();
  const gid = sys.u32();
  const count = sys.u32();
  if (count > GIDS_MAX) throw new XdrError(`expected at most ${GIDS_MAX} groups, got ${count}`);
  const gids: number[] = [];
  for (let i = 0; i < count; i++) gids.push(sys.u32());
  sys.end();
  return { flavour: 'sys', stamp, machineName, uid, gid, gids };
}
