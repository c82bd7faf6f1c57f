/** FSSTAT, FSINFO and PATHCONF: the same on any handle of an export. */
import { statfsSync } from 'node:fs';
import { NAME_MAX, TRANSFER_MAX, fsProperty, nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/filesystem-procedures.ts';
import { attempt, handler, Subject } from './handler.ts';

export const fsstat = handler(protocol.fsstat, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const fs = statfsSync(subject.reach(call, args.object).path);
      return {
        status: nfsStatus.OK,
        attributes: subject.before(),
        totalBytes: fs.blocks * fs.bsize,
        freeBytes: fs.bfree * fs.bsize,
        availableBytes: fs.bavail * fs.bsize,
        totalFiles: fs.files,
        freeFiles: fs.ffree,
        availableFiles: fs.ffree,
        invarSeconds: 0,
      };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});

export const fsinfo = handler(protocol.fsinfo, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      subject.reach(call, args.object);
      return {
        status: nfsStatus.OK,
        attributes: subject.before(),
        readMax: TRANSFER_MAX,
        readPreferred: TRANSFER_MAX,
        readMultiple: 4096,
        writeMax: TRANSFER_MAX,
        writePreferred: TRANSFER_MAX,
        writeMultiple: 4096,
        directoryPreferred: 65536,
        // Node's file calls take offsets as doubles.
        fileSizeMax: Number.MAX_SAFE_INTEGER,
        timeDeltaNs: 1n,
        properties:
          fsProperty.LINK | fsProperty.SYMLINK | fsProperty.HOMOGENEOUS | fsProperty.CANSETTIME,
      };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});

export const pathconf = handler(protocol.pathconf, {}, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      subject.reach(call, args.object);
      return {
        status: nfsStatus.OK,
        attributes: subject.before(),
        linkMax: 65000,
        nameMax: NAME_MAX,
        noTruncation: true,
        chownRestricted: true,
        caseInsensitive: false,
        casePreserving: true,
      };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});
