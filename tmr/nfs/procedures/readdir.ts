/** READDIR and READDIRPLUS. */
import type { BigIntStats } from 'node:fs';
import type { Reached } from '../exports/export.ts';
import { joinPath } from '../exports/node-table.ts';
import { attributesOf } from '../files/attributes.ts';
import { DOT_COOKIE, DOT_DOT_COOKIE } from '../files/directory-snapshots.ts';
import { NfsError } from '../nfs-error.ts';
import { assertMay, may } from '../permissions.ts';
import { TRANSFER_MAX, VERIFIER_BYTES, nfsStatus } from '../protocol/constants.ts';
import * as protocol from '../protocol/readdir-procedures.ts';
import { attempt, handler, reachDirectory, statNow, Subject, type CallContext } from './handler.ts';

/** The verifier is always zero: cookies hold while a directory changes, so none becomes invalid. */
const verifier = Buffer.alloc(VERIFIER_BYTES);
/** Bytes of a result besides its entries: status, attributes, verifier, end of list, eof. */
const FIXED_BYTES = 4 + 4 + 84 + VERIFIER_BYTES + 4 + 4;
/** Attributes and the largest handle with their marks. */
const PLUS_BYTES = 4 + 84 + 4 + 4 + 64;

export const readdir = handler(protocol.readdir, { replyBytes: 8192 }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = readableDirectory(call, subject, args.directory);
      const budget = Math.min(args.count, TRANSFER_MAX) - FIXED_BYTES;
      const entries: protocol.Entry[] = [];
      let used = 0;
      const eof = walk(call, directory, args.cookie, (found) => {
        const bytes = protocol.entryBytes(found.name.length);
        if (used + bytes > budget) return false;
        used += bytes;
        entries.push({ fileid: found.stat.ino, name: found.name, cookie: found.cookie });
        return true;
      });
      assertProgress(entries, eof);
      const attributes = subject.after();
      return { status: nfsStatus.OK, attributes, verifier, entries, eof };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});

export const readdirplus = handler(protocol.readdirplus, { replyBytes: 32768 }, (call, args) => {
  const subject = new Subject();
  return attempt(
    call,
    () => {
      const directory = readableDirectory(call, subject, args.directory);
      const budget = Math.min(args.maxCount, TRANSFER_MAX) - FIXED_BYTES;
      const entries: protocol.EntryPlus[] = [];
      let used = 0;
      let names = 0;
      const eof = walk(call, directory, args.cookie, (found) => {
        const bytes = protocol.entryBytes(found.name.length);
        // dircount bounds what READDIR would give; the first entry goes anyhow.
        const full = names + bytes > args.directoryCount && entries.length > 0;
        if (full || used + bytes + PLUS_BYTES > budget) return false;
        names += bytes;
        used += bytes + PLUS_BYTES;
        entries.push(plus(directory, found));
        return true;
      });
      assertProgress(entries, eof);
      const attributes = subject.after();
      return { status: nfsStatus.OK, attributes, verifier, entries, eof };
    },
    (status) => ({ status, attributes: subject.before() }),
  );
});

interface Found {
  name: Buffer;
  cookie: number;
  stat: BigIntStats;
}

function readableDirectory(call: CallContext, subject: Subject, handle: Buffer): Reached {
  const directory = reachDirectory(call, subject, handle);
  assertMay(directory.stat, call.caller, may.read);
  return directory;
}

/** Hands out entries after `cookie` until `take` refuses one; true when all were taken. */
function walk(
  call: CallContext,
  directory: Reached,
  cookie: number,
  take: (found: Found) => boolean,
): boolean {
  const { node, table } = directory;
  const from = call.snapshots.after(node.key, directory.path, cookie);
  if (from === undefined) throw new NfsError(nfsStatus.BAD_COOKIE);
  if (cookie < DOT_COOKIE) {
    const dot = { name: Buffer.from('.'), cookie: DOT_COOKIE, stat: directory.stat };
    if (!take(dot)) return false;
  }
  if (cookie < DOT_DOT_COOKIE) {
    const { stat } = table.locateNode(table.parentOf(node));
    if (!take({ name: Buffer.from('..'), cookie: DOT_DOT_COOKIE, stat })) return false;
  }
  const { names, cookies } = from.listing;
  for (let at = from.position; at < names.length; at++) {
    const name = names[at];
    const stat = name && statNow(joinPath(directory.path, name));
    // Removed since the listing was made.
    if (name === undefined || stat === undefined) continue;
    if (!take({ name, cookie: cookies[at] ?? 0, stat })) return false;
  }
  return true;
}

/** A result with no entry and no end would make clients ask for ever (RFC 1813 3.3.16). */
function assertProgress(entries: readonly unknown[], eof: boolean): void {
  if (entries.length === 0 && !eof) throw new NfsError(nfsStatus.TOOSMALL);
}

function plus(directory: Reached, found: Found): protocol.EntryPlus {
  const { table, node } = directory;
  const child =
    found.cookie === DOT_COOKIE
      ? node
      : found.cookie === DOT_DOT_COOKIE
        ? table.parentOf(node)
        : table.learn(node, found.name, found.stat);
  return {
    fileid: found.stat.ino,
    name: found.name,
    cookie: found.cookie,
    attributes: attributesOf(found.stat),
    object: child.handle,
  };
}
