/** FSSTAT, FSINFO and PATHCONF (RFC 1813 3.3.18 to 20). */
import { postOp, time } from './attributes.ts';
import { nfsResult, readHyper } from './codec.ts';
import type { NfsResult, Procedure } from './codec.ts';
import { nfsProcedure } from './constants.ts';
import { objectArgs, postOpBody, type ObjectArgs, type PostOp } from './file-procedures.ts';

/** Bytes and counts of files, total, free, and free for the caller. */
export interface FsstatOk extends PostOp {
  totalBytes: number;
  freeBytes: number;
  availableBytes: number;
  totalFiles: number;
  freeFiles: number;
  availableFiles: number;
  /** Seconds for which the figures are not expected to change. */
  invarSeconds: number;
}
export const fsstat: Procedure<ObjectArgs, NfsResult<FsstatOk, PostOp>> = {
  number: nfsProcedure.FSSTAT,
  args: objectArgs,
  result: nfsResult<FsstatOk, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.u64(value.totalBytes).u64(value.freeBytes).u64(value.availableBytes);
        writer.u64(value.totalFiles).u64(value.freeFiles).u64(value.availableFiles);
        writer.u32(value.invarSeconds);
      },
      read: (reader) => ({
        attributes: postOp.read(reader),
        totalBytes: readHyper(reader),
        freeBytes: readHyper(reader),
        availableBytes: readHyper(reader),
        totalFiles: readHyper(reader),
        freeFiles: readHyper(reader),
        availableFiles: readHyper(reader),
        invarSeconds: reader.u32(),
      }),
    },
    postOpBody,
  ),
};

/** Sizes in bytes: largest, preferred, and what a size should be a multiple of. */
export interface FsinfoOk extends PostOp {
  readMax: number;
  readPreferred: number;
  readMultiple: number;
  writeMax: number;
  writePreferred: number;
  writeMultiple: number;
  directoryPreferred: number;
  fileSizeMax: number;
  timeDeltaNs: bigint;
  /** Bits of `fsProperty`. */
  properties: number;
}
export const fsinfo: Procedure<ObjectArgs, NfsResult<FsinfoOk, PostOp>> = {
  number: nfsProcedure.FSINFO,
  args: objectArgs,
  result: nfsResult<FsinfoOk, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.u32(value.readMax).u32(value.readPreferred).u32(value.readMultiple);
        writer.u32(value.writeMax).u32(value.writePreferred).u32(value.writeMultiple);
        writer.u32(value.directoryPreferred).u64(value.fileSizeMax);
        time.write(writer, value.timeDeltaNs);
        writer.u32(value.properties);
      },
      read: (reader) => ({
        attributes: postOp.read(reader),
        readMax: reader.u32(),
        readPreferred: reader.u32(),
        readMultiple: reader.u32(),
        writeMax: reader.u32(),
        writePreferred: reader.u32(),
        writeMultiple: reader.u32(),
        directoryPreferred: reader.u32(),
        fileSizeMax: readHyper(reader),
        timeDeltaNs: time.read(reader),
        properties: reader.u32(),
      }),
    },
    postOpBody,
  ),
};

export interface PathconfOk extends PostOp {
  linkMax: number;
  nameMax: number;
  noTruncation: boolean;
  chownRestricted: boolean;
  caseInsensitive: boolean;
  casePreserving: boolean;
}
export const pathconf: Procedure<ObjectArgs, NfsResult<PathconfOk, PostOp>> = {
  number: nfsProcedure.PATHCONF,
  args: objectArgs,
  result: nfsResult<PathconfOk, PostOp>(
    {
      write(writer, value) {
        postOp.write(writer, value.attributes);
        writer.u32(value.linkMax).u32(value.nameMax);
        writer.bool(value.noTruncation).bool(value.chownRestricted);
        writer.bool(value.caseInsensitive).bool(value.casePreserving);
      },
      read: (reader) => ({
        attributes: postOp.read(reader),
        linkMax: reader.u32(),
        nameMax: reader.u32(),
        noTruncation: reader.bool(),
        chownRestricted: reader.bool(),
        caseInsensitive: reader.bool(),
        casePreserving: reader.bool(),
      }),
    },
    postOpBody,
  ),
};
