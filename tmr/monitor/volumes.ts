/** Which directories the replicas see, and how: `tmr run`'s three, or the user's own list. */
import { isAbsolute, posix } from 'node:path';
import type { Volume } from '../wire/session-plan.ts';
import { ConfigurationError } from './errors.ts';

/**
 * What no volume has, read-only. The NFS server adds it to each session by itself (`--system`), so
 * that it is nobody's own; tracers must know that it is there.
 */
export const systemVolume: Readonly<Volume> = {
  subtree: '/',
  path: '/',
  access: 'ro',
  consistency: 'close-to-open',
};

/** The volumes that a session owns at the NFS server. */
export function ownVolumes(volumes: readonly Volume[]): Volume[] {
  return volumes.filter(({ path, access }) => path !== '/' || access !== 'ro');
}

export interface RunVolumesOptions {
  /** Canonical current directory. */
  cwd: string;
  /** Canonical path of the machine's /tmp. */
  tmp: string;
  /** Empty directory that stands in for /tmp. */
  privateTmp?: string;
  /** Writable directories of other sessions of this user that are running now. */
  othersWrite: readonly string[];
}

/**
 * `tmr run`: the current directory and /tmp writable, everything else readable. The deeper path
 * wins, a directory appears once, and one that another session writes is close-to-open.
 */
export function runVolumes(options: RunVolumesOptions): Volume[] {
  const { cwd, tmp, privateTmp, othersWrite } = options;
  const shared = othersWrite.some((other) => isInside(other, cwd) || isInside(cwd, other));
  const byPath = new Map<string, Volume>();
  byPath.set('/', systemVolume);
  byPath.set(cwd, {
    subtree: cwd,
    path: cwd,
    access: 'rw',
    consistency: shared ? 'close-to-open' : 'session',
  });
  // Other programs write in the machine's /tmp, so it is close-to-open also as current directory.
  byPath.set(tmp, {
    subtree: privateTmp ?? tmp,
    path: tmp,
    access: 'rw',
    consistency: privateTmp === undefined ? 'close-to-open' : 'session',
  });
  return [...byPath.values()];
}

/** Whether two sessions work in the same tree, so that neither may cache (DESIGN.md 5). */
export function sharesTree(volumes: readonly Volume[], othersWrite: readonly string[]): boolean {
  return volumes.some(
    ({ access, consistency, subtree }) =>
      access === 'rw' &&
      consistency === 'close-to-open' &&
      othersWrite.some((other) => isInside(other, subtree) || isInside(subtree, other)),
  );
}

/**
 * `--volume SUBTREE=PATH[:ro]`, SUBTREE under the server's export. None given: the export's root is
 * the current directory. The system's files are there too, read-only.
 */
export function parseVolumes(texts: readonly string[], cwd: string): Volume[] {
  if (texts.length === 0) {
    return [systemVolume, { subtree: '/', path: cwd, access: 'rw', consistency: 'session' }];
  }
  const volumes = texts.map(parseVolume);
  const paths = new Set<string>();
  for (const { path } of volumes) {
    if (paths.has(path)) {
      throw new ConfigurationError(`--volume: expected each PATH once, got ${path} twice`);
    }
    paths.add(path);
  }
  return paths.has('/') ? volumes : [systemVolume, ...volumes];
}

/** The current directory of the replicas: the user's where a volume has it, else the first volume. */
export function workingDirectory(volumes: readonly Volume[], cwd: string): string {
  const own = ownVolumes(volumes);
  const inside = own.length === 0 || own.some(({ path }) => isInside(cwd, path));
  return inside ? cwd : (own[0]?.path ?? '/');
}

function parseVolume(text: string): Volume {
  const match = /^([^=]+)=(.+?)(:ro|:rw)?$/.exec(text);
  const subtree = match?.[1] ?? '';
  const path = match?.[2] ?? '';
  if (!isAbsolute(subtree) || !isAbsolute(path)) {
    throw new ConfigurationError(
      `--volume: expected SUBTREE=PATH with two absolute paths, such as /=/data or ` +
        `/input=/data/input:ro, got '${text}'`,
    );
  }
  return {
    subtree: clean(subtree),
    path: clean(path),
    access: match?.[3] === ':ro' ? 'ro' : 'rw',
    consistency: 'session',
  };
}

function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function isInside(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
