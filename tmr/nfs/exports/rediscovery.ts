/** Finds objects whose place the server does not know: after a restart, or a move by others. */
import { lstatSync } from 'node:fs';
import { listDirectory } from '../files/list-directory.ts';
import {
  identityOf,
  keyOf,
  sameObject,
  trailByte,
  trailOf,
  type ObjectIdentity,
} from './handle.ts';
import { joinPath, statOrNothing } from './node-table.ts';

/** Walks over a whole tree, in multiples of one walk's bound, in the life of a server. */
const WALKS_MAX = 5;
/** A walk looks at a few microseconds' worth an entry, while nobody else is served. */
export const WALK_ENTRIES_MAX = 200_000;
const DIRECTORY_ENTRIES_MAX = 20_000;
const GONE_MAX = 10_000;

export class Rediscovery {
  readonly #root: Buffer;
  readonly #rootDevice: bigint;
  /** Keys of objects that were removed or searched for in vain. */
  readonly #gone = new Set<string>();
  readonly #walkEntriesMax: number;
  #walkEntriesLeft: number;

  /** `walkEntriesMax`: entries that a search may look at where the trail does not lead there. */
  constructor(root: Buffer, walkEntriesMax: number) {
    this.#root = root;
    this.#walkEntriesMax = walkEntriesMax;
    this.#walkEntriesLeft = walkEntriesMax * WALKS_MAX;
    this.#rootDevice = lstatSync(root, { bigint: true }).dev;
  }

  /** The object was removed by this server: no search for it. */
  gone(key: string): void {
    if (this.#gone.size >= GONE_MAX) this.#gone.clear();
    this.#gone.add(key);
  }

  /** Names from the export's root to the object of the handle; undefined when there is none. */
  find(handle: Buffer): Buffer[] | undefined {
    const key = keyOf(handle);
    if (this.#gone.has(key)) return undefined;
    const wanted = identityOf(handle);
    const found = this.#followTrail(this.#root, trailOf(handle), wanted) ?? this.#walk(wanted);
    if (found === undefined) this.gone(key);
    return found;
  }

  /** Name of the object in a directory: it was renamed there. */
  inDirectory(directory: Buffer, wanted: ObjectIdentity): Buffer | undefined {
    const names = namesIn(directory).slice(0, DIRECTORY_ENTRIES_MAX);
    return names.find((name) => {
      const stat = statOrNothing(joinPath(directory, name));
      return stat !== undefined && sameObject(stat, wanted);
    });
  }

  #followTrail(directory: Buffer, trail: Buffer, wanted: ObjectIdentity): Buffer[] | undefined {
    const [byte] = trail;
    if (byte === undefined) return undefined;
    for (const name of namesIn(directory)) {
      if (trailByte(name) !== byte) continue;
      const path = joinPath(directory, name);
      const stat = statOrNothing(path);
      if (stat === undefined) continue;
      if (trail.length === 1 && sameObject(stat, wanted)) return [name];
      if (!stat.isDirectory()) continue;
      const below = this.#followTrail(path, trail.subarray(1), wanted);
      if (below !== undefined) return [name, ...below];
    }
    return undefined;
  }

  /** Breadth first, so that a rename near the top is found soon. */
  #walk(wanted: ObjectIdentity): Buffer[] | undefined {
    let left = Math.min(this.#walkEntriesLeft, this.#walkEntriesMax);
    this.#walkEntriesLeft -= left;
    const queue: Buffer[][] = [[]];
    for (let names = queue.shift(); names !== undefined && left > 0; names = queue.shift()) {
      const directory = names.reduce(joinPath, this.#root);
      for (const name of namesIn(directory)) {
        if (left-- <= 0) return undefined;
        const stat = statOrNothing(joinPath(directory, name));
        if (stat === undefined) continue;
        if (sameObject(stat, wanted)) {
          this.#walkEntriesLeft += left;
          return [...names, name];
        }
        // Not into /proc and the like: only devices that can hold the object.
        const reachable = stat.dev === wanted.dev || stat.dev === this.#rootDevice;
        if (stat.isDirectory() && reachable) queue.push([...names, name]);
      }
    }
    this.#walkEntriesLeft += Math.max(left, 0);
    return undefined;
  }
}

function namesIn(directory: Buffer): Buffer[] {
  try {
    return listDirectory(directory);
  } catch {
    return [];
  }
}
