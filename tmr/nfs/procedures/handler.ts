/** What every procedure of NFS and MOUNT looks like to the dispatcher. */
import type { BigIntStats } from 'node:fs';
import type { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import type { ExportView, Reached } from '../exports/export.ts';
import { joinPath, statOrNothing } from '../exports/node-table.ts';
import { attributesOf } from '../files/attributes.ts';
import type { DirectorySnapshots } from '../files/directory-snapshots.ts';
import type { WriteVerifier } from '../files/write-verifier.ts';
import { NfsError, statusOf } from '../nfs-error.ts';
import type { Caller } from '../permissions.ts';
import type { FileAttributes3, WccData } from '../protocol/attributes.ts';
import type { Procedure } from '../protocol/codec.ts';
import { NAME_MAX, nfsStatus, type NfsFailure } from '../protocol/constants.ts';
import type { MountPoints } from './mount.ts';

/** What a call may use. */
export interface CallContext {
  view: ExportView;
  caller: Caller;
  mounts: MountPoints;
  verifier: WriteVerifier;
  snapshots: DirectorySnapshots;
  /** Told of errors that are no answer of a file system: bugs of the server. */
  onDefect: (error: unknown) => void;
}

export interface Handler {
  number: number;
  /** Changes files: runs once, on two equal digests, and is kept in the duplicate request cache. */
  mutating: boolean;
  /** First guess of the reply's size in bytes. */
  replyBytes: number;
  /** Reads the arguments to their end and writes the result. Throws XdrError on bad arguments. */
  run(call: CallContext, args: XdrReader, reply: XdrWriter): void;
}

export function handler<Args, Result>(
  procedure: Procedure<Args, Result>,
  options: { mutating?: boolean; replyBytes?: number },
  run: (call: CallContext, args: Args) => Result,
): Handler {
  return {
    number: procedure.number,
    mutating: options.mutating ?? false,
    replyBytes: options.replyBytes ?? 320,
    run(call, reader, reply) {
      const args = procedure.args.read(reader);
      reader.end();
      procedure.result.write(reply, run(call, args));
    },
  };
}

/** Runs a body; what it throws becomes a status for `fail`. */
export function attempt<Ok, Fail>(
  call: CallContext,
  body: () => Ok,
  fail: (status: NfsFailure) => Fail,
): Ok | Fail {
  try {
    return body();
  } catch (error) {
    return fail(statusOf(error, call.onDefect));
  }
}

/** The object of a procedure that reports its attributes, also when it fails. */
export class Subject {
  reached: Reached | undefined;

  reach(call: CallContext, handle: Buffer): Reached {
    this.reached = call.view.reach(handle);
    return this.reached;
  }

  /** Attributes now. */
  after(): FileAttributes3 | undefined {
    if (this.reached === undefined) return undefined;
    const stat = statNow(this.reached.path);
    return stat && attributesOf(stat);
  }

  /** Attributes as they were when the object was reached. */
  before(): FileAttributes3 | undefined {
    return this.reached && attributesOf(this.reached.stat);
  }

  /** One thread runs one procedure at a time, so nothing of ours comes between before and after. */
  wcc(): WccData {
    if (this.reached === undefined) return { before: undefined, after: undefined };
    const { size, mtimeNs, ctimeNs } = this.reached.stat;
    return { before: { size: Number(size), mtimeNs, ctimeNs }, after: this.after() };
  }
}

export function statNow(path: Buffer): BigIntStats | undefined {
  try {
    return statOrNothing(path);
  } catch {
    return undefined;
  }
}

/** Reaches a directory. Throws NOTDIR. */
export function reachDirectory(call: CallContext, subject: Subject, handle: Buffer): Reached {
  const directory = subject.reach(call, handle);
  if (!directory.stat.isDirectory()) throw new NfsError(nfsStatus.NOTDIR);
  return directory;
}

/** Throws ROFS when the object's tree is read-only. */
export function assertWritable(reached: Reached): void {
  if (reached.export.readOnly) throw new NfsError(nfsStatus.ROFS);
}

/** Path of a name in a directory; `dots` is the status for "." and "..". */
export function childPath(directory: Reached, name: Buffer, dots: NfsFailure): Buffer {
  if (name.length > NAME_MAX) throw new NfsError(nfsStatus.NAMETOOLONG);
  if (name.length === 0 || name.includes(0) || name.includes(SLASH)) {
    throw new NfsError(nfsStatus.INVAL);
  }
  if (isDots(name)) throw new NfsError(dots);
  const path = joinPath(directory.path, name);
  directory.export.assertAllowed(path);
  return path;
}

/** stat of what must exist. */
export function existing(path: Buffer): BigIntStats {
  const stat = statOrNothing(path);
  if (stat === undefined) throw new NfsError(nfsStatus.NOENT);
  return stat;
}

const SLASH = 0x2f;

function isDots(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
