/**
 * Files that are unlinked or replaced while open stay on the server under a name of ours until the
 * last description is closed ("silly rename", as NFS clients do). The name lies in the volume's root
 * if possible, so that the directory of the old one can still be removed.
 */
import { nfsStatus } from '../../nfs/protocol/constants.ts';
import { link, remove, rename } from '../../nfs/protocol/directory-procedures.ts';
import type { FileObject } from './object-table.ts';
import type { VolumeNode } from './types.ts';
import type { VolumeTree } from './volume-tree.ts';

const SILLY_PREFIX = '.tmr';

export class SillyNames {
  readonly #tree: VolumeTree;
  /** Plain counter: part of each name, equal in all tracers. */
  #counter = 0;
  readonly #hidden = new Set<string>();

  constructor(tree: VolumeTree) {
    this.#tree = tree;
  }

  /** Takes the name of an open file away, the file stays. */
  hide(object: FileObject, directory: VolumeNode, name: Buffer): void {
    if (object.silly !== undefined) return this.#removeName(object, directory, name);
    const from = { directory: directory.handle, name };
    for (const [index, home] of this.#homes(directory).entries()) {
      const to = { directory: home.handle, name: this.#nextName(object) };
      const result = this.#tree.client.try(rename, { from, to });
      this.#tree.observeDirectory(directory, result.fromWcc);
      if (result.status === nfsStatus.OK) {
        this.#tree.observeDirectory(home, result.toWcc);
        this.#isHidden(object, to);
        return;
      }
      if (index > 0 || !mayTryElsewhere(result.status)) {
        this.#tree.client.refuse(rename.number, result.status);
      }
    }
  }

  /**
   * Gives an open file a second name, so that its own may be replaced by a rename. Returns false
   * where the server makes no links; then `hide` must do.
   */
  keep(object: FileObject, directory: VolumeNode): boolean {
    if (object.silly !== undefined) return true;
    for (const home of this.#homes(directory)) {
      const to = { directory: home.handle, name: this.#nextName(object) };
      const result = this.#tree.client.try(link, { object: object.handle, link: to });
      this.#tree.observeDirectory(home, result.wcc);
      if (result.status !== nfsStatus.OK) continue;
      this.#isHidden(object, to);
      return true;
    }
    return false;
  }

  /** The last description is closed, or the rename did not happen: the second name goes. */
  drop(object: FileObject): void {
    if (object.silly === undefined) return;
    // Whatever comes of it: the program closed its file and must not hear of our name.
    this.#tree.client.try(remove, object.silly);
    this.#hidden.delete(keyOf(object.silly.directory, object.silly.name));
    object.silly = undefined;
    object.valid = false;
  }

  /** Whether a name in a directory is one of ours, which no listing shows. */
  isOurs(directory: Buffer, name: Buffer): boolean {
    return this.#hidden.size > 0 && this.#hidden.has(keyOf(directory, name));
  }

  #isHidden(object: FileObject, at: { directory: Buffer; name: Buffer }): void {
    object.silly = at;
    object.valid = false;
    this.#hidden.add(keyOf(at.directory, at.name));
  }

  #removeName(object: FileObject, directory: VolumeNode, name: Buffer): void {
    const result = this.#tree.client.do(remove, { directory: directory.handle, name });
    object.valid = false;
    this.#tree.observeDirectory(directory, result.wcc);
  }

  #homes(directory: VolumeNode): VolumeNode[] {
    return this.#tree.isRoot(directory)
      ? [directory]
      : [this.#tree.root(directory.volume), directory];
  }

  #nextName(object: FileObject): Buffer {
    const fileid = object.attributes.fileid.toString(16);
    return Buffer.from(`${SILLY_PREFIX}${fileid}.${(this.#counter++).toString(16)}`);
  }
}

function keyOf(directory: Buffer, name: Buffer): string {
  return `${directory.toString('latin1')}/${name.toString('latin1')}`;
}

/** The root is not writable for the program, or lies on another file system. */
function mayTryElsewhere(status: number): boolean {
  return (
    status === nfsStatus.ACCES ||
    status === nfsStatus.PERM ||
    status === nfsStatus.ROFS ||
    status === nfsStatus.XDEV
  );
}
