/** Calls that make, move and remove names, with the errors of fs/namei.c in its order. */
import { fileType, nfsStatus } from '../../nfs/protocol/constants.ts';
import {
  create,
  link,
  mkdir,
  mknod,
  remove,
  rename,
  rmdir,
  symlink,
  type Created,
} from '../../nfs/protocol/directory-procedures.ts';
import { createMode } from '../../nfs/protocol/constants.ts';
import { refuse } from './errno.ts';
import { created, type OpenFiles } from './open-files.ts';
import { RENAME_NOREPLACE, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from './open-flags.ts';
import type { PathPolicy } from './path-policy.ts';
import type { SillyNames } from './silly-names.ts';
import type { Place, VolumeNode } from './types.ts';
import type { VolumeTree } from './volume-tree.ts';

type VolumePlace = Extract<Place, { kind: 'volume' }>;
type MissingPlace = Extract<Place, { kind: 'missing' }>;
/** A place that is a name in a directory of a volume. */
type NamedPlace = VolumePlace & { parent: VolumeNode };

export class NameOperations {
  readonly #tree: VolumeTree;
  readonly #policy: PathPolicy;
  readonly #open: OpenFiles;
  readonly #silly: SillyNames;

  constructor(tree: VolumeTree, policy: PathPolicy, open: OpenFiles, silly: SillyNames) {
    this.#tree = tree;
    this.#policy = policy;
    this.#open = open;
    this.#silly = silly;
  }

  mkdir(place: Place, mode: number): void {
    const where = newName(place, { directory: true });
    const result = this.#tree.client.try(mkdir, {
      where: operand(where),
      attributes: { mode: mode & 0o7777 },
    });
    this.#made(where, result, mkdir.number);
  }

  symlink(place: Place, target: Buffer): void {
    if (target.length === 0) refuse('ENOENT', 'empty symlink');
    const where = newName(place, { directory: false });
    const attributes = { mode: 0o777 };
    const result = this.#tree.client.try(symlink, { where: operand(where), attributes, target });
    this.#made(where, result, symlink.number);
  }

  mknod(place: Place, mode: number, _device: number): void {
    const where = newName(place, { directory: false });
    const attributes = { mode: mode & 0o7777 };
    const type = mode & S_IFMT;
    if (type === S_IFREG || type === 0) {
      const how = { mode: createMode.GUARDED, attributes };
      const result = this.#tree.client.try(create, { where: operand(where), how });
      return this.#made(where, result, create.number);
    }
    // Devices need a right that no session has.
    if (type !== S_IFIFO && type !== S_IFSOCK) refuse('EPERM', 'mknod of a device');
    const result = this.#tree.client.try(mknod, {
      where: operand(where),
      type: type === S_IFIFO ? fileType.FIFO : fileType.SOCK,
      attributes,
      major: 0,
      minor: 0,
    });
    this.#made(where, result, mknod.number);
  }

  link(from: Place, to: Place): void {
    if (from.kind === 'missing') refuse('ENOENT', from.path.toString());
    const where = newName(to, { directory: false });
    if (from.kind !== 'volume' || from.node.volume !== where.parent.volume) {
      return refuse('EXDEV', 'link between trees');
    }
    if (from.node.attributes.type === 'directory') refuse('EPERM', 'link to a directory');
    const object = this.#tree.object(from.node);
    const result = this.#tree.client.do(link, {
      object: from.node.handle,
      link: operand(where),
    });
    this.#tree.observe(object, result.attributes);
    this.#tree.observeDirectory(where.parent, result.wcc);
    this.#tree.remember(this.#tree.object(where.parent), text(where.name), object);
  }

  unlink(place: Place): void {
    const { node, parent, name } = this.#existing(place, {
      dot: 'EISDIR',
      dotDot: 'EISDIR',
      root: 'EISDIR',
    });
    if (node.attributes.type === 'directory') refuse('EISDIR', node.path.toString());
    const object = this.#tree.object(node);
    if (object.opens > 0) this.#silly.hide(object, parent, name);
    else {
      const result = this.#tree.client.do(remove, { directory: parent.handle, name });
      this.#tree.observeDirectory(parent, result.wcc);
      object.valid = false;
      if (object.attributes.nlink <= 1) this.#tree.objects.forget(object);
    }
    this.#tree.remember(this.#tree.object(parent), text(name), null);
  }

  rmdir(place: Place): void {
    const { node, parent, name } = this.#existing(place, {
      dot: 'EINVAL',
      dotDot: 'ENOTEMPTY',
      root: 'EBUSY',
    });
    if (node.attributes.type !== 'directory') refuse('ENOTDIR', node.path.toString());
    const result = this.#tree.client.do(rmdir, { directory: parent.handle, name });
    this.#tree.observeDirectory(parent, result.wcc);
    this.#gone(this.#tree.object(node));
    this.#tree.remember(this.#tree.object(parent), text(name), null);
  }

  rename(from: Place, to: Place, flags: number): void {
    if ((flags & ~RENAME_NOREPLACE) !== 0) refuse('EINVAL', 'rename flags');
    const keeps = (flags & RENAME_NOREPLACE) !== 0;
    checkEnds(from, to, keeps);
    const source = this.#existing(from, { dot: 'EBUSY', dotDot: 'EBUSY', root: 'EBUSY' });
    if (to.kind === 'missing') return this.#move(source, to);
    const path = 'node' in to ? to.node.path : to.path;
    if (keeps) refuse('EEXIST', path.toString());
    // A slash behind the new name asks for a directory to move, not to find.
    if (isSlashed(to) && source.node.attributes.type !== 'directory') {
      refuse('ENOTDIR', path.toString());
    }
    this.#replace(source, this.#existing(to, { dot: 'EBUSY', dotDot: 'EBUSY', root: 'EBUSY' }));
  }

  /** Onto a name that does not exist. */
  #move(source: NamedPlace, to: MissingPlace): void {
    const { node } = source;
    if (to.slash && node.attributes.type !== 'directory') refuse('ENOTDIR', to.path.toString());
    if (isWithin(to.path, node.path)) refuse('EINVAL', 'a directory into itself');
    this.#rename(source, to);
  }

  /** Onto a name that exists, which goes in the same step. */
  #replace(source: NamedPlace, target: NamedPlace): void {
    const isDirectory = source.node.attributes.type === 'directory';
    const ontoDirectory = target.node.attributes.type === 'directory';
    const moved = this.#tree.object(source.node);
    const replaced = this.#tree.object(target.node);
    if (moved !== replaced) {
      if (isWithin(target.node.path, source.node.path)) refuse('EINVAL', 'into itself');
      if (isWithin(source.node.path, target.node.path)) refuse('ENOTEMPTY', 'over its parent');
      if (isDirectory && !ontoDirectory) refuse('ENOTDIR', target.node.path.toString());
      if (!isDirectory && ontoDirectory) refuse('EISDIR', target.node.path.toString());
    }
    // Two names of one file: rename(2) does nothing and succeeds.
    if (moved === replaced) return;
    const kept = !ontoDirectory && replaced.opens > 0 && replaced.silly === undefined;
    if (kept && !this.#silly.keep(replaced, target.parent)) {
      this.#silly.hide(replaced, target.parent, target.name);
    }
    try {
      this.#rename(source, target);
    } catch (error) {
      if (kept) this.#silly.drop(replaced);
      throw error;
    }
    if (ontoDirectory) this.#gone(replaced);
    else replaced.valid = false;
  }

  #rename(source: NamedPlace, to: NamedPlace | MissingPlace): void {
    const parent = to.parent;
    const result = this.#tree.client.do(rename, {
      from: operand(source),
      to: operand({ ...to, parent }),
    });
    this.#tree.observeDirectory(source.parent, result.fromWcc);
    this.#tree.observeDirectory(parent, result.toWcc);
    const object = this.#tree.object(source.node);
    object.valid = false;
    this.#tree.remember(this.#tree.object(source.parent), text(source.name), null);
    this.#tree.remember(this.#tree.object(parent), text(to.name), object);
    const path = to.kind === 'missing' ? to.path : to.node.path;
    this.#open.renamed(source.node.volume, text(source.node.path), text(path));
  }

  /** A name that may be removed: writable, no mount point, no "." or "..". */
  #existing(
    place: Place,
    errors: {
      dot: 'EISDIR' | 'EINVAL' | 'EBUSY' | 'EEXIST';
      dotDot: 'EISDIR' | 'ENOTEMPTY' | 'EBUSY' | 'EEXIST';
      root: 'EISDIR' | 'EBUSY';
    },
  ): NamedPlace {
    if (place.kind === 'missing') return refuse('ENOENT', place.path.toString());
    if (place.kind !== 'volume') return refuse('EROFS', place.path.toString());
    const path = place.node.path.toString();
    if (place.last === 'dot') refuse(errors.dot, path);
    if (place.last === 'dot-dot') refuse(errors.dotDot, path);
    const isName = place.node.attributes.type !== 'directory';
    if (place.last === 'link-slash' || (place.last === 'slash' && isName)) refuse('ENOTDIR', path);
    const { parent } = place;
    if (parent === undefined) return refuse(errors.root, path);
    if (parent.readOnly) refuse('EROFS', path);
    if (this.#policy.startsAt(text(place.node.path)) !== undefined) refuse('EBUSY', path);
    return { ...place, parent };
  }

  #made(where: MissingPlace, result: Created, procedure: number): void {
    this.#tree.observeDirectory(where.parent, result.wcc);
    if (result.status !== nfsStatus.OK) {
      this.#tree.remember(this.#tree.object(where.parent), text(where.name), undefined);
      return this.#tree.client.refuse(procedure, result.status);
    }
    const told = result.object !== undefined && result.attributes !== undefined;
    if (told) created(this.#tree, where.parent, where.name, result);
    else this.#tree.remember(this.#tree.object(where.parent), text(where.name), undefined);
  }

  /** A directory no longer exists; descriptions of it keep what was known. */
  #gone(object: ReturnType<VolumeTree['object']>): void {
    object.removed = true;
    object.names = undefined;
    object.attributes = { ...object.attributes, nlink: 0 };
    this.#tree.objects.forget(object);
  }
}

/** The place of a name to be made. `directory`: the call makes one, so a slash behind it is allowed. */
function newName(place: Place, { directory }: { directory: boolean }): MissingPlace {
  if (place.kind === 'volume') return refuse('EEXIST', place.node.path.toString());
  // Whether a local or virtual name exists is the caller's to ask; nothing can be made there.
  if (place.kind !== 'missing') return refuse('EROFS', place.path.toString());
  if (place.slash && !directory) refuse('ENOENT', place.path.toString());
  if (place.parent.readOnly) refuse('EROFS', place.path.toString());
  return place;
}

/** What rename(2) sees before it looks for the names. */
function checkEnds(from: Place, to: Place, keeps: boolean): void {
  // Not EXDEV, at which mv(1) would copy a whole volume and then remove it.
  if (from.kind === 'volume' && from.parent === undefined) refuse('EBUSY', 'rename of a volume');
  const a = volumeOf(from);
  if (a !== volumeOf(to) || a === undefined) refuse('EXDEV', 'rename between trees');
  if (isDots(from)) refuse('EBUSY', 'rename of "." or ".."');
  if (isDots(to)) refuse(keeps ? 'EEXIST' : 'EBUSY', 'rename to "." or ".."');
}

function isDots(place: Place): boolean {
  return place.kind === 'volume' && (place.last === 'dot' || place.last === 'dot-dot');
}

function isSlashed(place: Place): boolean {
  return place.kind === 'volume' && (place.last === 'slash' || place.last === 'link-slash');
}

function volumeOf(place: Place): number | undefined {
  if (place.kind === 'volume') return (place.parent ?? place.node).volume;
  return place.kind === 'missing' ? place.parent.volume : undefined;
}

function operand(place: { parent: VolumeNode; name: Buffer }): { directory: Buffer; name: Buffer } {
  return { directory: place.parent.handle, name: place.name };
}

/** Whether `path` lies below `directory`. */
function isWithin(path: Buffer, directory: Buffer): boolean {
  return text(path).startsWith(`${text(directory)}/`);
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1');
}
