/**
 * What of a directory tree must be the same after two equal runs (DESIGN.md 7): names, types,
 * modes, sizes, contents, link targets and link counts; not times, owners' ids or inode numbers.
 */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';

/** One line of description an entry, by its path below the root (bytes as latin1). */
export type VolumeEntries = ReadonlyMap<string, string>;

export interface VolumeState {
  entries: VolumeEntries;
  /** SHA-256 over paths and descriptions in path order, hex. */
  digest: string;
  /** Sum of the sizes of regular files. */
  bytes: number;
}

const CHUNK_BYTES = 1 << 20;

/** Reads a whole tree. Throws the system's error when something in it cannot be read. */
export function digestVolume(root: string): VolumeState {
  const entries = new Map<string, string>();
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  const visit = (path: Buffer, name: string): void => {
    const stats = lstatSync(path);
    if (stats.isFile()) bytes += stats.size;
    entries.set(name === '' ? '.' : name, describe(path, stats, chunk));
    if (!stats.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: 'buffer' })) {
      const below = child.toString('latin1');
      visit(
        Buffer.concat([path, Buffer.from('/'), child]),
        name === '' ? below : `${name}/${below}`,
      );
    }
  };
  visit(Buffer.from(root), '');
  const hash = createHash('sha256');
  for (const name of [...entries.keys()].sort()) hash.update(`${name}\0${entries.get(name)}\0`);
  return { entries, digest: hash.digest('hex'), bytes };
}

/** How `got` differs from `expected`, one sentence an entry, at most `limit` of them. */
export function volumeDifferences(
  expected: VolumeEntries,
  got: VolumeEntries,
  limit = 5,
): string[] {
  const differences: string[] = [];
  for (const name of [...new Set([...expected.keys(), ...got.keys()])].sort()) {
    const [should, is] = [expected.get(name), got.get(name)];
    if (should === is) continue;
    if (differences.length === limit) return [...differences, 'and more'];
    if (is === undefined) differences.push(`${name} is missing`);
    else if (should === undefined) differences.push(`${name} is one too many (${is})`);
    else differences.push(`${name} is ${is}, expected ${should}`);
  }
  return differences;
}

function describe(path: Buffer, stats: Stats, chunk: Buffer): string {
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  // Sizes and link counts of directories are the file system's own affair.
  if (stats.isDirectory()) return `directory ${mode}`;
  const links = `links ${stats.nlink}`;
  if (stats.isSymbolicLink()) {
    return `symlink to ${readlinkSync(path, { encoding: 'buffer' }).toString('latin1')} ${links}`;
  }
  if (stats.isFile()) {
    return `file ${mode} size ${stats.size} sha256 ${contentHash(path, chunk)} ${links}`;
  }
  const type = stats.isFIFO() ? 'fifo' : stats.isSocket() ? 'socket' : `device ${stats.rdev}`;
  return `${type} ${mode} ${links}`;
}

function contentHash(path: Buffer, chunk: Buffer): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const got = readSync(fd, chunk, 0, chunk.length, null);
      if (got === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
}
