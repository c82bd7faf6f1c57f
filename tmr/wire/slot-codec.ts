/**
 * Requests that the monitor votes on (R13), as XDR. The digest that three replicas must agree on
 * is taken over exactly these bytes.
 */
import { FRAME_MAX } from './frame.ts';
import type { SlotOp } from './messages.ts';
import { readHyper, writeHyper } from './union.ts';
import { XdrError } from './xdr.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

export const slotOpNumber = {
  output: 0,
  input: 1,
  seek: 2,
  truncate: 3,
  sync: 4,
  exit: 5,
  abort: 6,
} as const;

/** Most bytes of one output or input slot: a frame less room for its header. */
export const SLOT_BYTES_MAX = FRAME_MAX - 1024;
const REASON_MAX = 4096;

export function encodeSlotOp(writer: XdrWriter, op: SlotOp): void {
  writer.u32(slotOpNumber[op.type]);
  switch (op.type) {
    case 'output':
      writer.u32(op.fd).opaque(op.bytes);
      break;
    case 'input':
      writer.u32(op.fd).u32(op.count);
      writeHyper(writer, op.offset);
      break;
    case 'seek':
      writer.u32(op.fd);
      writeHyper(writer, op.offset);
      writer.u32(op.whence);
      break;
    case 'truncate':
      writer.u32(op.fd);
      writeHyper(writer, op.length);
      break;
    case 'sync':
      writer.u32(op.fd);
      break;
    case 'exit':
      writer.u32(op.kind === 'signal' ? 1 : 0).i32(op.value);
      break;
    case 'abort':
      writer.string(op.reason.slice(0, REASON_MAX / 4));
      break;
  }
}

/** `bytes` of an output is a view on the frame. */
export function decodeSlotOp(reader: XdrReader): SlotOp {
  const type = reader.u32();
  switch (type) {
    case slotOpNumber.output:
      return { type: 'output', fd: reader.u32(), bytes: reader.opaque(SLOT_BYTES_MAX) };
    case slotOpNumber.input:
      return { type: 'input', fd: reader.u32(), count: reader.u32(), offset: readHyper(reader) };
    case slotOpNumber.seek:
      return { type: 'seek', fd: reader.u32(), offset: readHyper(reader), whence: reader.u32() };
    case slotOpNumber.truncate:
      return { type: 'truncate', fd: reader.u32(), length: readHyper(reader) };
    case slotOpNumber.sync:
      return { type: 'sync', fd: reader.u32() };
    case slotOpNumber.exit:
      return { type: 'exit', kind: reader.bool() ? 'signal' : 'status', value: reader.i32() };
    case slotOpNumber.abort:
      return { type: 'abort', reason: reader.string(REASON_MAX) };
    default:
      throw new XdrError(`expected a slot operation in 0..6, got ${type}`);
  }
}
