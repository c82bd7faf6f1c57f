/**
 * The place of one workload: the directory in which the replicas believe to run, and fresh copies
 * of it for the trials.
 *
 * `home` is filled once and then only read: native runs and replicated ones see the same path, and
 * the monitor finds program and standard input there. Each replicated run works on a copy of its
 * own, which the NFS server shows under the path of `home`.
 */
import { chownSync, lchownSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { removeTree } from './run-directory.ts';
import type { RunnableWorkload } from './types.ts';

/** The place of one run, native or replicated. */
export interface RunPlace {
  /** Holds all of it; removed at the end. */
  directory: string;
  /** The fresh copy of the volume. */
  volume: string;
  /** The private /tmp of replicas. */
  tmp: string;
}

const TMP = '/tmp';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export class WorkloadRoom {
  readonly workload: RunnableWorkload;
  readonly home: string;
  readonly #root: string;
  readonly #owner: { uid: number; gid: number } | null;

  /** `directory`: the campaign's. `owner`: to whom all of it belongs, when not to us. */
  constructor(
    directory: string,
    workload: RunnableWorkload,
    owner: { uid: number; gid: number } | null = null,
  ) {
    this.workload = workload;
    this.#owner = owner;
    this.#root = mkdtempSync(join(directory, 'workload-'));
    this.#give(this.#root);
    this.home = join(this.#root, 'volume');
  }

  /** The whole environment of the program; HOME is the volume, so that no rc file of a user acts. */
  get environment(): Record<string, string> {
    return { PATH, HOME: this.home, LANG: 'C.UTF-8', ...this.workload.environment };
  }

  get stdin(): string | null {
    const { stdin } = this.workload;
    return stdin === undefined ? null : join(this.home, stdin);
  }

  /** Fills `home` anew. */
  async fillHome(): Promise<void> {
    await this.#fill(this.home);
  }

  /** A place with a fresh copy of the volume. */
  async makePlace(): Promise<RunPlace> {
    const directory = mkdtempSync(join(this.#root, 'run-'));
    const volume = join(directory, 'volume');
    const tmp = join(directory, 'tmp');
    await this.#fill(volume);
    mkdirSync(tmp, { mode: 0o1777 });
    // Where home itself lies below /tmp its parents must be there: programs look at them.
    const below = relative(TMP, this.home);
    if (!below.startsWith('..')) mkdirSync(join(tmp, below), { recursive: true });
    this.#give(directory);
    return { directory, volume, tmp };
  }

  /** What the replicas see: everything, read-only; an empty /tmp; and the copy as `home`. */
  volumes(place: RunPlace): { subtree: string; path: string; readOnly?: boolean }[] {
    return [
      { subtree: '/', path: '/', readOnly: true },
      { subtree: place.tmp, path: TMP },
      { subtree: place.volume, path: this.home },
    ];
  }

  async #fill(directory: string): Promise<void> {
    removeTree(directory);
    mkdirSync(directory, { mode: 0o755 });
    await this.workload.fillVolume(directory);
    this.#give(directory);
  }

  #give(path: string): void {
    if (this.#owner !== null) giveTree(path, this.#owner);
  }
}

function giveTree(path: string, owner: { uid: number; gid: number }): void {
  chownSync(path, owner.uid, owner.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) giveTree(below, owner);
    else lchownSync(below, owner.uid, owner.gid);
  }
}
