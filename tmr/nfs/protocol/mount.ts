/** MOUNT version 3 (RFC 1813 appendix I). */
import type { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { handle } from './attributes.ts';
import { nfsResult, nothing, type Codec, type NfsResult, type Procedure } from './codec.ts';
import { MOUNT_PATH_MAX, NAME_MAX, mountProcedure } from './constants.ts';

export interface MountOk {
  root: Buffer;
  /** RPC flavours that the export accepts. */
  flavours: number[];
}

const path: Codec<Buffer> = {
  write: (writer, value) => void writer.opaque(value),
  read: (reader) => reader.opaque(MOUNT_PATH_MAX),
};
const nobody: Codec<void> = { write: () => undefined, read: () => undefined };

/** The path is the volume's path as replicas see it, or for a plain client the path on the server. */
export const mnt: Procedure<Buffer, NfsResult<MountOk, object>> = {
  number: mountProcedure.MNT,
  args: path,
  result: nfsResult<MountOk, object>(
    {
      write(writer, value) {
        handle.write(writer, value.root);
        writer.u32(value.flavours.length);
        for (const flavour of value.flavours) writer.u32(flavour);
      },
      read(reader) {
        const root = handle.read(reader);
        const flavours: number[] = [];
        for (let left = reader.u32(); left > 0; left--) flavours.push(reader.u32());
        return { root, flavours };
      },
    },
    nothing,
  ),
};
export const umnt: Procedure<Buffer, void> = {
  number: mountProcedure.UMNT,
  args: path,
  result: nobody,
};

export interface MountEntry {
  host: Buffer;
  directory: Buffer;
}
export const dump: Procedure<void, MountEntry[]> = {
  number: mountProcedure.DUMP,
  args: nobody,
  result: listOf<MountEntry>({
    write: (writer, value) => void writer.opaque(value.host).opaque(value.directory),
    read: (reader) => ({ host: reader.opaque(NAME_MAX), directory: path.read(reader) }),
  }),
};

export interface ExportEntry {
  directory: Buffer;
  /** Client groups; none means everyone. */
  groups: Buffer[];
}
export const exportList: Procedure<void, ExportEntry[]> = {
  number: mountProcedure.EXPORT,
  args: nobody,
  result: listOf<ExportEntry>({
    write(writer, value) {
      path.write(writer, value.directory);
      groupList.write(writer, value.groups);
    },
    read: (reader) => ({ directory: path.read(reader), groups: groupList.read(reader) }),
  }),
};

const groupList = listOf<Buffer>({
  write: (writer, value) => void writer.opaque(value),
  read: (reader) => reader.opaque(NAME_MAX),
});

function listOf<T>(item: Codec<T>): Codec<T[]> {
  return {
    write(writer: XdrWriter, values: T[]) {
      for (const value of values) {
        writer.bool(true);
        item.write(writer, value);
      }
      writer.bool(false);
    },
    read(reader: XdrReader) {
      const values: T[] = [];
      while (reader.bool()) values.push(item.read(reader));
      return values;
    },
  };
}
