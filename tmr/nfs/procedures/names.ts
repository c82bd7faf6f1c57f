/** REMOVE, RMDIR, RENAME and LINK. */
import { linkSync, renameSync, rmdirSync, unlinkSync, type BigIntStats } from 'node:fs';
import type { Reached } from '../exports/export.ts';
import { sameObject } from '../exports/handle.ts';
import { statOrNothing } from '../exports/node-table.ts';
import { syncDirectory } from '../files/change.ts';
import { NfsError } from '../nfs-error.ts';
import { assertMay, assertMayUnlink, isOwner, may, modeAllows } from '../permissions.ts';
import { nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/directory-procedures.ts';
import { assertWritable, attempt, childPath, existing, handler } from './handler.ts';
import { reachDirectory, Subject, type CallContext } from './handler.ts';

const options = { mutating: true, replyBytes: 640 };

export const remove = handler(protocol.remove, options, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = writableDirectory(call, subject, args.directory);
      const path = childPath(directory, args.name, nfsStatus.INVAL);
      const stat = existing(path);
      assertMayUnlink(directory.stat, stat, call.caller);
      if (stat.isDirectory()) throw new NfsError(nfsStatus.ISDIR);
      unlinkSync(path);
      directory.table.removed(stat, directory.node, args.name);
      settle(directory);
      return { status: nfsStatus.OK, wcc: subject.wcc() };
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
});

export const rmdir = handler(protocol.rmdir, options, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = writableDirectory(call, subject, args.directory);
      const dots = args.name.length === 2 ? nfsStatus.NOTEMPTY : nfsStatus.INVAL;
      const path = childPath(directory, args.name, dots);
      const stat = existing(path);
      directory.export.assertMovable(path);
      assertMayUnlink(directory.stat, stat, call.caller);
      rmdirSync(path);
      directory.table.removed(stat, directory.node, args.name);
      settle(directory);
      return { status: nfsStatus.OK, wcc: subject.wcc() };
    },
    (status) => ({ status, wcc: subject.wcc() }),
  );
});

export const rename = handler(protocol.rename, options, (call, args) => {
  const from = new Subject();
  const to = new Subject();
  return attempt(
    call,
    () => {
      const source = writableDirectory(call, from, args.from.directory);
      const target = writableDirectory(call, to, args.to.directory);
      if (source.export !== target.export) throw new NfsError(nfsStatus.XDEV);
      const oldPath = childPath(source, args.from.name, nfsStatus.INVAL);
      const newPath = childPath(target, args.to.name, nfsStatus.INVAL);
      source.export.assertMovable(oldPath);
      target.export.assertMovable(newPath);
      const moving = existing(oldPath);
      const replaced = statOrNothing(newPath);
      assertMayUnlink(source.stat, moving, call.caller);
      assertMay(target.stat, call.caller, may.write | may.search);
      if (replaced !== undefined) assertMayUnlink(target.stat, replaced, call.caller);
      // rename(2) does nothing for two names of one file; neither name goes.
      if (replaced === undefined || !sameObject(moving, replaced)) {
        renameSync(oldPath, newPath);
        if (replaced !== undefined) target.table.removed(replaced, target.node, args.to.name);
        const place = { parent: source.node, name: args.from.name };
        target.table.moved(moving, place, { parent: target.node, name: args.to.name });
      }
      settle(source);
      if (source.node !== target.node) settle(target);
      return { status: nfsStatus.OK, fromWcc: from.wcc(), toWcc: to.wcc() };
    },
    (status) => ({ status, fromWcc: from.wcc(), toWcc: to.wcc() }),
  );
});

export const link = handler(protocol.link, options, (call, args) => {
  const object = new Subject();
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const target = object.reach(call, args.object);
      const directory = writableDirectory(call, subject, args.link.directory);
      if (target.export !== directory.export) throw new NfsError(nfsStatus.XDEV);
      const path = childPath(directory, args.link.name, nfsStatus.EXIST);
      assertMay(directory.stat, call.caller, may.write | may.search);
      assertMayLink(target.stat, call);
      linkSync(target.path, path);
      directory.table.learn(directory.node, args.link.name, existing(path));
      settle(directory);
      return { status: nfsStatus.OK, attributes: object.after(), wcc: subject.wcc() };
    },
    (status) => ({ status, attributes: object.after(), wcc: subject.wcc() }),
  );
});

function writableDirectory(call: CallContext, subject: Subject, handle: Buffer): Reached {
  const directory = reachDirectory(call, subject, handle);
  assertWritable(directory);
  if (call.caller.checks === 'foreign') throw new NfsError(nfsStatus.ACCES);
  return directory;
}

function settle(directory: Reached): void {
  if (directory.export.durable) syncDirectory(directory.path);
}

/** As fs.protected_hardlinks (proc(5)), which does not see who the caller is. */
function assertMayLink(stat: BigIntStats, call: CallContext): void {
  if (stat.isDirectory()) throw new NfsError(nfsStatus.PERM);
  const { caller } = call;
  if (caller.checks !== 'root' || caller.uid === 0 || isOwner(stat, caller)) return;
  const setId = (Number(stat.mode) & 0o4000) !== 0 || (Number(stat.mode) & 0o2010) === 0o2010;
  const safe = stat.isFile() && !setId && modeAllows(stat, caller, may.read | may.write);
  if (!safe) throw new NfsError(nfsStatus.PERM);
}
