/** Arguments and results of the procedures on one object: attributes and data (RFC 1813 3.3). */
import { XdrError } from '../../wire/xdr.ts';
import {
  fileAttributes,
  handle,
  optional,
  postOp,
  setAttributes,
  time,
  wccData,
  type FileAttributes3,
  type SetAttributes3,
  type WccData,
} from './attributes.ts';
import { nfsResult, nothing, readHyper, writeHyper } from './codec.ts';
import type { Codec, NfsResult, Procedure } from './codec.ts';
import { PATH_MAX, TRANSFER_MAX, VERIFIER_BYTES, nfsProcedure } from './constants.ts';

export interface ObjectArgs {
  object: Buffer;
}
export interface Attributes {
  attributes: FileAttributes3;
}
/** Body of most failures that carry the object's attributes. */
export interface PostOp {
  attributes: FileAttributes3 | undefined;
}
export interface Wcc {
  wcc: WccData;
}

export const objectArgs: Codec<ObjectArgs> = {
  write: (writer, value) => handle.write(writer, value.object),
  read: (reader) => ({ object: handle.read(reader) }),
};
export const postOpBody: Codec<PostOp> = {
  write: (writer, value) => postOp.write(writer, value.attributes),
  read: (reader) => ({ attributes: postOp.read(reader) }),
};
export const wccBody: Codec<Wcc> = {
  write: (writer, value) => wccData.write(writer, value.wcc),
  read: (reader) => ({ wcc: wccData.read(reader) }),
};

export const getattr: Procedure<ObjectArgs, NfsResult<Attributes, object>> = {
  number: nfsProcedure.GETATTR,
  args: objectArgs,
  result: nfsResult<Attributes, object>(
    {
      write: (writer, value) => fileAttributes.write(writer, value.attributes),
      read: (reader) => ({ attributes: fileAttributes.read(reader) }),
    },
    nothing,
  ),
};

export interface SetattrArgs {
  object: Buffer;
  change: SetAttributes3;
  /** The change is made only if the object's ctime is this one. */
  guardCtimeNs: bigint | undefined;
}
const guard = optional(time);
export const setattr: Procedure<SetattrArgs, NfsResult<Wcc, Wcc>> = {
  number: nfsProcedure.SETATTR,
  args: {
    write(writer, value) {
      handle.write(writer, value.object);
      setAttributes.write(writer, value.change);
      guard.write(writer, value.guardCtimeNs);
    },
    read: (reader) => ({
      object: handle.read(reader),
      change: setAttributes.read(reader),
      guardCtimeNs: guard.read(reader),
    }),
  },
  result: nfsResult(wccBody, wccBody),
};

export interface AccessBits {
  /** Bits of `accessBit`. */
  access: number;
}
export const access: Procedure<ObjectArgs & AccessBits, NfsResult<PostOp & AccessBits, PostOp>> = {
  number: nfsProcedure.ACCESS,
  args: {
    write(writer, value) {
      handle.write(writer, value.object);
      writer.u32(value.access);
    },
    read: (reader) => ({ object: handle.read(reader), access: reader.u32() }),
  },
  result: nfsResult<PostOp & AccessBits, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.u32(value.access);
      },
      read: (reader) => ({ attributes: postOp.read(reader), access: reader.u32() }),
    },
    postOpBody,
  ),
};

export interface ReadlinkOk extends PostOp {
  target: Buffer;
}
export const readlink: Procedure<ObjectArgs, NfsResult<ReadlinkOk, PostOp>> = {
  number: nfsProcedure.READLINK,
  args: objectArgs,
  result: nfsResult<ReadlinkOk, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.opaque(value.target);
      },
      read: (reader) => ({ attributes: postOp.read(reader), target: reader.opaque(PATH_MAX) }),
    },
    postOpBody,
  ),
};

export interface RangeArgs {
  object: Buffer;
  offset: number;
  count: number;
}
const rangeArgs: Codec<RangeArgs> = {
  write(writer, value) {
    handle.write(writer, value.object);
    writeHyper(writer, value.offset);
    writer.u32(value.count);
  },
  read: (reader) => ({
    object: handle.read(reader),
    offset: readHyper(reader),
    count: reader.u32(),
  }),
};

export interface ReadOk extends PostOp {
  count: number;
  eof: boolean;
  data: Buffer;
}
export const read: Procedure<RangeArgs, NfsResult<ReadOk, PostOp>> = {
  number: nfsProcedure.READ,
  args: rangeArgs,
  result: nfsResult<ReadOk, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.u32(value.count).bool(value.eof).opaque(value.data);
      },
      read: (reader) => ({
        attributes: postOp.read(reader),
        count: reader.u32(),
        eof: reader.bool(),
        data: reader.opaque(TRANSFER_MAX),
      }),
    },
    postOpBody,
  ),
};

export interface WriteArgs extends RangeArgs {
  /** One of `stableHow`. */
  stable: number;
  data: Buffer;
}
export interface WriteOk extends Wcc {
  count: number;
  committed: number;
  verifier: Buffer;
}
export const write: Procedure<WriteArgs, NfsResult<WriteOk, Wcc>> = {
  number: nfsProcedure.WRITE,
  args: {
    write(writer, value) {
      rangeArgs.write(writer, value);
      writer.u32(value.stable).opaque(value.data);
    },
    read(reader) {
      const range = rangeArgs.read(reader);
      const stable = reader.u32();
      if (stable > 2) throw new XdrError(`expected a stable_how of 0, 1 or 2, got ${stable}`);
      return { ...range, stable, data: reader.opaque(TRANSFER_MAX) };
    },
  },
  result: nfsResult<WriteOk, Wcc>(
    {
      write(writer, value) {
        wccData.write(writer, value.wcc);
        writer.u32(value.count).u32(value.committed).fixed(value.verifier);
      },
      read: (reader) => ({
        wcc: wccData.read(reader),
        count: reader.u32(),
        committed: reader.u32(),
        verifier: reader.fixed(VERIFIER_BYTES),
      }),
    },
    wccBody,
  ),
};

export interface CommitOk extends Wcc {
  verifier: Buffer;
}
export const commit: Procedure<RangeArgs, NfsResult<CommitOk, Wcc>> = {
  number: nfsProcedure.COMMIT,
  args: rangeArgs,
  result: nfsResult<CommitOk, Wcc>(
    {
      write(writer, value) {
        wccData.write(writer, value.wcc);
        writer.fixed(value.verifier);
      },
      read: (reader) => ({ wcc: wccData.read(reader), verifier: reader.fixed(VERIFIER_BYTES) }),
    },
    wccBody,
  ),
};
