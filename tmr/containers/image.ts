/**
 * The image, without a registry: this machine's Node.js, the build, and the programs with their
 * libraries, built through the engine's own API. The tag is the hash of what is in it, so an image
 * that is there is the right one. Node lies in a layer of its own: it is large and rarely changes.
 */
import { createReadStream, existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { pack, type Pack } from 'tar-stream';
import { messageOf, StartError } from '../monitor/errors.ts';
import { TMR_VERSION } from '../wire/build-id.ts';
import type { Engine } from './engine.ts';
import { FileSet, type ImageEntry } from './file-set.ts';

export interface ImageOptions {
  /** Programs by absolute path, with what they need to start. */
  programs: readonly string[];
  /** Programs that come by a volume: only what they need to start. */
  onVolumes?: readonly string[];
  /** Further files and directories. */
  include: readonly string[];
  /** An image that the engine has, beneath ours: its libraries and programs instead of this machine's. */
  baseImage: string | null;
}

/** Where the image has Node and the build. */
export const imagePaths = {
  node: '/opt/tmr/node',
  script: '/opt/tmr/dist/tmr.js',
  interpose: '/opt/tmr/dist/interpose.js',
} as const;

/** On every image of ours: the version; and which build of ours, or of Node.js, it has. */
export const IMAGE_LABEL = 'org.tmr.image';
export const BUILD_LABEL = 'org.tmr.build';

const REPOSITORY = 'tmr-testbed';
const TAG_LENGTH = 24;
/** What programs read at every start, and names of users, where this machine has them. */
const COMMON = [
  '/etc/ld.so.cache',
  '/etc/passwd',
  '/etc/group',
  '/etc/nsswitch.conf',
  '/etc/localtime',
  '/usr/lib/locale/C.utf8',
  '/usr/lib/locale/locale-archive',
  '/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache',
];

/** The tag of an image with these contents; built when the engine has none. Throws StartError. */
export async function ensureImage(
  engine: Engine,
  options: ImageOptions,
  onLine: (line: string) => void,
): Promise<string> {
  const base = options.baseImage ?? undefined;
  if (base !== undefined && !(await hasImage(engine, base))) {
    throw new StartError(
      `--base-image: engine ${engine.url} has no image ${base}, and none is ever pulled; load it first (docker load)`,
    );
  }
  const beneath = base === undefined ? 'scratch' : await imageId(engine, base);
  const runtime = nodeFiles(base !== undefined);
  const ours = buildFiles();
  const node = await ensureLayer(
    engine,
    { name: 'node', from: beneath, files: runtime, build: runtime.digest },
    onLine,
  );
  return ensureLayer(
    engine,
    { name: 'host', from: node, files: withPrograms(ours, options), build: ours.digest },
    onLine,
  );
}

/** A name of ours: what an image of this machine is called. */
export function isOurTag(tag: string): boolean {
  return tag.startsWith(`${REPOSITORY}-`);
}

/** Values of BUILD_LABEL for images that would be made, or taken, now. */
export function currentBuilds(): ReadonlySet<string> {
  return new Set([nodeFiles(false).digest, nodeFiles(true).digest, buildFiles().digest]);
}

interface Layer {
  name: string;
  from: string;
  files: FileSet;
  build: string;
}

async function ensureLayer(
  engine: Engine,
  { name, from, files, build }: Layer,
  onLine: (line: string) => void,
): Promise<string> {
  const tag = `${REPOSITORY}-${name}:${layerHash(from, files)}`;
  if (await hasImage(engine, tag)) return tag;
  onLine(`building image ${tag} on ${engine.url}`);
  const context = pack();
  const filled = fill(context, `FROM ${from}\nCOPY root/ /\n`, files.entries);
  try {
    // tar-stream has a stream of its own make (streamx), in all that counts a readable one.
    const body = context as unknown as NodeJS.ReadableStream;
    const stream = await engine.docker.buildImage(body, {
      t: tag,
      pull: false,
      rm: true,
      forcerm: true,
      labels: { [IMAGE_LABEL]: TMR_VERSION, [BUILD_LABEL]: build },
    });
    await Promise.all([filled, built(engine, stream)]);
  } catch (error) {
    context.destroy();
    await filled.catch(() => undefined);
    throw new StartError(`cannot build image ${tag} on ${engine.url}: ${messageOf(error)}`);
  }
  return tag;
}

function layerHash(from: string, files: FileSet): string {
  const both = new FileSet();
  both.addDirectory(`${from} ${files.digest}`);
  return both.digest.slice(0, TAG_LENGTH);
}

/** Node, the directories that are mounted on, and Node's libraries unless a base image has its own. */
function nodeFiles(onBase: boolean): FileSet {
  const files = new FileSet();
  files.addAs(imagePaths.node, process.execPath, 0o755);
  if (!onBase) {
    for (const directory of ['/dev', '/proc', '/sys', '/run', '/var', '/etc', '/opt', '/opt/tmr']) {
      files.addDirectory(directory);
    }
    files.addDirectory('/tmp', 0o1777);
    // A merged /usr must be one in the image too.
    for (const link of ['/bin', '/sbin', '/lib', '/lib64']) {
      if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
      files.addLink(link, readlinkSync(link));
      files.addDirectory(join('/', readlinkSync(link)));
    }
    files.addNeedsOf(process.execPath);
    for (const path of COMMON) if (existsSync(path)) files.add(path);
  }
  files.addDirectory('/run/tmr', 0o755);
  return files;
}

/** The build and its addon: what changes with the project, and not with the program that is run. */
function buildFiles(): FileSet {
  const files = new FileSet();
  // This file is bundled into dist/.
  const dist = distDirectory();
  for (const name of readdirSync(dist)) {
    if (name.endsWith('.js')) files.addAs(`/opt/tmr/dist/${name}`, join(dist, name), 0o644);
  }
  addAddon(files, dist);
  return files;
}

function withPrograms(build: FileSet, options: ImageOptions): FileSet {
  const files = new FileSet(build);
  for (const program of options.programs) files.addProgram(program);
  for (const program of options.onVolumes ?? []) files.addNeedsOf(program);
  for (const path of options.include) {
    if (!existsSync(path)) throw new StartError(`--image-include: nothing is at ${path}`);
    files.addTree(resolve(path));
  }
  return files;
}

function distDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [here, join(here, '..', '..', 'dist')].find((path) =>
    existsSync(join(path, 'session.js')),
  );
  if (found !== undefined) return found;
  throw new StartError('expected the build in dist/, found none; make it with: npm run build');
}

/** The addon and the loader of its binary. */
function addAddon(files: FileSet, dist: string): void {
  const require = createRequire(join(dist, 'tmr.js'));
  const addon = dirname(require.resolve('ptrace-napi'));
  const loader = dirname(createRequire(join(addon, 'index.js')).resolve('node-gyp-build'));
  const target = '/opt/tmr/node_modules';
  for (const name of readdirSync(addon)) {
    if (/\.js$|^package\.json$/.test(name)) {
      files.addAs(`${target}/ptrace-napi/${name}`, join(addon, name), 0o644);
    }
  }
  const binaries = join(addon, 'build', 'Release');
  for (const name of readdirSync(binaries).filter((file) => file.endsWith('.node'))) {
    files.addAs(`${target}/ptrace-napi/build/Release/${name}`, join(binaries, name), 0o755);
    files.addNeedsOf(join(binaries, name));
  }
  for (const name of readdirSync(loader)) {
    if (/\.js$|^package\.json$/.test(name)) {
      files.addAs(`${target}/node-gyp-build/${name}`, join(loader, name), 0o644);
    }
  }
}

/** Equal files give equal bytes: no times, no owners. */
async function fill(
  context: Pack,
  dockerfile: string,
  entries: readonly ImageEntry[],
): Promise<void> {
  const epoch = new Date(0);
  context.entry({ name: 'Dockerfile', mtime: epoch }, dockerfile);
  context.entry({ name: 'root/', type: 'directory', mode: 0o755, mtime: epoch });
  for (const entry of entries) {
    const name = `root${entry.path}`;
    if (entry.type === 'directory') {
      context.entry({ name: `${name}/`, type: 'directory', mode: entry.mode, mtime: epoch });
    } else if (entry.type === 'symlink') {
      context.entry({ name, type: 'symlink', linkname: entry.target, mtime: epoch });
    } else {
      const { size, mode, source } = entry;
      await pipeline(createReadStream(source), context.entry({ name, size, mode, mtime: epoch }));
    }
  }
  context.finalize();
}

/** The engine tells of its failures in the stream. */
async function built(engine: Engine, stream: NodeJS.ReadableStream): Promise<void> {
  const events = await new Promise<{ error?: string }[]>((resolve, reject) => {
    engine.docker.modem.followProgress(stream, (error, output) => {
      if (error) reject(error);
      else resolve(output as { error?: string }[]);
    });
  });
  const failure = events.find(({ error }) => error !== undefined)?.error;
  if (failure !== undefined) throw new Error(failure);
}

async function hasImage(engine: Engine, name: string): Promise<boolean> {
  return (await imageId(engine, name)) !== '';
}

/** Empty when there is none. */
async function imageId(engine: Engine, name: string): Promise<string> {
  try {
    return (await engine.docker.getImage(name).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return '';
    throw new StartError(`engine ${engine.url}: ${messageOf(error)}`);
  }
}
