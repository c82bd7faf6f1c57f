/**
 * Who serves which path of the replicas (DESIGN.md 5, "Files"). The longest matching entry wins, so
 * a volume inside /usr is a volume; a volume at the very path of a fixed entry wins over it.
 * Paths are canonical and absolute, as latin1 strings (one character a byte).
 */

/** Who answers for a path. */
export type Route =
  /** Index into the plan's volumes. */
  | { kind: 'volume'; volume: number; path: string }
  /** The replica's own kernel. */
  | { kind: 'local'; path: string }
  /** The tracer's made-up files. */
  | { kind: 'virtual'; path: string };

interface FixedEntry {
  path: string;
  /** `tree`: the path and all below. `prefix`: every name that begins so, and all below it. */
  match: 'tree' | 'prefix';
  kind: 'local' | 'virtual';
  reason: string;
}

/** Everything that no entry and no volume names belongs to the system volume at "/", if there is one. */
export const fixedEntries: readonly FixedEntry[] = [
  // R0 compares programs and libraries of all hosts at the start, so each kernel may map its own.
  { path: '/usr', match: 'tree', kind: 'local', reason: 'programs, libraries, their data' },
  { path: '/bin', match: 'tree', kind: 'local', reason: 'programs; a symlink into /usr on Debian' },
  { path: '/sbin', match: 'tree', kind: 'local', reason: 'programs; a symlink into /usr' },
  { path: '/lib', match: 'tree', kind: 'local', reason: 'libraries; a symlink into /usr' },
  { path: '/lib32', match: 'tree', kind: 'local', reason: 'libraries for i386' },
  { path: '/lib64', match: 'tree', kind: 'local', reason: 'the dynamic linker' },
  { path: '/libx32', match: 'tree', kind: 'local', reason: 'libraries for x32' },
  { path: '/etc/ld.so.cache', match: 'tree', kind: 'local', reason: 'mapped by the linker' },
  { path: '/etc/ld.so.conf', match: 'prefix', kind: 'local', reason: 'goes with the cache' },
  { path: '/etc/ld.so.preload', match: 'tree', kind: 'local', reason: 'read by the linker' },
  // What they show is of a host and a process, and must be the same in all replicas.
  { path: '/dev', match: 'tree', kind: 'virtual', reason: 'devices of the host' },
  { path: '/proc', match: 'tree', kind: 'virtual', reason: 'pids and memory differ by nature' },
  { path: '/sys', match: 'tree', kind: 'virtual', reason: 'hardware of the host' },
];

const prefixes = fixedEntries.filter((entry) => entry.match === 'prefix');

export class PathPolicy {
  readonly #entries = new Map<string, Route>();

  /** `volumes`: canonical absolute paths by volume index. */
  constructor(volumes: readonly string[]) {
    for (const { path, kind } of fixedEntries) this.#entries.set(path, { kind, path });
    for (const [volume, path] of volumes.entries()) {
      this.#entries.set(path, { kind: 'volume', volume, path });
    }
  }

  /** The entry that begins exactly at `path`; entering it changes who serves. */
  startsAt(path: string): Route | undefined {
    const exact = this.#entries.get(path);
    if (exact !== undefined) return exact;
    for (const entry of prefixes) {
      if (!path.startsWith(entry.path) || path.includes('/', entry.path.length)) continue;
      return { kind: entry.kind, path };
    }
    return undefined;
  }

  /**
   * The deepest entry over the components of an absolute path, which must hold no "..", and how
   * many components it takes. Undefined: nobody serves it.
   */
  deepest(components: readonly string[]): { route: Route; consumed: number } | undefined {
    const root = this.startsAt('/');
    let best = root === undefined ? undefined : { route: root, consumed: 0 };
    let path = '';
    for (const [index, component] of components.entries()) {
      path += `/${component}`;
      const route = this.startsAt(path);
      if (route !== undefined) best = { route, consumed: index + 1 };
    }
    return best;
  }

  /** Last components of volumes that lie directly in the directory `path`. */
  volumesIn(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names: string[] = [];
    for (const [at, route] of this.#entries) {
      if (route.kind !== 'volume' || at.length <= prefix.length) continue;
      if (at.startsWith(prefix) && !at.includes('/', prefix.length)) {
        names.push(at.slice(prefix.length));
      }
    }
    return names;
  }
}
