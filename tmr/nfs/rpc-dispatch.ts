/** From a decoded RPC call to the bytes of its reply. */
import { XdrError, XdrReader, XdrWriter } from '../wire/xdr.ts';
import type { CallContext, Handler } from './procedures/handler.ts';
import { FILE_PROGRAMS_VERSION, handlersOf } from './procedures/index.ts';
import {
  acceptStatus,
  encodeNotAccepted,
  finishReply,
  startReply,
  type Call,
  type Verifier,
} from './protocol/rpc.ts';

/** The handler of a call to NFS or MOUNT; undefined when there is none. */
export function handlerOf(call: Call): Handler | undefined {
  if (call.version !== FILE_PROGRAMS_VERSION) return undefined;
  return handlersOf(call.program)?.get(call.procedure);
}

/**
 * Carries out a call to NFS or MOUNT, or says why not. The result is a whole record that belongs to
 * the caller.
 */
export function perform(call: Call, context: CallContext, verifier?: Verifier): Buffer {
  const found = handlerOf(call);
  if (found === undefined) return refuse(call, verifier);
  const writer = new XdrWriter(found.replyBytes);
  try {
    found.run(context, new XdrReader(call.args), startReply(writer, call.xid, verifier));
    return finishReply(writer);
  } catch (error) {
    const garbage = error instanceof XdrError;
    if (!garbage) context.onDefect(error);
    const status = garbage ? acceptStatus.GARBAGE_ARGS : acceptStatus.SYSTEM_ERR;
    return encodeNotAccepted(writer, call.xid, status, undefined, verifier);
  }
}

/** The record for another XID: the same bytes where the XID is the same. */
export function withXid(record: Buffer, xid: number): Buffer {
  if (record.readUInt32BE(4) === xid) return record;
  const copy = Buffer.from(record);
  copy.writeUInt32BE(xid, 4);
  return copy;
}

/** For an unknown program, version or procedure (RFC 5531 section 9). */
function refuse(call: Call, verifier?: Verifier): Buffer {
  const writer = new XdrWriter(96);
  const { PROG_UNAVAIL, PROG_MISMATCH, PROC_UNAVAIL } = acceptStatus;
  if (handlersOf(call.program) === undefined) {
    return encodeNotAccepted(writer, call.xid, PROG_UNAVAIL, undefined, verifier);
  }
  if (call.version !== FILE_PROGRAMS_VERSION) {
    const versions = { low: FILE_PROGRAMS_VERSION, high: FILE_PROGRAMS_VERSION };
    return encodeNotAccepted(writer, call.xid, PROG_MISMATCH, versions, verifier);
  }
  return encodeNotAccepted(writer, call.xid, PROC_UNAVAIL, undefined, verifier);
}
