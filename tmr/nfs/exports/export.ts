/** A directory tree that is served: the server's plain exports, the system, a session's volumes. */
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { NfsError } from '../nfs-error.ts';
import { nfsStatus } from '../protocol/constants.ts';
import { exportOf } from './handle.ts';
import { NodeTable, type Located } from './node-table.ts';
import { WALK_ENTRIES_MAX } from './rediscovery.ts';

/** For what somebody else moves while a session runs. */
const SESSION_WALK_ENTRIES_MAX = 2000;

export interface ExportOptions {
  /** Who may use it: makes its id differ from that of the same tree elsewhere. */
  owner: string;
  /** Absolute, free of symbolic links. */
  path: string;
  readOnly: boolean;
  /**
   * Names are on disk when a reply goes out (RFC 1813 4.8), and handles are searched for far and wide
   * after a restart. A session needs neither: it stops with its server.
   */
  durable: boolean;
  /** Paths that this export must not touch now. */
  blocked?: (path: Buffer) => boolean;
  /** Paths whose names must stay, because somebody's tree lies below. */
  pinned?: (path: Buffer) => boolean;
}

export class Export {
  readonly id: number;
  readonly path: string;
  readonly readOnly: boolean;
  readonly durable: boolean;
  readonly table: NodeTable;
  readonly #blocked: ((path: Buffer) => boolean) | undefined;
  readonly #pinned: ((path: Buffer) => boolean) | undefined;

  constructor(options: ExportOptions) {
    const name = `${options.owner}\0${options.path}\0${options.readOnly ? 'ro' : 'rw'}`;
    // The same in every run of the server: handles outlive it.
    this.id = createHash('sha256').update(name).digest().readUInt32BE(0);
    this.path = options.path;
    this.readOnly = options.readOnly;
    this.durable = options.durable;
    this.#blocked = options.blocked;
    this.#pinned = options.pinned;
    const walk = options.durable ? WALK_ENTRIES_MAX : SESSION_WALK_ENTRIES_MAX;
    this.table = new NodeTable(this.id, options.path, walk);
  }

  /** Throws ACCES for a path that belongs to somebody else at the moment. */
  assertAllowed(path: Buffer): void {
    if (this.#blocked?.(path) === true) throw new NfsError(nfsStatus.ACCES);
  }

  /** Throws ACCES for a name that must neither go nor change. */
  assertMovable(path: Buffer): void {
    if (this.#pinned?.(path) === true) throw new NfsError(nfsStatus.ACCES);
  }
}

/** An object and the export it was reached through. */
export interface Reached extends Located {
  readonly export: Export;
}

/** The exports that one connection may use. */
export class ExportView {
  readonly #byId = new Map<number, Export>();

  constructor(exports: Iterable<Export>) {
    for (const each of exports) this.#byId.set(each.id, each);
  }

  /** Throws BADHANDLE (also for an export of somebody else), STALE or ACCES. */
  reach(handle: Buffer): Reached {
    const owner = this.#byId.get(exportOf(handle));
    if (owner === undefined) throw new NfsError(nfsStatus.BADHANDLE);
    const located = owner.table.locate(handle);
    owner.assertAllowed(located.path);
    return { ...located, export: owner };
  }
}

/** The error of a root, subtree or volume that cannot be served. */
export class ExportError extends Error {
  readonly code = 'EXPORT';
}

/**
 * The real path of `subtree` under `root` (itself real). Throws ExportError when it is no directory
 * or a symbolic link leads out of the root.
 */
export function resolveSubtree(root: string, subtree: string): string {
  const wanted = join(root, normalize(`/${subtree}`));
  let real: string;
  try {
    real = realpathSync(wanted);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ExportError(
      `expected a directory at ${wanted}, got ${code}: create it or name another subtree`,
    );
  }
  if (!isInside(real, root)) {
    throw new ExportError(`expected a subtree inside ${root}, but ${wanted} leads to ${real}`);
  }
  if (!statSync(real).isDirectory()) {
    throw new ExportError(`expected a directory at ${wanted}, got another kind of file`);
  }
  return real;
}

/** Whether `path` is `ancestor` or below it; both absolute and normal. */
export function isInside(path: string, ancestor: string): boolean {
  return ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`);
}
