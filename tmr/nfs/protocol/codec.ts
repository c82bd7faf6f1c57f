/** The shape of every encoding here: one object that writes and reads one XDR type. */
import type { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { nfsStatus, type NfsFailure } from './constants.ts';

export interface Codec<T> {
  write(writer: XdrWriter, value: T): void;
  /** Opaque data in the result are views on the input. Throws XdrError. */
  read(reader: XdrReader): T;
}

/** A procedure: its number, its arguments and its results. */
export interface Procedure<Args, Result> {
  number: number;
  args: Codec<Args>;
  result: Codec<Result>;
}

/** An NFS result: `status` decides which of the two bodies it has. */
export type NfsResult<Ok, Fail> = ({ status: typeof nfsStatus.OK } & Ok) | Failed<Fail>;
export type Failed<Fail> = { status: NfsFailure } & Fail;

export function nfsResult<Ok extends object, Fail extends object>(
  ok: Codec<Ok>,
  fail: Codec<Fail>,
): Codec<NfsResult<Ok, Fail>> {
  return {
    write(writer, value) {
      writer.u32(value.status);
      if (value.status === nfsStatus.OK) ok.write(writer, value);
      else fail.write(writer, value);
    },
    read(reader) {
      const status = reader.u32();
      if (status === nfsStatus.OK) return { status: nfsStatus.OK, ...ok.read(reader) };
      return { status: status as NfsFailure, ...fail.read(reader) };
    },
  };
}

export const nothing: Codec<object> = {
  write: () => undefined,
  read: () => ({}),
};

/**
 * An unsigned hyper as a number. Beyond 2^53 it is rounded, still above 2^53-1, so that a procedure
 * can answer FBIG or INVAL instead of GARBAGE_ARGS.
 */
export function readHyper(reader: XdrReader): number {
  return reader.u32() * 0x1_0000_0000 + reader.u32();
}

/** Writes a hyper; a value beyond 2^53-1 is written rounded (for clients that test the bounds). */
export function writeHyper(writer: XdrWriter, value: number): void {
  writer.u32(Math.floor(value / 0x1_0000_0000)).u32(value % 0x1_0000_0000);
}
