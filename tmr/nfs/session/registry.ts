/** All open sessions, and what their volumes mean for one another and for plain clients. */
import { posix } from 'node:path';
import { Export, ExportView, isInside, resolveSubtree } from '../exports/export.ts';
import type { MountPoints } from '../procedures/mount.ts';
import type { SessionConfig } from '../protocol/private-program.ts';
import { Session, type SessionFiles } from './session.ts';

export class SessionRefused extends Error {
  readonly code = 'SESSION_REFUSED';
}

export interface RegistryOptions {
  /** Real path of the export root. */
  root: string;
  /** Real path of "everything else", read-only; undefined: not served. */
  system: string | undefined;
  maxSessions: number;
  nowNs: () => number;
}

interface Owned {
  path: string;
  writable: boolean;
  exclusive: boolean;
}

export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<string, { session: Session; owned: Owned[] }>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Throws SessionRefused or ExportError. */
  open(id: string, config: SessionConfig): Session {
    if (this.#sessions.has(id)) throw new SessionRefused(`session ${id} is open already`);
    const { maxSessions } = this.#options;
    if (this.#sessions.size >= maxSessions) {
      throw new SessionRefused(
        `this file server has its maximum of ${maxSessions} sessions: wait for one to end, or start it with a larger --max-sessions`,
      );
    }
    const owned = config.volumes.map((volume) => ({
      path: resolveSubtree(this.#options.root, volume.subtree),
      writable: volume.access === 'rw',
      exclusive: volume.consistency === 'session',
    }));
    for (const each of owned) this.#assertFree(each);
    const session = new Session(id, config, this.#files(id, config, owned), this.#options.nowNs);
    this.#sessions.set(id, { session, owned });
    return session;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  close(session: Session): void {
    if (this.find(session.id) !== session) return;
    this.#sessions.delete(session.id);
    session.end();
  }

  closeAll(): void {
    for (const { session } of this.#sessions.values()) this.close(session);
  }

  /** Whether plain clients must keep off a path: it lies in a session's volume or holds one. */
  owns(path: Buffer): boolean {
    if (this.#sessions.size === 0) return false;
    const text = path.toString('latin1');
    for (const { owned } of this.#sessions.values()) {
      for (const each of owned) {
        const volume = Buffer.from(each.path).toString('latin1');
        if (each.writable && isInside(text, volume)) return true;
      }
    }
    return false;
  }

  /** Whether a path lies above a session's volume, so that its name must stay. */
  isAboveOwned(path: Buffer): boolean {
    const text = path.toString('latin1');
    return [...this.#sessions.values()].some(({ owned }) =>
      owned.some((each) => isInside(Buffer.from(each.path).toString('latin1'), text)),
    );
  }

  #assertFree(wanted: Owned): void {
    for (const [id, { owned }] of this.#sessions) {
      for (const each of owned) {
        const overlap = isInside(each.path, wanted.path) || isInside(wanted.path, each.path);
        const written = each.writable || wanted.writable;
        if (!overlap || !written || !(each.exclusive || wanted.exclusive)) continue;
        throw new SessionRefused(
          `${wanted.path} overlaps ${each.path}, which session ${id} has: use consistency close-to-open in both, or another directory`,
        );
      }
    }
  }

  #files(id: string, config: SessionConfig, owned: Owned[]): SessionFiles {
    const byPath = new Map<string, Export>();
    config.volumes.forEach((volume, index) => {
      const { path, writable } = owned[index] ?? { path: '/', writable: false };
      const owner = `session ${id} ${index}`;
      byPath.set(volume.path, new Export({ owner, path, readOnly: !writable, durable: false }));
    });
    const { system } = this.#options;
    if (system !== undefined && !byPath.has('/')) {
      const owner = `session ${id} system`;
      byPath.set('/', new Export({ owner, path: system, readOnly: true, durable: false }));
    }
    const exports = [...byPath.values()];
    return { exports, view: new ExportView(exports), mounts: replicaMounts(byPath) };
  }
}

/** MNT takes the replicas' path of a volume, or a directory below one. */
function replicaMounts(byPath: Map<string, Export>): MountPoints {
  return {
    find(path) {
      const wanted = posix.normalize(`/${path}`).replace(/(?<=.)\/$/, '');
      const below: string[] = [];
      for (let at = wanted; ; at = posix.dirname(at)) {
        const found = byPath.get(at);
        if (found !== undefined) return { export: found, below };
        if (at === '/') return undefined;
        below.unshift(posix.basename(at));
      }
    },
    list: () => [...byPath.keys()],
    mounted: () => undefined,
    unmounted: () => undefined,
    dump: () => [],
  };
}
