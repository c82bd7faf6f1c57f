/** Arguments and results of the procedures on names in directories (RFC 1813 3.3). */
import { XdrError } from '../../wire/xdr.ts';
import {
  directoryOperand,
  handle,
  optionalHandle,
  postOp,
  setAttributes,
  wccData,
  type DirectoryOperand,
  type FileAttributes3,
  type SetAttributes3,
  type WccData,
} from './attributes.ts';
import { nfsResult, type Codec, type NfsResult, type Procedure } from './codec.ts';
import { PATH_MAX, VERIFIER_BYTES, createMode, fileType, nfsProcedure } from './constants.ts';
import { wccBody, type PostOp, type Wcc } from './file-procedures.ts';

export interface LookupOk {
  object: Buffer;
  attributes: FileAttributes3 | undefined;
  directoryAttributes: FileAttributes3 | undefined;
}
export interface LookupFail {
  directoryAttributes: FileAttributes3 | undefined;
}
export const lookup: Procedure<DirectoryOperand, NfsResult<LookupOk, LookupFail>> = {
  number: nfsProcedure.LOOKUP,
  args: directoryOperand,
  result: nfsResult<LookupOk, LookupFail>(
    {
      write(writer, value) {
        handle.write(writer, value.object);
        postOp.write(writer, value.attributes);
        postOp.write(writer, value.directoryAttributes);
      },
      read: (reader) => ({
        object: handle.read(reader),
        attributes: postOp.read(reader),
        directoryAttributes: postOp.read(reader),
      }),
    },
    {
      write: (writer, value) => postOp.write(writer, value.directoryAttributes),
      read: (reader) => ({ directoryAttributes: postOp.read(reader) }),
    },
  ),
};

/** What CREATE, MKDIR, SYMLINK and MKNOD answer. */
export interface CreatedOk extends Wcc {
  object: Buffer | undefined;
  attributes: FileAttributes3 | undefined;
}
const created = nfsResult<CreatedOk, Wcc>(
  {
    write(writer, value) {
      optionalHandle.write(writer, value.object);
      postOp.write(writer, value.attributes);
      wccData.write(writer, value.wcc);
    },
    read: (reader) => ({
      object: optionalHandle.read(reader),
      attributes: postOp.read(reader),
      wcc: wccData.read(reader),
    }),
  },
  wccBody,
);
export type Created = NfsResult<CreatedOk, Wcc>;

/** createhow3: attributes, or for EXCLUSIVE a verifier of 8 bytes. */
export type CreateHow =
  | {
      mode: typeof createMode.UNCHECKED | typeof createMode.GUARDED;
      attributes: SetAttributes3;
    }
  | { mode: typeof createMode.EXCLUSIVE; verifier: Buffer };
export interface CreateArgs {
  where: DirectoryOperand;
  how: CreateHow;
}
const createHow: Codec<CreateHow> = {
  write(writer, how) {
    writer.u32(how.mode);
    if (how.mode === createMode.EXCLUSIVE) writer.fixed(how.verifier);
    else setAttributes.write(writer, how.attributes);
  },
  read(reader) {
    const mode = reader.u32();
    if (mode === createMode.EXCLUSIVE) return { mode, verifier: reader.fixed(VERIFIER_BYTES) };
    if (mode === createMode.UNCHECKED || mode === createMode.GUARDED) {
      return { mode, attributes: setAttributes.read(reader) };
    }
    throw new XdrError(`expected a createmode of 0, 1 or 2, got ${mode}`);
  },
};
export const create: Procedure<CreateArgs, Created> = {
  number: nfsProcedure.CREATE,
  args: {
    write(writer, value) {
      directoryOperand.write(writer, value.where);
      createHow.write(writer, value.how);
    },
    read: (reader) => ({ where: directoryOperand.read(reader), how: createHow.read(reader) }),
  },
  result: created,
};

export interface MkdirArgs {
  where: DirectoryOperand;
  attributes: SetAttributes3;
}
export const mkdir: Procedure<MkdirArgs, Created> = {
  number: nfsProcedure.MKDIR,
  args: {
    write(writer, value) {
      directoryOperand.write(writer, value.where);
      setAttributes.write(writer, value.attributes);
    },
    read: (reader) => ({
      where: directoryOperand.read(reader),
      attributes: setAttributes.read(reader),
    }),
  },
  result: created,
};

export interface SymlinkArgs extends MkdirArgs {
  target: Buffer;
}
export const symlink: Procedure<SymlinkArgs, Created> = {
  number: nfsProcedure.SYMLINK,
  args: {
    write(writer, value) {
      mkdir.args.write(writer, value);
      writer.opaque(value.target);
    },
    read: (reader) => ({ ...mkdir.args.read(reader), target: reader.opaque(PATH_MAX) }),
  },
  result: created,
};

/** mknoddata3: devices carry numbers, sockets and fifos do not; other types carry nothing. */
export interface MknodArgs {
  where: DirectoryOperand;
  type: number;
  attributes: SetAttributes3;
  major: number;
  minor: number;
}
export const mknod: Procedure<MknodArgs, Created> = {
  number: nfsProcedure.MKNOD,
  args: {
    write(writer, value) {
      directoryOperand.write(writer, value.where);
      writer.u32(value.type);
      if (!isSpecial(value.type)) return;
      setAttributes.write(writer, value.attributes);
      if (isDevice(value.type)) writer.u32(value.major).u32(value.minor);
    },
    read(reader) {
      const where = directoryOperand.read(reader);
      const type = reader.u32();
      const attributes = isSpecial(type) ? setAttributes.read(reader) : {};
      const device = isDevice(type);
      const major = device ? reader.u32() : 0;
      return { where, type, attributes, major, minor: device ? reader.u32() : 0 };
    },
  },
  result: created,
};

export const remove: Procedure<DirectoryOperand, NfsResult<Wcc, Wcc>> = {
  number: nfsProcedure.REMOVE,
  args: directoryOperand,
  result: nfsResult(wccBody, wccBody),
};
export const rmdir: Procedure<DirectoryOperand, NfsResult<Wcc, Wcc>> = {
  number: nfsProcedure.RMDIR,
  args: directoryOperand,
  result: nfsResult(wccBody, wccBody),
};

export interface RenameArgs {
  from: DirectoryOperand;
  to: DirectoryOperand;
}
export interface RenameWcc {
  fromWcc: WccData;
  toWcc: WccData;
}
const renameBody: Codec<RenameWcc> = {
  write(writer, value) {
    wccData.write(writer, value.fromWcc);
    wccData.write(writer, value.toWcc);
  },
  read: (reader) => ({ fromWcc: wccData.read(reader), toWcc: wccData.read(reader) }),
};
export const rename: Procedure<RenameArgs, NfsResult<RenameWcc, RenameWcc>> = {
  number: nfsProcedure.RENAME,
  args: {
    write(writer, value) {
      directoryOperand.write(writer, value.from);
      directoryOperand.write(writer, value.to);
    },
    read: (reader) => ({ from: directoryOperand.read(reader), to: directoryOperand.read(reader) }),
  },
  result: nfsResult(renameBody, renameBody),
};

export interface LinkArgs {
  object: Buffer;
  link: DirectoryOperand;
}
export type LinkBody = PostOp & Wcc;
const linkBody: Codec<LinkBody> = {
  write(writer, value) {
    postOp.write(writer, value.attributes);
    wccData.write(writer, value.wcc);
  },
  read: (reader) => ({ attributes: postOp.read(reader), wcc: wccData.read(reader) }),
};
export const link: Procedure<LinkArgs, NfsResult<LinkBody, LinkBody>> = {
  number: nfsProcedure.LINK,
  args: {
    write(writer, value) {
      handle.write(writer, value.object);
      directoryOperand.write(writer, value.link);
    },
    read: (reader) => ({ object: handle.read(reader), link: directoryOperand.read(reader) }),
  },
  result: nfsResult(linkBody, linkBody),
};

function isDevice(type: number): boolean {
  return type === fileType.CHR || type === fileType.BLK;
}

function isSpecial(type: number): boolean {
  return isDevice(type) || type === fileType.SOCK || type === fileType.FIFO;
}
