/**
 * The files of an image: collected from this machine with the symbolic links on the way to them and,
 * for programs, the libraries that the loader would map (ldd(1)) or a script's interpreter.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { messageOf, StartError } from '../monitor/errors.ts';

export type ImageEntry =
  | { type: 'file'; path: string; source: string; mode: number; size: number; sha256: string }
  | { type: 'symlink'; path: string; target: string }
  | { type: 'directory'; path: string; mode: number };

const LINKS_MAX = 40;
const HEAD_BYTES = 256;

export class FileSet {
  readonly #entries: Map<string, ImageEntry>;

  /** Empty, or with what another has. */
  constructor(other?: FileSet) {
    this.#entries = new Map(other === undefined ? [] : other.#entries);
  }

  /** In the order in which they can be unpacked. */
  get entries(): ImageEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** SHA-256 over paths, modes, link targets and contents, hex. */
  get digest(): string {
    const hash = createHash('sha256');
    for (const entry of this.entries) {
      const { type, path } = entry;
      const what =
        type === 'file'
          ? `${entry.mode} ${entry.sha256}`
          : type === 'symlink'
            ? entry.target
            : String(entry.mode);
      hash.update(`${type}\0${path}\0${what}\0`);
    }
    return hash.digest('hex');
  }

  /** SHA-256 of each file, by path. */
  get checksums(): Record<string, string> {
    return Object.fromEntries(
      this.entries.flatMap((entry) => (entry.type === 'file' ? [[entry.path, entry.sha256]] : [])),
    );
  }

  addDirectory(path: string, mode = 0o755): void {
    this.#entries.set(path, { type: 'directory', path, mode });
  }

  /** A file of this machine under another name. */
  addAs(path: string, source: string, mode?: number): void {
    const stats = lstatSync(realpathSync(source));
    this.#entries.set(path, {
      type: 'file',
      path,
      source,
      mode: mode ?? stats.mode & 0o777,
      size: stats.size,
      sha256: sha256(source),
    });
  }

  /** A file, link or whole directory at its own path. Throws StartError when it is not there. */
  add(path: string): void {
    const real = this.#walk(path, LINKS_MAX);
    const stats = statOrThrow(real);
    if (stats.isDirectory()) {
      this.addDirectory(real, stats.mode & 0o7777);
      for (const name of readdirSync(real)) this.add(join(real, name));
    } else if (stats.isFile() && !this.#entries.has(real)) {
      this.addAs(real, real);
    }
  }

  /** With the libraries of every program in it. */
  addTree(path: string): void {
    this.add(path);
    const programs = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
      : [path];
    for (const program of programs) {
      const stats = statSync(program, { throwIfNoEntry: false });
      if (stats?.isFile() === true && (stats.mode & 0o111) !== 0) this.addNeedsOf(program);
    }
  }

  /** A program with what it needs to start. */
  addProgram(path: string): void {
    this.add(path);
    this.addNeedsOf(path);
  }

  /** What a program needs to start, not the program: one on a volume comes from there. */
  addNeedsOf(path: string): void {
    const head = headOf(path);
    const interpreter = /^#!\s*(\S+)/.exec(head)?.[1];
    if (interpreter !== undefined) this.addProgram(interpreter);
    else if (head.startsWith('\x7fELF')) for (const library of libraries(path)) this.add(library);
  }

  /** A link that leads to `target`, without what it leads to. */
  addLink(path: string, target: string): void {
    this.#entries.set(path, { type: 'symlink', path, target });
  }

  /** Adds the links on the way; returns where the path really leads. */
  #walk(path: string, links: number): string {
    if (links === 0) throw new StartError(`image: too many symbolic links at ${path}`);
    const parts = path.split('/').filter(Boolean);
    let at = '/';
    for (const [index, part] of parts.entries()) {
      const next = join(at, part);
      if (statOrThrow(next).isSymbolicLink()) {
        const target = readlinkSync(next);
        this.#entries.set(next, { type: 'symlink', path: next, target });
        const rest = parts.slice(index + 1).join('/');
        const to = isAbsolute(target) ? target : resolve(dirname(next), target);
        return this.#walk(join(to, rest), links - 1);
      }
      at = next;
    }
    return at;
  }
}

/** As the loader itself lists them; none for a static program. */
function libraries(program: string): string[] {
  let text: string;
  try {
    text = execFileSync('ldd', [program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return []; // "not a dynamic executable" is exit status 1.
  }
  const missing = /^\s*(\S+) => not found/m.exec(text)?.[1];
  if (missing !== undefined) {
    throw new StartError(`image: ${program} needs ${missing}, which this machine does not have`);
  }
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1] ?? '');
}

function headOf(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new StartError(`image: ${messageOf(error)}`);
  }
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.toString('latin1', 0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function statOrThrow(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (error) {
    throw new StartError(`image: expected ${path} on this machine: ${messageOf(error)}`);
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
