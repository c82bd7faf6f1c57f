/** A directory's entries, whole: READDIRPLUS until the end, so that positions stay stable. */
import { VERIFIER_BYTES } from '../../nfs/protocol/constants.ts';
import { readdirplus, type EntryPlus } from '../../nfs/protocol/readdir-procedures.ts';
import { fromWire } from './attributes.ts';
import type { FileObject } from './object-table.ts';
import { directoryEntryType } from './open-flags.ts';
import type { DirectoryEntry, VolumeNode } from './types.ts';
import type { VolumeTree } from './volume-tree.ts';

const UNKNOWN_TYPE = 0;

/**
 * Entries in the server's order, "." and ".." among them; entry i leads on to position i + 1.
 * `isHidden` leaves names out; `mountPoints` are shown even if the server has no such name.
 */
export function listDirectory(
  tree: VolumeTree,
  node: VolumeNode,
  isHidden: (name: Buffer) => boolean,
  mountPoints: readonly string[],
): DirectoryEntry[] {
  const object = tree.object(node);
  const found: Omit<DirectoryEntry, 'next'>[] = [];
  const seen = new Set<string>();
  for (const entry of readAll(tree, object)) {
    const name = entry.name.toString('latin1');
    if (seen.has(name) || isHidden(entry.name)) continue;
    seen.add(name);
    found.push({ fileid: entry.fileid, name: entry.name, type: typeOf(entry) });
  }
  const { fileid } = object.attributes;
  const type = directoryEntryType.directory;
  for (const name of ['..', '.']) {
    if (!seen.has(name)) found.unshift({ fileid, name: Buffer.from(name), type });
  }
  for (const name of mountPoints) {
    if (!seen.has(name)) found.push({ fileid, name: Buffer.from(name, 'latin1'), type });
  }
  return found.map((entry, index) => ({ ...entry, next: index + 1 }));
}

function* readAll(tree: VolumeTree, object: FileObject): Generator<EntryPlus> {
  const most = tree.limits(object.volume).directory;
  let cookie = 0;
  let verifier: Buffer = Buffer.alloc(VERIFIER_BYTES);
  for (;;) {
    const reply = tree.client.do(readdirplus, {
      directory: object.handle,
      cookie,
      verifier,
      directoryCount: most,
      maxCount: most,
    });
    tree.observe(object, reply.attributes);
    // The reply's bytes live until the next call only.
    verifier = Buffer.from(reply.verifier);
    const entries = reply.entries.map((entry) => ({ ...entry, name: Buffer.from(entry.name) }));
    for (const entry of entries) learnEntry(tree, object, entry);
    yield* entries;
    const last = entries.at(-1);
    if (reply.eof || last === undefined) return;
    cookie = last.cookie;
  }
}

/** A listing tells what LOOKUPs of its names would. */
function learnEntry(tree: VolumeTree, directory: FileObject, entry: EntryPlus): void {
  const { name, attributes, object: handle } = entry;
  if (!tree.volume(directory.volume).cached || attributes === undefined) return;
  if (handle === undefined || name.equals(dot) || name.equals(dotDot)) return;
  const child = tree.objects.learn(directory.volume, Buffer.from(handle), fromWire(attributes));
  tree.remember(directory, name.toString('latin1'), child);
}

const dot = Buffer.from('.');
const dotDot = Buffer.from('..');

function typeOf(entry: EntryPlus): number {
  if (entry.attributes === undefined) return UNKNOWN_TYPE;
  return directoryEntryType[fromWire(entry.attributes).type];
}
