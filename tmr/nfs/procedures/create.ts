/** CREATE, MKDIR, SYMLINK and MKNOD. */
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  symlinkSync,
  type BigIntStats,
} from 'node:fs';
import type { Reached } from '../exports/export.ts';
import { statOrNothing } from '../exports/node-table.ts';
import { attributesOf } from '../files/attributes.ts';
import { adopt, changeObject, syncDirectory, truncate } from '../files/change.ts';
import { setTimes } from '../files/exact-times.ts';
import { makeSpecialFile } from '../files/special-files.ts';
import { NfsError } from '../nfs-error.ts';
import { assertMay, may } from '../permissions.ts';
import type { DirectoryOperand, SetAttributes3 } from '../protocol/attributes.ts';
import { createMode, nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/directory-procedures.ts';
import { assertWritable, attempt, childPath, existing, handler } from './handler.ts';
import { reachDirectory, Subject, type CallContext } from './handler.ts';

const options = { mutating: true, replyBytes: 512 };

export const create = handler(protocol.create, options, (call, args) => {
  const { how } = args;
  return inDirectory(call, args.where, (directory, path) => {
    if (how.mode === createMode.EXCLUSIVE) {
      return createExclusive(call, directory, path, args.where.name, how.verifier);
    }
    try {
      makeFile(path, directory.export.durable);
    } catch (error) {
      const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!exists || how.mode === createMode.GUARDED) throw error;
      return reuse(call, directory, args.where.name, path, how.attributes);
    }
    return finish(call, directory, args.where.name, path, how.attributes);
  });
});

export const mkdir = handler(protocol.mkdir, options, (call, args) =>
  inDirectory(call, args.where, (directory, path) => {
    mkdirSync(path, 0o700);
    return finish(call, directory, args.where.name, path, args.attributes);
  }),
);

export const symlink = handler(protocol.symlink, options, (call, args) =>
  inDirectory(call, args.where, (directory, path) => {
    if (args.target.length === 0 || args.target.includes(0)) throw new NfsError(nfsStatus.INVAL);
    symlinkSync(args.target, path);
    // The mode of a link is always 0777 here.
    return finish(call, directory, args.where.name, path, { ...args.attributes, mode: undefined });
  }),
);

export const mknod = handler(protocol.mknod, options, (call, args) =>
  inDirectory(call, args.where, (directory, path) => {
    const { caller } = call;
    const device = args.type === 3 || args.type === 4;
    if (device && caller.checks === 'root' && caller.uid !== 0) throw new NfsError(nfsStatus.PERM);
    makeSpecialFile(directory.path, args.where.name, args.type, args);
    return finish(call, directory, args.where.name, path, args.attributes);
  }),
);

/** Checks the directory, runs the body, and gives the result the directory's wcc_data. */
function inDirectory(
  call: CallContext,
  where: DirectoryOperand,
  body: (directory: Reached, path: Buffer) => Made,
): protocol.Created {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = reachDirectory(call, subject, where.directory);
      const path = childPath(directory, where.name, nfsStatus.EXIST);
      assertWritable(directory);
      assertMay(directory.stat, call.caller, may.write | may.search);
      const { handle, stat } = body(directory, path);
      if (directory.export.durable) syncDirectory(directory.path);
      return {
        status: nfsStatus.OK,
        object: handle,
        attributes: attributesOf(stat),
        wcc: subject.wcc(),
      };
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
}

interface Made {
  handle: Buffer;
  stat: BigIntStats;
}

/** Nobody else may open the file before it has its owner and mode. */
function makeFile(path: Buffer, durable: boolean): void {
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
  try {
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Owner, mode and the other attributes asked for. */
function finish(
  call: CallContext,
  directory: Reached,
  name: Buffer,
  path: Buffer,
  attributes: SetAttributes3,
): Made {
  const made = locate(directory, name, path);
  adopt(made, directory.stat, attributes.mode ?? defaultMode(made.stat), call.caller);
  const { mode: _mode, ...rest } = attributes;
  const asks = Object.values(rest).some((value) => value !== undefined);
  if (asks) changeObject({ ...made, stat: existing(path) }, rest, call.caller);
  return { handle: made.node.handle, stat: existing(path) };
}

/** UNCHECKED on a file that exists: success, and of the attributes only the size counts. */
function reuse(
  call: CallContext,
  directory: Reached,
  name: Buffer,
  path: Buffer,
  attributes: SetAttributes3,
): Made {
  const found = locate(directory, name, path);
  if (!found.stat.isFile()) throw new NfsError(nfsStatus.EXIST);
  if (attributes.size !== undefined) {
    assertMay(found.stat, call.caller, may.write);
    truncate(found, attributes.size, call.caller);
  }
  return { handle: found.node.handle, stat: existing(path) };
}

/**
 * The verifier is kept in the file's times, as 32-bit seconds: a retransmission after a restart
 * finds it. The client's following SETATTR sets the real attributes (RFC 1813 3.3.8).
 */
function createExclusive(
  call: CallContext,
  directory: Reached,
  path: Buffer,
  name: Buffer,
  verifier: Buffer,
): Made {
  const atimeNs = BigInt(verifier.readUInt32BE(0)) * 1_000_000_000n;
  const mtimeNs = BigInt(verifier.readUInt32BE(4)) * 1_000_000_000n;
  const old = statOrNothing(path);
  if (old !== undefined) {
    const same = old.isFile() && old.atimeNs === atimeNs && old.mtimeNs === mtimeNs;
    if (!same) throw new NfsError(nfsStatus.EXIST);
    return { handle: directory.table.learn(directory.node, name, old).handle, stat: old };
  }
  makeFile(path, directory.export.durable);
  const made = locate(directory, name, path);
  adopt(made, directory.stat, 0o600, call.caller);
  setTimes(path, atimeNs, mtimeNs);
  return { handle: made.node.handle, stat: existing(path) };
}

function locate(directory: Reached, name: Buffer, path: Buffer): Reached {
  const stat = existing(path);
  const node = directory.table.learn(directory.node, name, stat);
  return { ...directory, node, path, stat };
}

function defaultMode(stat: BigIntStats): number {
  return stat.isDirectory() ? 0o755 : 0o644;
}
