/** What ordinary NFS clients may use: the subtrees of --plain, on loopback. */
import { Export, ExportView, isInside } from './exports/export.ts';
import type { MountPoints } from './procedures/mount.ts';
import type { MountEntry } from './protocol/mount.ts';

export interface PlainOptions {
  /** Real paths. */
  subtrees: string[];
  /** Whether a session owns a path at the moment. */
  owned: (path: Buffer) => boolean;
  /** Whether a path lies above what a session owns. */
  aboveOwned: (path: Buffer) => boolean;
}

const MOUNTS_LISTED = 1024;

export class PlainExports {
  readonly view: ExportView;
  readonly #exports: Export[];
  #mounts: { client: string; path: Buffer }[] = [];

  constructor(options: PlainOptions) {
    this.#exports = options.subtrees.map(
      (path) =>
        new Export({
          owner: 'plain',
          path,
          readOnly: false,
          durable: true,
          blocked: options.owned,
          pinned: options.aboveOwned,
        }),
    );
    this.view = new ExportView(this.#exports);
  }

  get served(): boolean {
    return this.#exports.length > 0;
  }

  /** Mount points as one client sees them; it mounts by the path on the server. */
  mountsFor(client: string): MountPoints {
    return {
      find: (path) => {
        const wanted = path.length > 1 ? path.replace(/\/+$/, '') : path;
        const found = this.#exports
          .filter((each) => isInside(wanted, each.path))
          .sort((a, b) => b.path.length - a.path.length)[0];
        if (found === undefined) return undefined;
        const names = wanted.slice(found.path.length).split('/');
        return { export: found, below: names.filter((name) => name !== '' && name !== '.') };
      },
      list: () => this.#exports.map((each) => each.path),
      mounted: (path) => {
        this.#forget(client, path);
        this.#mounts.push({ client, path: Buffer.from(path) });
        if (this.#mounts.length > MOUNTS_LISTED) this.#mounts.shift();
      },
      unmounted: (path) => this.#forget(client, path),
      dump: () => this.#mounts.map(entryOf),
    };
  }

  #forget(client: string, path: Buffer | undefined): void {
    this.#mounts = this.#mounts.filter(
      (each) => each.client !== client || (path !== undefined && !each.path.equals(path)),
    );
  }
}

function entryOf(mount: { client: string; path: Buffer }): MountEntry {
  return { host: Buffer.from(mount.client), directory: mount.path };
}
