/** Whether all replicas have the same program and libraries, and if not, what differs where (R0). */
import type { ReplicaId } from '../core/types.ts';
import type { FileDigest } from '../wire/file-digest.ts';

/** As much of a digest as tells two files apart to the eye. */
const SHOWN_DIGITS = 12;

/** Undefined when all lists are equal; otherwise the first difference by name, and what to do. */
export function differenceOfFiles(
  files: ReadonlyMap<ReplicaId, readonly FileDigest[]>,
): string | undefined {
  const replicas = [...files.keys()];
  const have = new Map(
    [...files].map(([replica, list]) => [replica, new Map(list.map((f) => [f.path, f.sha256]))]),
  );
  const paths = new Set([...files.values()].flatMap((list) => list.map(({ path }) => path)));
  const differences: string[] = [];
  for (const path of paths) {
    const digests = replicas.map((replica) => have.get(replica)?.get(path));
    if (new Set(digests).size > 1) differences.push(describe(path, replicas, digests));
  }
  const first = differences[0];
  if (first === undefined) return undefined;
  const more = differences.length - 1;
  const others = more === 0 ? '' : ` and ${more} more ${more === 1 ? 'difference' : 'differences'}`;
  return `${first}${others}: install the same bytes everywhere`;
}

/** `digests`: what each of `replicas` has at `path`; undefined: it lacks it. */
function describe(
  path: string,
  replicas: readonly ReplicaId[],
  digests: readonly (string | undefined)[],
): string {
  const lone = digests.findIndex((digest) => digests.filter((d) => d === digest).length === 1);
  const others = new Set(digests.filter((_, index) => index !== lone));
  const other = [...others][0];
  if (replicas.length > 2 && others.size === 1) {
    const own = digests[lone];
    if (own === undefined) return `replica ${replicas[lone]} lacks ${path}`;
    if (other === undefined) return `only replica ${replicas[lone]} has ${path}`;
    return `replica ${replicas[lone]} has another ${path} (${shown(own)}, the others ${short(other)})`;
  }
  // Nobody is the odd one.
  const each = replicas.map((replica, index) => {
    const digest = digests[index];
    return `replica ${replica} ${digest === undefined ? 'none' : shown(digest)}`;
  });
  return `the replicas differ in ${path} (${each.join(', ')})`;
}

const short = (sha256: string): string => `${sha256.slice(0, SHOWN_DIGITS)}...`;
const shown = (sha256: string): string => `sha256 ${short(sha256)}`;
