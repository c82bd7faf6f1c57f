/** open(2) and the life of open file descriptions on volumes. */
import { accessBit, createMode, nfsStatus } from '../../nfs/protocol/constants.ts';
import { create, type CreatedOk } from '../../nfs/protocol/directory-procedures.ts';
import { getattr, setattr } from '../../nfs/protocol/file-procedures.ts';
import { lookup } from '../../nfs/protocol/directory-procedures.ts';
import { fromWire } from './attributes.ts';
import { refuse } from './errno.ts';
import type { FileData } from './file-data.ts';
import type { FileObject } from './object-table.ts';
import {
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_TMPFILE_BIT,
  O_TRUNC,
} from './open-flags.ts';
import type { DirectoryEntry, OpenVolumeFile, Place, VolumeNode } from './types.ts';
import { childPath, type VolumeTree } from './volume-tree.ts';

/** An open description and what the tracer keeps for it: plain data. */
export interface OpenState {
  file: OpenVolumeFile;
  object: FileObject;
  /** A directory's entries as they were at the last rewind. */
  listing: DirectoryEntry[] | undefined;
}

/** Flags of open that are no file status flags and that F_GETFL does not show. */
const CREATION_FLAGS = O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC;

export class OpenFiles {
  readonly #tree: VolumeTree;
  readonly #data: FileData;
  readonly #states = new Map<number, OpenState>();
  #nextId = 1;

  constructor(tree: VolumeTree, data: FileData) {
    this.#tree = tree;
    this.#data = data;
  }

  open(place: Place, flags: number, mode: number): OpenState {
    if ((flags & O_TMPFILE_BIT) !== 0) refuse('EOPNOTSUPP', 'O_TMPFILE on a volume');
    if (place.kind === 'missing') return this.#create(place, flags, mode);
    if (place.kind !== 'volume') throw new Error(`expected a place on a volume: ${place.kind}`);
    if ((flags & O_PATH) !== 0) return this.#openPath(place.node, flags);
    checkType(place, flags);
    this.#checkRights(place.node, flags);
    if ((flags & O_TRUNC) !== 0) this.#empty(place.node);
    return this.#add(place.node, flags);
  }

  state(file: OpenVolumeFile): OpenState {
    return this.#states.get(file.id) ?? refuse('EBADF', `description ${file.id} is closed`);
  }

  /** Returns whether it was the object's last description. */
  close(state: OpenState): boolean {
    this.#states.delete(state.file.id);
    state.object.opens--;
    return state.object.opens === 0;
  }

  /** Paths of open files below a directory that was renamed. */
  renamed(volume: number, from: string, to: string): void {
    for (const { file } of this.#states.values()) {
      if (file.node.volume !== volume) continue;
      const path = file.node.path.toString('latin1');
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      file.node = { ...file.node, path: Buffer.from(to + path.slice(from.length), 'latin1') };
    }
  }

  #openPath(node: VolumeNode, flags: number): OpenState {
    const isDirectory = node.attributes.type === 'directory';
    if ((flags & O_DIRECTORY) !== 0 && !isDirectory) refuse('ENOTDIR', node.path.toString());
    return this.#add(node, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW));
  }

  #create(place: Extract<Place, { kind: 'missing' }>, flags: number, mode: number): OpenState {
    if ((flags & O_CREAT) === 0) refuse('ENOENT', place.path.toString());
    if ((flags & O_DIRECTORY) !== 0) refuse('EINVAL', 'O_CREAT with O_DIRECTORY');
    if (place.slash) refuse('EISDIR', place.path.toString());
    if (place.parent.readOnly) refuse('EROFS', place.path.toString());
    const where = { directory: place.parent.handle, name: place.name };
    const result = this.#tree.client.try(create, {
      where,
      how: { mode: createMode.GUARDED, attributes: { mode: mode & 0o7777 } },
    });
    this.#tree.observeDirectory(place.parent, result.wcc);
    if (result.status === nfsStatus.EXIST && (flags & O_EXCL) === 0) {
      return this.#openExisting(place, flags, mode);
    }
    if (result.status !== nfsStatus.OK)
      return this.#tree.client.refuse(create.number, result.status);
    // The mode does not bind the description that made the file: no rights are checked.
    return this.#add(created(this.#tree, place.parent, place.name, result), flags);
  }

  /** Somebody else made the name between the walk and our call. */
  #openExisting(
    { parent, name }: Extract<Place, { kind: 'missing' }>,
    flags: number,
    mode: number,
  ): OpenState {
    this.#tree.remember(this.#tree.object(parent), name.toString('latin1'), undefined);
    const node = this.#tree.lookup(parent, name.toString('latin1'), true);
    if (node === undefined) return refuse('ENOENT', name.toString());
    return this.open({ kind: 'volume', node, parent, name }, flags & ~O_CREAT, mode);
  }

  #checkRights(node: VolumeNode, flags: number): void {
    const access = flags & O_ACCMODE;
    const reads = access !== 1;
    const writes = access !== 0 || (flags & O_TRUNC) !== 0;
    if (writes && node.readOnly) refuse('EROFS', node.path.toString());
    const bits = (reads ? accessBit.READ : 0) | (writes ? accessBit.MODIFY : 0);
    if (this.#tree.granted(node, bits) !== bits) refuse('EACCES', node.path.toString());
  }

  #empty(node: VolumeNode): void {
    const object = this.#tree.object(node);
    this.#data.resizing(object, 0);
    const result = this.#tree.client.do(setattr, {
      object: node.handle,
      change: { size: 0 },
      guardCtimeNs: undefined,
    });
    this.#tree.observe(object, result.wcc.after);
  }

  #add(node: VolumeNode, flags: number): OpenState {
    const object = this.#tree.object(node);
    object.opens++;
    const kind = node.attributes.type === 'directory' ? 'volume-directory' : 'volume-file';
    const file: OpenVolumeFile = {
      kind,
      id: this.#nextId++,
      node: { ...node, attributes: object.attributes },
      flags: flags & ~CREATION_FLAGS,
      offset: 0,
    };
    const state = { file, object, listing: undefined };
    this.#states.set(file.id, state);
    return state;
  }
}

/** The node that CREATE, MKDIR and their like answered with, looked up where the server left it out. */
export function created(
  tree: VolumeTree,
  parent: VolumeNode,
  name: Buffer,
  result: CreatedOk,
): VolumeNode {
  let handle = result.object === undefined ? undefined : Buffer.from(result.object);
  let attributes = result.attributes;
  if (handle === undefined) {
    const found = tree.client.do(lookup, { directory: parent.handle, name });
    handle = Buffer.from(found.object);
    attributes = found.attributes;
  }
  attributes ??= tree.client.do(getattr, { object: handle }).attributes;
  const object = tree.objects.learn(parent.volume, handle, fromWire(attributes));
  const text = name.toString('latin1');
  tree.remember(tree.object(parent), text, object);
  return tree.node(object, childPath(parent.path.toString('latin1'), text));
}

/** What the type of the file says to the flags, in the kernel's order (fs/namei.c: do_open, may_open). */
function checkType(place: Extract<Place, { kind: 'volume' }>, flags: number): void {
  const { type } = place.node.attributes;
  const path = place.node.path.toString();
  const isSlashed = place.last === 'slash' || place.last === 'link-slash';
  if ((flags & O_CREAT) !== 0 && isSlashed) refuse('EISDIR', path);
  if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) refuse('EEXIST', path);
  const writes = (flags & O_ACCMODE) !== 0 || (flags & O_TRUNC) !== 0;
  if (type === 'directory') {
    if (writes || (flags & O_CREAT) !== 0) refuse('EISDIR', path);
    return;
  }
  if ((flags & O_DIRECTORY) !== 0) refuse('ENOTDIR', path);
  if (type === 'symlink') refuse('ELOOP', path);
  // Pipes and devices of the server's host would join the replicas to something unvoted.
  if (type !== 'file') refuse('ENXIO', `${path} is a ${type}`);
}
