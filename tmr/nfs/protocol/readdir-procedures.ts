/** READDIR and READDIRPLUS (RFC 1813 3.3.16 and 17). */
import type { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { handle, name, optionalHandle, postOp, type FileAttributes3 } from './attributes.ts';
import { nfsResult, readHyper, writeHyper } from './codec.ts';
import type { Codec, NfsResult, Procedure } from './codec.ts';
import { VERIFIER_BYTES, nfsProcedure } from './constants.ts';
import { postOpBody, type PostOp } from './file-procedures.ts';

export interface Entry {
  fileid: bigint;
  name: Buffer;
  /** Where to go on after this entry; below 2^53 on this server. */
  cookie: number;
}
export interface EntryPlus extends Entry {
  attributes: FileAttributes3 | undefined;
  object: Buffer | undefined;
}

export interface ReaddirArgs {
  directory: Buffer;
  /** 0: from the start. */
  cookie: number;
  verifier: Buffer;
  /** Largest result in bytes of XDR. */
  count: number;
}
export interface ReaddirplusArgs {
  directory: Buffer;
  cookie: number;
  verifier: Buffer;
  /** Bytes of names, fileids and cookies alone. */
  directoryCount: number;
  /** Largest result in bytes of XDR. */
  maxCount: number;
}
export interface Entries<E extends Entry> extends PostOp {
  verifier: Buffer;
  entries: E[];
  eof: boolean;
}

export const readdir: Procedure<ReaddirArgs, NfsResult<Entries<Entry>, PostOp>> = {
  number: nfsProcedure.READDIR,
  args: {
    write(writer, value) {
      writePosition(writer, value);
      writer.u32(value.count);
    },
    read: (reader) => ({ ...readPosition(reader), count: reader.u32() }),
  },
  result: nfsResult(entriesOf<Entry>(writeEntry, readEntry), postOpBody),
};

export const readdirplus: Procedure<ReaddirplusArgs, NfsResult<Entries<EntryPlus>, PostOp>> = {
  number: nfsProcedure.READDIRPLUS,
  args: {
    write(writer, value) {
      writePosition(writer, value);
      writer.u32(value.directoryCount).u32(value.maxCount);
    },
    read: (reader) => ({
      ...readPosition(reader),
      directoryCount: reader.u32(),
      maxCount: reader.u32(),
    }),
  },
  result: nfsResult(
    entriesOf<EntryPlus>(
      (writer, entry) => {
        writeEntry(writer, entry);
        postOp.write(writer, entry.attributes);
        optionalHandle.write(writer, entry.object);
      },
      (reader) => ({
        ...readEntry(reader),
        attributes: postOp.read(reader),
        object: optionalHandle.read(reader),
      }),
    ),
    postOpBody,
  ),
};

/** Bytes of one entry on the wire, its list mark included, attributes and handle not. */
export function entryBytes(nameLength: number): number {
  return 4 + 8 + 4 + ((nameLength + 3) & ~3) + 8;
}

/** A linked list on the wire: a true before every entry, a false after the last. */
function entriesOf<E extends Entry>(
  write: (writer: XdrWriter, entry: E) => void,
  read: (reader: XdrReader) => E,
): Codec<Entries<E>> {
  return {
    write(writer, value) {
      postOp.write(writer, value.attributes);
      writer.fixed(value.verifier);
      for (const entry of value.entries) {
        writer.bool(true);
        write(writer, entry);
      }
      writer.bool(false).bool(value.eof);
    },
    read(reader) {
      const attributes = postOp.read(reader);
      const verifier = reader.fixed(VERIFIER_BYTES);
      const entries: E[] = [];
      while (reader.bool()) entries.push(read(reader));
      return { attributes, verifier, entries, eof: reader.bool() };
    },
  };
}

function writeEntry(writer: XdrWriter, entry: Entry): void {
  writer.u64big(entry.fileid);
  name.write(writer, entry.name);
  writeHyper(writer, entry.cookie);
}

function readEntry(reader: XdrReader): Entry {
  return { fileid: reader.u64big(), name: name.read(reader), cookie: readHyper(reader) };
}

type Position = Pick<ReaddirArgs, 'directory' | 'cookie' | 'verifier'>;

function writePosition(writer: XdrWriter, value: Position): void {
  handle.write(writer, value.directory);
  writeHyper(writer, value.cookie);
  writer.fixed(value.verifier);
}

function readPosition(reader: XdrReader): Position {
  return {
    directory: handle.read(reader),
    cookie: readHyper(reader),
    verifier: reader.fixed(VERIFIER_BYTES),
  };
}
