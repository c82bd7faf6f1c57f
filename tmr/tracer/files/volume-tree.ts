/**
 * The volumes of a session as trees of objects: root handles, LOOKUP, GETATTR, READLINK, and what
 * is known about each object. Decisions depend on calls and replies alone (protocol.md R12), so that
 * three tracers make the same RPCs.
 */
import type { Volume } from '../../wire/session-plan.ts';
import type { NfsClient } from '../../nfs/client/nfs-client.ts';
import type { FileAttributes3, WccData } from '../../nfs/protocol/attributes.ts';
import { nfsStatus } from '../../nfs/protocol/constants.ts';
import { lookup } from '../../nfs/protocol/directory-procedures.ts';
import { access, getattr, readlink } from '../../nfs/protocol/file-procedures.ts';
import { fsinfo } from '../../nfs/protocol/filesystem-procedures.ts';
import { fromWire } from './attributes.ts';
import { refuse } from './errno.ts';
import { ObjectTable, type FileObject } from './object-table.ts';
import type { FileAttributes, VolumeNode } from './types.ts';

/** Names remembered of one directory; beyond it all are forgotten. */
const NAMES_MAX = 65536;

/** What the tracer knows of one volume. */
export interface VolumeState {
  index: number;
  /** Canonical path, latin1. */
  path: string;
  readOnly: boolean;
  /** Nobody but this session writes here: what was learned once stays true. */
  cached: boolean;
  /** File data may be kept between calls, checked at open and against attributes seen. */
  dataCached: boolean;
  root: FileObject | undefined;
  limits: { read: number; write: number; directory: number } | undefined;
}

/** Who the program is, for permission checks that need no call. */
export interface Credentials {
  uid: number;
  gid: number;
  groups: readonly number[];
}

export class VolumeTree {
  readonly client: NfsClient;
  readonly volumes: readonly VolumeState[];
  readonly objects = new ObjectTable();
  readonly #credentials: Credentials;

  constructor(
    client: NfsClient,
    volumes: readonly Volume[],
    options: { caches: boolean; credentials: Credentials },
  ) {
    this.client = client;
    this.#credentials = options.credentials;
    this.volumes = volumes.map((volume, index) => ({
      index,
      path: Buffer.from(volume.path).toString('latin1'),
      readOnly: volume.access === 'ro',
      cached: options.caches && volume.consistency === 'session' && volume.access === 'rw',
      dataCached: options.caches,
      root: undefined,
      limits: undefined,
    }));
  }

  /** The volume's root; its attributes are fresh only if the volume is cached. */
  root(index: number): VolumeNode {
    const volume = this.volume(index);
    if (volume.root === undefined) {
      const handle = this.client.mount(Buffer.from(volume.path, 'latin1'));
      const { attributes } = this.client.do(getattr, { object: handle });
      volume.root = this.objects.learn(index, handle, fromWire(attributes));
      volume.root.opens++; // Never dropped.
    }
    return this.node(volume.root, volume.path);
  }

  volume(index: number): VolumeState {
    const volume = this.volumes[index];
    if (volume === undefined) throw new Error(`expected a volume index, got ${index}`);
    return volume;
  }

  isRoot(node: VolumeNode): boolean {
    const root = this.volume(node.volume).root;
    return root !== undefined && root.handle.equals(node.handle);
  }

  /**
   * One name in a directory; undefined when it is not there. Throws EACCES, ENAMETOOLONG, ...
   * `isLast`: what is found is asked for itself, not only passed through.
   */
  lookup(directory: VolumeNode, name: string, isLast: boolean): VolumeNode | undefined {
    const path = childPath(directory.path.toString('latin1'), name);
    const parent = this.object(directory);
    const known = parent.names?.get(name);
    if (known === null) return undefined;
    const child = known === undefined ? undefined : this.objects.get(known);
    if (child !== undefined && this.#isTrusted(child, isLast)) {
      if (!child.valid) this.refresh(child);
      return this.node(child, path);
    }
    return this.#lookupOnServer(directory, parent, name, path);
  }

  /** Directories on the way through the system volume are taken to stay where they are. */
  #isTrusted(child: FileObject, isLast: boolean): boolean {
    const volume = this.volume(child.volume);
    return volume.cached || (!isLast && child.attributes.type === 'directory');
  }

  #lookupOnServer(
    directory: VolumeNode,
    parent: FileObject,
    name: string,
    path: string,
  ): VolumeNode | undefined {
    const result = this.client.try(lookup, {
      directory: directory.handle,
      name: Buffer.from(name, 'latin1'),
    });
    if (result.status === nfsStatus.NOENT) {
      this.remember(parent, name, null);
      return undefined;
    }
    if (result.status !== nfsStatus.OK) return this.client.refuse(lookup.number, result.status);
    const handle = Buffer.from(result.object);
    const attributes = result.attributes ?? this.client.do(getattr, { object: handle }).attributes;
    const child = this.objects.learn(directory.volume, handle, fromWire(attributes));
    this.remember(parent, name, child);
    return this.node(child, path);
  }

  /** Notes that `name` in a directory is `child`, or nothing (null); `undefined`: not known. */
  remember(parent: FileObject, name: string, child: FileObject | null | undefined): void {
    const volume = this.volume(parent.volume);
    const isKept = volume.cached || (volume.dataCached && volume.readOnly && child !== null);
    if (!isKept) return;
    parent.names ??= new Map();
    if (parent.names.size >= NAMES_MAX) parent.names.clear();
    if (child === undefined) parent.names.delete(name);
    else parent.names.set(name, child === null ? null : child.key);
  }

  /** A handle was stale: no name that is remembered is trusted any more. */
  forgetNames(): void {
    this.objects.forgetNames();
  }

  /** Asks the server for an object's attributes. */
  refresh(object: FileObject): FileAttributes {
    const { attributes } = this.client.do(getattr, { object: object.handle });
    this.observe(object, attributes);
    return object.attributes;
  }

  /** Attributes as good as the volume's consistency asks: known ones if nobody else writes. */
  current(object: FileObject): FileAttributes {
    if (object.valid && this.volume(object.volume).cached) return object.attributes;
    return this.refresh(object);
  }

  /** Takes attributes that came with a reply. Without any, the known ones are no longer trusted. */
  observe(object: FileObject, attributes: FileAttributes3 | undefined): void {
    if (attributes === undefined) object.valid = false;
    else this.objects.update(object, fromWire(attributes));
  }

  /** Takes a directory's attributes after an operation of ours in it. */
  observeDirectory(directory: VolumeNode, wcc: WccData): void {
    this.observe(this.object(directory), wcc.after);
  }

  object(node: VolumeNode): FileObject {
    return this.objects.of(node);
  }

  node(object: FileObject, path: string): VolumeNode {
    return {
      handle: object.handle,
      attributes: object.attributes,
      path: Buffer.from(path, 'latin1'),
      volume: object.volume,
      readOnly: this.volume(object.volume).readOnly,
    };
  }

  readlink(node: VolumeNode): Buffer {
    if (node.attributes.type !== 'symlink') refuse('EINVAL', 'not a symlink');
    const object = this.object(node);
    // A symlink's text cannot change during its life.
    object.target ??= Buffer.from(this.client.do(readlink, { object: node.handle }).target);
    return object.target;
  }

  /** Which of the `accessBit`s in `bits` the server grants. */
  granted(node: VolumeNode, bits: number): number {
    const object = this.object(node);
    if (this.volume(node.volume).cached && object.valid && (object.asked & bits) === bits) {
      return object.granted & bits;
    }
    const result = this.client.do(access, { object: node.handle, access: bits });
    if (result.attributes !== undefined) this.observe(object, result.attributes);
    object.asked |= bits;
    object.granted = (object.granted & ~bits) | (result.access & bits);
    return result.access & bits;
  }

  /** Whether the program may search a directory, by its mode bits (as for "." and ".."). */
  maySearch({ attributes: { mode, uid, gid } }: VolumeNode): boolean {
    const who = this.#credentials;
    if (who.uid === 0) return true;
    if (who.uid === uid) return (mode & 0o100) !== 0;
    if (who.gid === gid || who.groups.includes(gid)) return (mode & 0o010) !== 0;
    return (mode & 0o001) !== 0;
  }

  /** Bytes in one READ, WRITE and READDIRPLUS of this volume. */
  limits(index: number): NonNullable<VolumeState['limits']> {
    const volume = this.volume(index);
    if (volume.limits === undefined) {
      const info = this.client.do(fsinfo, { object: this.root(index).handle });
      volume.limits = {
        read: Math.max(info.readMax, 4096),
        write: Math.max(info.writeMax, 4096),
        directory: Math.max(info.directoryPreferred, 32768),
      };
    }
    return volume.limits;
  }
}

export function childPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
