/** LOOKUP and READLINK. */
import { readlinkSync } from 'node:fs';
import { attributesOf } from '../files/attributes.ts';
import { NfsError } from '../nfs-error.ts';
import { assertMay, may } from '../permissions.ts';
import { nfsStatus } from '../protocol/constants.ts';
import * as directoryProtocol from '../protocol/directory-procedures.ts';
import * as fileProtocol from '../protocol/file-procedures.ts';
import { attempt, childPath, existing, handler, reachDirectory, Subject } from './handler.ts';

/** ".." at the root of an export is the root: nobody leaves it. */
export const lookup = handler(directoryProtocol.lookup, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = reachDirectory(call, subject, args.directory);
      assertMay(directory.stat, call.caller, may.search);
      const name = args.name.toString('latin1');
      if (name === '.' || name === '..') {
        const { node, table } = directory;
        const found = name === '.' ? directory : table.locateNode(table.parentOf(node));
        return {
          status: nfsStatus.OK,
          object: found.node.handle,
          attributes: attributesOf(found.stat),
          directoryAttributes: subject.before(),
        };
      }
      const stat = existing(childPath(directory, args.name, nfsStatus.INVAL));
      return {
        status: nfsStatus.OK,
        object: directory.table.learn(directory.node, args.name, stat).handle,
        attributes: attributesOf(stat),
        directoryAttributes: subject.before(),
      };
    },
    (status) => ({ status, directoryAttributes: subject.before() }),
  );
});

export const readlink = handler(fileProtocol.readlink, { replyBytes: 512 }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const link = subject.reach(call, args.object);
      if (!link.stat.isSymbolicLink()) throw new NfsError(nfsStatus.INVAL);
      const target = readlinkSync(link.path, { encoding: 'buffer' });
      return { status: nfsStatus.OK, attributes: subject.before(), target };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});
