/** What is known about each object of the volumes: plain data, one entry an inode. */
import { sameContent } from './attributes.ts';
import type { CachedBlocks } from './block-cache.ts';
import type { FileAttributes, VolumeNode } from './types.ts';
import type { Gathered } from './write-gathering.ts';

/** One file, directory or symlink. Names and open descriptions refer to it. */
export interface FileObject {
  readonly key: string;
  readonly volume: number;
  handle: Buffer;
  /** As the server last told, with our gathered writes counted in the size. */
  attributes: FileAttributes;
  /** False when an operation of ours may have changed attributes that no reply told. */
  valid: boolean;
  /** Names of a directory by latin1 text: key of the object, or null for "is not there". */
  names: Map<string, string | null> | undefined;
  /** A symlink's text. */
  target: Buffer | undefined;
  /** ACCESS bits asked for and granted. */
  asked: number;
  granted: number;
  /** Open descriptions. */
  opens: number;
  /** Its last name is gone; a directory then no longer exists on the server. */
  removed: boolean;
  /** Where the server still has an unlinked file that is open here. */
  silly: { directory: Buffer; name: Buffer } | undefined;
  /** Content read ahead. */
  blocks: CachedBlocks | undefined;
  /** Writes that have not gone out. */
  gathered: Gathered | undefined;
  /** Errno of a gathered write that failed; told by the next sync or close. 0: none. */
  writeError: number;
}

/** Objects without descriptions beyond this number are forgotten, the least recently used first. */
const OBJECTS_MAX = 16384;

export class ObjectTable {
  readonly #objects = new Map<string, FileObject>();
  readonly #max: number;

  constructor(max = OBJECTS_MAX) {
    this.#max = max;
  }

  get(key: string): FileObject | undefined {
    return this.#objects.get(key);
  }

  /** The object of a node; known again if it had been forgotten. */
  of(node: VolumeNode): FileObject {
    const known = this.#objects.get(keyOf(node.volume, node.attributes));
    return known ?? this.learn(node.volume, node.handle, node.attributes);
  }

  /** The object that a reply told of, with the attributes it gave. */
  learn(volume: number, handle: Buffer, attributes: FileAttributes): FileObject {
    const key = keyOf(volume, attributes);
    const known = this.#objects.get(key);
    // Another handle under the same number: the old inode is gone and its number used again.
    if (known === undefined || !known.handle.equals(handle)) {
      const fresh = newObject(key, volume, handle, attributes);
      this.#objects.delete(key);
      this.#objects.set(key, fresh);
      this.#trim();
      return fresh;
    }
    this.#objects.delete(key);
    this.#objects.set(key, known);
    this.update(known, attributes);
    return known;
  }

  /** Takes new attributes of a known object. */
  update(object: FileObject, attributes: FileAttributes): void {
    const old = object.attributes;
    // Permissions and names move a ctime; without a change the server's answers stay good.
    if (old.ctimeNs !== attributes.ctimeNs || old.mode !== attributes.mode) object.asked = 0;
    const { blocks, gathered } = object;
    if (blocks?.checked === true && !sameContent(blocks.seen, attributes))
      object.blocks = undefined;
    const hidden = object.silly === undefined ? 0 : 1;
    const size = Math.max(attributes.size, gathered?.end ?? 0);
    object.attributes =
      hidden === 0 && size === attributes.size
        ? attributes
        : { ...attributes, nlink: attributes.nlink - hidden, size };
    object.valid = true;
  }

  forget(object: FileObject): void {
    if (this.#objects.get(object.key) === object) this.#objects.delete(object.key);
  }

  forgetNames(): void {
    for (const object of this.#objects.values()) object.names = undefined;
  }

  #trim(): void {
    if (this.#objects.size <= this.#max) return;
    for (const [key, object] of this.#objects) {
      if (object.opens > 0) continue;
      this.#objects.delete(key);
      if (this.#objects.size <= this.#max) return;
    }
  }
}

function keyOf(volume: number, attributes: FileAttributes): string {
  return `${volume}:${attributes.fsid}:${attributes.fileid}`;
}

function newObject(
  key: string,
  volume: number,
  handle: Buffer,
  attributes: FileAttributes,
): FileObject {
  return {
    key,
    volume,
    handle,
    attributes,
    valid: true,
    names: undefined,
    target: undefined,
    asked: 0,
    granted: 0,
    opens: 0,
    removed: false,
    silly: undefined,
    blocks: undefined,
    gathered: undefined,
    writeError: 0,
  };
}
