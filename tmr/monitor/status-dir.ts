/**
 * The directory through which sessions of one user know of each other and `tmr status` of them:
 * one file a session, mode 0600, in a directory of mode 0700 that the user owns.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../wire/messages.ts';
import { messageOf, StartError } from './errors.ts';
import { startTimeOf } from './process-start.ts';

export const STATUS_VERSION = 1;

/** One session as `tmr status --json` shows it. */
export interface SessionStatusEntry {
  session: string;
  state: 'starting' | 'running' | 'suspended' | 'ending' | 'ended';
  /** File with the secret from which the session's key is derived. */
  secretFile: string;
  monitor: { pid: number; address: Address };
  /** `pid` is null when the server was not started by this monitor. */
  nfs: { pid: number | null; address: Address };
  replicas: {
    replica: number;
    sessionPid: number;
    replicaPids: number[];
    address: Address | null;
    state: 'member' | 'flagged' | 'fenced';
  }[];
}

/** What only tmr itself reads. */
interface Internal {
  /** Start time of the monitor's process (proc(5), field 22): pids are used again. */
  startTime: string;
  /** Writable directories of the session. */
  writes: string[];
}

/** Written before anything else of a session, so that what it leaves can be removed. */
interface Claim {
  session: string;
  pid: number;
  startTime: string;
  /** Removed when the session's monitor has died. */
  temporary: string[];
}

export type StatusFile = SessionStatusEntry & { internal: Internal };

export class StatusDirectory {
  readonly path: string;

  /** Makes the directory if need be. Throws StartError when another user could write in it. */
  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const uid = process.getuid?.() ?? 0;
    const runtime = environment['XDG_RUNTIME_DIR'];
    const base = runtime !== undefined && isOwnDirectory(runtime, uid) ? runtime : undefined;
    this.path = base === undefined ? `/tmp/tmr-${uid}` : join(base, 'tmr');
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const stat = lstatSync(this.path);
    if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
      throw new StartError(
        `expected ${this.path} to be a directory of yours with mode 0700, got owner ${stat.uid} ` +
          `mode ${(stat.mode & 0o7777).toString(8)}: remove it or mend it`,
      );
    }
  }

  /** Says whose a session is, before it has made anything. */
  claim(session: string, temporary: readonly string[]): void {
    const { pid } = process;
    const claim: Claim = {
      session,
      pid,
      startTime: startTimeOf(pid) ?? '',
      temporary: [...temporary],
    };
    writeFileSync(join(this.path, `${session}.owner`), JSON.stringify(claim), { mode: 0o600 });
  }

  /** Keeps a secret for outside clients of the session (0600). Returns the file's path. */
  writeSecret(session: string, secret: Uint8Array): string {
    const file = join(this.path, `${session}.secret`);
    writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
    return file;
  }

  /** Replaces the session's file in one step. */
  write(entry: SessionStatusEntry, internal: Omit<Internal, 'startTime'>): void {
    const file: StatusFile = {
      ...entry,
      internal: { ...internal, startTime: startTimeOf(entry.monitor.pid) ?? '' },
    };
    const path = this.#file(entry.session);
    writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  remove(session: string): void {
    for (const suffix of ['json', 'json.new', 'secret', 'owner']) {
      rmSync(join(this.path, `${session}.${suffix}`), { force: true });
    }
  }

  /** Sessions whose monitor lives. */
  list(): StatusFile[] {
    return this.#read<StatusFile>('.json').filter(({ monitor, internal }) =>
      isAlive(monitor.pid, internal.startTime),
    );
  }

  /** Removes what dead monitors left. Returns what was removed. */
  clean(): string[] {
    const removed: string[] = [];
    for (const { session, pid, startTime, temporary } of this.#read<Claim>('.owner')) {
      if (isAlive(pid, startTime)) continue;
      for (const directory of temporary) {
        rmSync(directory, { recursive: true, force: true });
        removed.push(directory);
      }
      this.remove(session);
      removed.push(this.#file(session));
    }
    return removed;
  }

  #read<T>(suffix: string): T[] {
    return readdirSync(this.path)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => {
        const entry = readJson(join(this.path, name));
        return entry === undefined ? [] : [entry as T];
      });
  }

  #file(session: string): string {
    return join(this.path, `${session}.json`);
  }
}

/** The file of one session, which may fill the disk that it lies on: without it the session goes on. */
export class SessionStatusFile {
  readonly #directory: StatusDirectory;
  readonly #say: (line: string) => void;
  #failed = false;

  constructor(directory: StatusDirectory, say: (line: string) => void) {
    this.#directory = directory;
    this.#say = say;
  }

  write(entry: SessionStatusEntry, internal: Omit<Internal, 'startTime'>): void {
    try {
      this.#directory.write(entry, internal);
    } catch (error) {
      if (!this.#failed) this.#say(`cannot write the session's status: ${messageOf(error)}`);
      this.#failed = true;
    }
  }
}

/** What `tmr status --json` prints. */
export function publicStatus(entries: readonly StatusFile[]): {
  version: number;
  sessions: SessionStatusEntry[];
} {
  const sessions = entries.map(({ internal: _internal, ...entry }) => entry);
  return { version: STATUS_VERSION, sessions };
}

/** Files of our own directory; undefined when the owner removes it in this moment. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number, startTime: string): boolean {
  return startTimeOf(pid) === startTime;
}

function isOwnDirectory(path: string, uid: number): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === uid;
  } catch {
    return false;
  }
}
