/**
 * The files that make the program, with their digests: itself, its interpreter, and the libraries it
 * needs, where ld.so(8) finds them. Hosts on which these differ do not run the same program (R0).
 *
 * Only what each host reads for itself is listed: files on volumes come from the one NFS server. The
 * linker's cache is compared, not read: of its directories the usual ones are searched, and a library
 * that lies elsewhere is left out. So are glibc-hwcaps, and what the program loads later (dlopen).
 */
import { dirname } from 'node:path/posix';
import type { FileDigest } from '../../wire/file-digest.ts';
import { imageFile, type ImageFile } from './image-files.ts';

export interface ProgramFile {
  /** Where this host has it. */
  local: Buffer;
  /** As the replicas see it. */
  seen: Buffer;
}

const usualDirectories = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
  '/usr/local/lib/x86_64-linux-gnu',
  '/usr/local/lib',
];
const PRELOAD = '/etc/ld.so.preload';
/** Mapped as a whole, so another length already shows in a call's arguments. */
const linkerFiles = ['/etc/ld.so.cache', PRELOAD];
/** Nobody's program has more; a list without end is a broken file's. */
const FILES_MAX = 1000;

/** An object whose libraries are looked for. */
interface Loaded {
  path: string;
  file: ImageFile;
  /** Who needs it. */
  loader: Loaded | undefined;
}

/**
 * `files`: scripts from the outermost on, and last the program that the kernel executes. `isLocal`:
 * whether the kernel of each host opens a path by itself. `env`: NAME=VALUE, for LD_LIBRARY_PATH
 * and LD_PRELOAD.
 */
export function programImages(
  files: readonly ProgramFile[],
  env: readonly Buffer[],
  isLocal: (path: string) => boolean,
): FileDigest[] {
  const closure = new Closure(env, isLocal);
  for (const { local, seen } of files) closure.add(seen.toString('latin1'), imageFile(local));
  const program = files.at(-1);
  const file = program === undefined ? undefined : imageFile(program.local);
  if (program !== undefined && file !== undefined) {
    closure.follow({ path: program.seen.toString('latin1'), file, loader: undefined });
  }
  return closure.digests.map(({ path, sha256 }) => ({
    path: Buffer.from(path, 'latin1').toString(),
    sha256,
  }));
}

class Closure {
  readonly digests: FileDigest[] = [];
  readonly #isLocal: (path: string) => boolean;
  readonly #libraryPath: string[];
  readonly #preload: string[];
  /** By the name under which they are needed. */
  readonly #loaded = new Set<string>();

  constructor(env: readonly Buffer[], isLocal: (path: string) => boolean) {
    this.#isLocal = isLocal;
    this.#libraryPath = variable(env, 'LD_LIBRARY_PATH').split(/[:;]/);
    this.#preload = variable(env, 'LD_PRELOAD').split(/[\s:]+/);
  }

  add(path: string, file: ImageFile | undefined): void {
    if (file === undefined || this.digests.some((each) => each.path === path)) return;
    this.digests.push({ path, sha256: file.sha256 });
  }

  /** The interpreter and all that the program needs, breadth first as ld.so loads them. */
  follow(program: Loaded): void {
    const interpreter = program.file.elf?.interpreter;
    if (interpreter === undefined) return;
    for (const path of [interpreter, ...linkerFiles]) this.add(path, this.#local(path));
    this.#loaded.add(interpreter.slice(interpreter.lastIndexOf('/') + 1));
    const queue = [program];
    for (const name of this.#preload) this.#load(name, program, queue);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const name of next.file.elf?.needed ?? []) this.#load(name, next, queue);
    }
  }

  #load(name: string, loader: Loaded, queue: Loaded[]): void {
    if (name === '' || this.#loaded.has(name) || this.digests.length >= FILES_MAX) return;
    this.#loaded.add(name);
    for (const path of name.includes('/') ? [name] : this.#candidates(name, loader)) {
      const file = this.#local(path);
      if (file?.elf === undefined || file.elf.machine !== loader.file.elf?.machine) continue;
      this.add(path, file);
      queue.push({ path, file, loader });
      return;
    }
  }

  /** In the order of ld.so(8). */
  *#candidates(name: string, loader: Loaded): Generator<string> {
    const { runpath } = loader.file.elf ?? { runpath: [] };
    if (runpath.length === 0) {
      // DT_RPATH counts for the needs of needs too.
      for (let each: Loaded | undefined = loader; each !== undefined; each = each.loader) {
        const { elf } = each.file;
        if (elf?.runpath.length === 0) yield* inEach(elf.rpath, name, each.path);
      }
    }
    yield* inEach(this.#libraryPath, name, loader.path);
    yield* inEach(runpath, name, loader.path);
    yield* inEach(usualDirectories, name, loader.path);
  }

  #local(path: string): ImageFile | undefined {
    if (!this.#isLocal(path)) return undefined;
    return imageFile(Buffer.from(path, 'latin1'));
  }
}

function* inEach(directories: readonly string[], name: string, origin: string): Generator<string> {
  for (const directory of directories) {
    const expanded = directory
      .replaceAll(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => dirname(origin))
      .replaceAll(/\$(?:LIB\b|\{LIB\})/g, 'lib/x86_64-linux-gnu');
    if (expanded.startsWith('/') && !expanded.includes('$')) yield normal(`${expanded}/${name}`);
  }
}

/** Without "." and "..", which no path policy sees; symlinks on the way are the libraries' own affair. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function variable(env: readonly Buffer[], name: string): string {
  const entry = env.find((each) => each.toString('latin1').startsWith(`${name}=`));
  return entry?.toString('latin1', name.length + 1) ?? '';
}
