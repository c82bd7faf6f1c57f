/**
 * Where the objects of one export are. A node knows its names through its parents, so a rename of
 * a directory moves everything below it. Every use checks by lstat that the object is still the
 * one of the handle; a symbolic link put in its way is noticed by that and never followed.
 */
import { lstatSync, type BigIntStats } from 'node:fs';
import { NfsError } from '../nfs-error.ts';
import { nfsStatus } from '../protocol/constants.ts';
import { encodeHandle, keyOf, sameObject, trailByte, type ObjectIdentity } from './handle.ts';
import { Rediscovery } from './rediscovery.ts';

/** A name of an object. */
interface Place {
  parent: Node;
  name: Buffer;
}

export interface Node {
  readonly identity: ObjectIdentity;
  readonly handle: Buffer;
  readonly key: string;
  /** Newest first; empty for the root. More than one only with hard links. */
  places: Place[];
  /** Trail of the handle; children extend it. */
  readonly trail: readonly number[];
  path: Buffer | undefined;
  pathEpoch: number;
  children: number;
}

/** An object found: valid for this call. */
export interface Located {
  readonly table: NodeTable;
  readonly node: Node;
  readonly path: Buffer;
  readonly stat: BigIntStats;
}

const SLASH = Buffer.from('/');
const PLACES_MAX = 8;
const NODES_MAX = 400_000;

export class NodeTable {
  readonly exportId: number;
  readonly root: Node;
  readonly #nodes = new Map<string, Node>();
  readonly #rediscovery: Rediscovery;
  /** Grows when a directory moves: cached paths of older epochs are stale. */
  #epoch = 0;

  /** `rootPath` is absolute and free of symbolic links; `walkEntriesMax`: see Rediscovery. */
  constructor(exportId: number, rootPath: string, walkEntriesMax: number) {
    this.exportId = exportId;
    const path = Buffer.from(rootPath);
    this.root = this.#add(lstatSync(path, { bigint: true }), []);
    this.root.path = path;
    this.#rediscovery = new Rediscovery(path, walkEntriesMax);
  }

  /** Finds the object of a handle of this export. Throws STALE when it is no more. */
  locate(handle: Buffer): Located {
    const node = this.#nodes.get(keyOf(handle)) ?? this.#rediscover(handle);
    return this.locateNode(node);
  }

  locateNode(node: Node): Located {
    for (;;) {
      const path = this.#pathOf(node);
      const stat = path === undefined ? undefined : statOrNothing(path);
      if (stat !== undefined && path !== undefined && sameObject(stat, node.identity)) {
        return { table: this, node, path, stat };
      }
      if (node === this.root) throw new NfsError(nfsStatus.STALE, 'the root of the export is gone');
      if (node.places.length > 1) this.#dropPlace(node, 0);
      else return this.#findAgain(node);
    }
  }

  /** The node of `name` in a directory, as just seen by lstat. */
  learn(parent: Node, name: Buffer, stat: BigIntStats): Node {
    const identity = { dev: stat.dev, ino: stat.ino, birthtimeNs: stat.birthtimeNs };
    const probe = encodeHandle(this.exportId, identity, []);
    let node = this.#nodes.get(keyOf(probe));
    node ??= this.#add(stat, [...parent.trail, trailByte(name)]);
    if (node !== this.root) {
      this.#addPlace(node, parent, Buffer.from(name));
      // A directory has one name: an older one was changed by somebody else.
      while (stat.isDirectory() && node.places.length > 1) this.#dropPlace(node, 1);
    }
    if (this.#nodes.size > NODES_MAX) this.#shrink(node);
    return node;
  }

  /** The node of a name in a directory. Throws NOENT, NOTDIR. */
  child(directory: Located, name: Buffer): Node {
    if (!directory.stat.isDirectory()) throw new NfsError(nfsStatus.NOTDIR);
    const stat = statOrNothing(joinPath(directory.path, name));
    if (stat === undefined) throw new NfsError(nfsStatus.NOENT);
    return this.learn(directory.node, name, stat);
  }

  /** A rename that this server made. */
  moved(stat: BigIntStats, from: Place, to: Place): void {
    const node = this.learn(to.parent, to.name, stat);
    this.#forget(node, from.parent, from.name);
  }

  /** A name that this server removed. */
  removed(stat: BigIntStats, parent: Node, name: Buffer): void {
    const identity = { dev: stat.dev, ino: stat.ino, birthtimeNs: stat.birthtimeNs };
    const node = this.#nodes.get(keyOf(encodeHandle(this.exportId, identity, [])));
    if (node === undefined) return;
    this.#forget(node, parent, name);
    if (node.places.length === 0 && (stat.nlink <= 1n || stat.isDirectory())) {
      this.#nodes.delete(node.key);
      this.#rediscovery.gone(node.key);
    }
  }

  parentOf(node: Node): Node {
    return node.places[0]?.parent ?? this.root;
  }

  #pathOf(node: Node): Buffer | undefined {
    if (node === this.root) return this.root.path;
    if (node.path !== undefined && node.pathEpoch === this.#epoch) return node.path;
    const place = node.places[0];
    const parent = place && this.#pathOf(place.parent);
    if (place === undefined || parent === undefined) return undefined;
    node.path = joinPath(parent, place.name);
    node.pathEpoch = this.#epoch;
    return node.path;
  }

  /** A name was changed behind the server's back, or the last known link of several is gone. */
  #findAgain(node: Node): Located {
    const place = node.places[0];
    if (place !== undefined) {
      const before = this.#pathOf(place.parent);
      const parent = this.#locateOrNothing(place.parent);
      if (parent !== undefined) {
        if (before === undefined || !parent.path.equals(before)) return this.locateNode(node);
        const name = this.#rediscovery.inDirectory(parent.path, node.identity);
        if (name !== undefined) {
          const path = joinPath(parent.path, name);
          this.learn(parent.node, name, lstatSync(path, { bigint: true }));
          return this.locateNode(node);
        }
      }
    }
    this.#dropPlace(node, 0);
    this.#nodes.delete(node.key);
    return this.locateNode(this.#rediscover(node.handle));
  }

  #locateOrNothing(node: Node): Located | undefined {
    try {
      return this.locateNode(node);
    } catch (error) {
      if (error instanceof NfsError) return undefined;
      throw error;
    }
  }

  /** After a restart, or a move by somebody else. */
  #rediscover(handle: Buffer): Node {
    const names = this.#rediscovery.find(handle);
    if (names === undefined) throw new NfsError(nfsStatus.STALE);
    let node = this.root;
    for (const name of names) {
      const path = joinPath(this.#pathOf(node) ?? SLASH, name);
      node = this.learn(node, name, lstatSync(path, { bigint: true }));
    }
    return node;
  }

  #add(stat: BigIntStats, trail: readonly number[]): Node {
    const identity = { dev: stat.dev, ino: stat.ino, birthtimeNs: stat.birthtimeNs };
    const handle = encodeHandle(this.exportId, identity, trail);
    const node: Node = {
      identity,
      handle,
      key: keyOf(handle),
      places: [],
      trail,
      path: undefined,
      pathEpoch: 0,
      children: 0,
    };
    this.#nodes.set(node.key, node);
    return node;
  }

  #addPlace(node: Node, parent: Node, name: Buffer): void {
    const first = node.places[0];
    if (first !== undefined && first.parent === parent && first.name.equals(name)) return;
    const at = indexOfPlace(node, parent, name);
    if (at >= 0) node.places.splice(at, 1);
    else parent.children++;
    node.places.unshift({ parent, name });
    if (node.places.length > PLACES_MAX) this.#dropPlace(node, PLACES_MAX);
    this.#placesChanged(node);
  }

  #forget(node: Node, parent: Node, name: Buffer): void {
    const at = indexOfPlace(node, parent, name);
    if (at >= 0) this.#dropPlace(node, at);
  }

  #dropPlace(node: Node, at: number): void {
    const [place] = node.places.splice(at, 1);
    if (place !== undefined) place.parent.children--;
    this.#placesChanged(node);
  }

  #placesChanged(node: Node): void {
    node.path = undefined;
    if (node.children > 0) this.#epoch++;
  }

  /** Forgets half of the leaves, oldest first; the trail in their handles finds them again. */
  #shrink(keep: Node): void {
    let left = NODES_MAX / 2;
    for (const node of this.#nodes.values()) {
      if (left === 0) return;
      if (node.children > 0 || node === keep || node === this.root) continue;
      for (const place of node.places) place.parent.children--;
      this.#nodes.delete(node.key);
      left--;
    }
  }
}

export function joinPath(directory: Buffer, name: Buffer): Buffer {
  if (directory.length === 1) return Buffer.concat([SLASH, name]);
  return Buffer.concat([directory, SLASH, name]);
}

/** Undefined where there is nothing; other errors are thrown. */
export function statOrNothing(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR' || code === 'ENOENT' || code === 'ELOOP') return undefined;
    throw error;
  }
}

function indexOfPlace(node: Node, parent: Node, name: Buffer): number {
  return node.places.findIndex((place) => place.parent === parent && place.name.equals(name));
}
