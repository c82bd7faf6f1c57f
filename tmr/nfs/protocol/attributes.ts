/** fattr3, sattr3, wcc_data and what else procedures share (RFC 1813 2.5 and 2.6). */
import { XdrError, type XdrReader, type XdrWriter } from '../../wire/xdr.ts';
import { HANDLE_MAX, NAME_MAX, fileType, type FileType } from './constants.ts';
import { readHyper, writeHyper, type Codec } from './codec.ts';

export interface FileAttributes3 {
  type: FileType;
  /** Permission bits with setuid, setgid and sticky (07777). */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  size: number;
  used: number;
  rdevMajor: number;
  rdevMinor: number;
  fsid: bigint;
  fileid: bigint;
  /** Nanoseconds since the epoch; the wire holds 32 bits of seconds, so they are clamped. */
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

/** Time to set: nanoseconds since the epoch, the server's clock, or undefined (leave it). */
export type SetTime3 = bigint | 'now' | undefined;

export interface SetAttributes3 {
  mode?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  size?: number | undefined;
  atime?: SetTime3;
  mtime?: SetTime3;
}

/** Attributes before an operation, for weak cache consistency. */
export interface WccAttributes {
  size: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

export interface WccData {
  before: WccAttributes | undefined;
  after: FileAttributes3 | undefined;
}

export interface DirectoryOperand {
  directory: Buffer;
  name: Buffer;
}

const NS = 1_000_000_000n;
const SECONDS_MAX = 0xffff_ffffn;

export const time: Codec<bigint> = {
  write(writer, ns) {
    if (ns < 0n) writer.u32(0).u32(0);
    else {
      const seconds = ns / NS;
      if (seconds > SECONDS_MAX) writer.u32(0xffff_ffff).u32(999_999_999);
      else writer.u32(Number(seconds)).u32(Number(ns % NS));
    }
  },
  read(reader) {
    const seconds = reader.u32();
    const nanoseconds = reader.u32();
    if (nanoseconds >= 1_000_000_000) {
      throw new XdrError(`expected nanoseconds below 10^9 in a time, got ${nanoseconds}`);
    }
    return BigInt(seconds) * NS + BigInt(nanoseconds);
  },
};

export const fileAttributes: Codec<FileAttributes3> = {
  write(writer, a) {
    writer.u32(a.type).u32(a.mode).u32(a.nlink).u32(a.uid).u32(a.gid);
    writer.u64(a.size).u64(a.used).u32(a.rdevMajor).u32(a.rdevMinor);
    writer.u64big(a.fsid).u64big(a.fileid);
    time.write(writer, a.atimeNs);
    time.write(writer, a.mtimeNs);
    time.write(writer, a.ctimeNs);
  },
  read: (reader) => ({
    type: readFileType(reader),
    mode: reader.u32(),
    nlink: reader.u32(),
    uid: reader.u32(),
    gid: reader.u32(),
    size: readHyper(reader),
    used: readHyper(reader),
    rdevMajor: reader.u32(),
    rdevMinor: reader.u32(),
    fsid: reader.u64big(),
    fileid: reader.u64big(),
    atimeNs: time.read(reader),
    mtimeNs: time.read(reader),
    ctimeNs: time.read(reader),
  }),
};

export const postOp: Codec<FileAttributes3 | undefined> = optional(fileAttributes);

const wccAttributes: Codec<WccAttributes> = {
  write(writer, w) {
    writer.u64(w.size);
    time.write(writer, w.mtimeNs);
    time.write(writer, w.ctimeNs);
  },
  read: (reader) => ({
    size: readHyper(reader),
    mtimeNs: time.read(reader),
    ctimeNs: time.read(reader),
  }),
};
const preOp = optional(wccAttributes);

export const wccData: Codec<WccData> = {
  write(writer, w) {
    preOp.write(writer, w.before);
    postOp.write(writer, w.after);
  },
  read: (reader) => ({ before: preOp.read(reader), after: postOp.read(reader) }),
};

const optionalU32 = optional<number>({
  write: (writer, value) => void writer.u32(value),
  read: (reader) => reader.u32(),
});
const optionalSize = optional<number>({ write: writeHyper, read: readHyper });

/** time_how: 0 leave it, 1 the server's clock, 2 the client's value. */
const setTime: Codec<SetTime3> = {
  write(writer, value) {
    if (value === undefined) writer.u32(0);
    else if (value === 'now') writer.u32(1);
    else time.write(writer.u32(2), value);
  },
  read(reader) {
    const how = reader.u32();
    if (how > 2) throw new XdrError(`expected a time_how of 0, 1 or 2, got ${how}`);
    return how === 0 ? undefined : how === 1 ? 'now' : time.read(reader);
  },
};

export const setAttributes: Codec<SetAttributes3> = {
  write(writer, s) {
    optionalU32.write(writer, s.mode);
    optionalU32.write(writer, s.uid);
    optionalU32.write(writer, s.gid);
    optionalSize.write(writer, s.size);
    setTime.write(writer, s.atime);
    setTime.write(writer, s.mtime);
  },
  read: (reader) => ({
    mode: optionalU32.read(reader),
    uid: optionalU32.read(reader),
    gid: optionalU32.read(reader),
    size: optionalSize.read(reader),
    atime: setTime.read(reader),
    mtime: setTime.read(reader),
  }),
};

export const handle: Codec<Buffer> = {
  write: (writer, bytes) => void writer.opaque(bytes),
  read: (reader) => reader.opaque(HANDLE_MAX),
};
export const optionalHandle: Codec<Buffer | undefined> = optional(handle);

/** Names longer than NAME_MAX are let through to the procedure, which answers NAMETOOLONG. */
export const name: Codec<Buffer> = {
  write: (writer, bytes) => void writer.opaque(bytes),
  read: (reader) => reader.opaque(NAME_MAX * 16),
};

export const directoryOperand: Codec<DirectoryOperand> = {
  write(writer, value) {
    handle.write(writer, value.directory);
    name.write(writer, value.name);
  },
  read: (reader) => ({ directory: handle.read(reader), name: name.read(reader) }),
};

/** A union of a value and void, discriminated by a bool. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    write(writer: XdrWriter, value: T | undefined) {
      writer.bool(value !== undefined);
      if (value !== undefined) codec.write(writer, value);
    },
    read: (reader: XdrReader) => (reader.bool() ? codec.read(reader) : undefined),
  };
}

function readFileType(reader: XdrReader): FileType {
  const type = reader.u32();
  if (type < fileType.REG || type > fileType.FIFO) {
    throw new XdrError(`expected a file type of 1 to 7, got ${type}`);
  }
  return type as FileType;
}
