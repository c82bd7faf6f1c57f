/**
 * Directories that the parts share with their owner: a bind mount where the engine is on this machine,
 * else a volume of the engine into which they are copied, and from which they come back.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Container, MountSettings } from 'dockerode';
import tar from 'tar-fs';
import type { Engine } from './engine.ts';
import { StartError } from '../monitor/errors.ts';
import { imagePaths } from './image.ts';
import type { ContainerUser } from './privileges.ts';

export type TransferMode = 'bind' | 'copy';

export interface SharedDirectory {
  /** The same here and in the containers. */
  path: string;
  /** Volume of the engine; null for a bind mount. */
  volume: string | null;
}

export function mountOf({ path, volume }: SharedDirectory, readOnly: boolean): MountSettings {
  return {
    Type: volume === null ? 'bind' : 'volume',
    Source: volume ?? path,
    Target: path,
    ReadOnly: readOnly,
  };
}

/**
 * Gives the roots of new volumes to the ordinary user. The engine makes them root's and lets nobody change
 * that from outside; a container that may do this one thing, without a network, does it and is gone.
 */
export async function giveVolumes(
  engine: Engine,
  image: string,
  labels: Record<string, string>,
  volumes: readonly SharedDirectory[],
  { uid, gid }: ContainerUser,
): Promise<void> {
  const paths = JSON.stringify(volumes.map(({ path }) => path));
  const script = `for (const path of ${paths}) fs.chownSync(path, ${uid}, ${gid})`;
  const container = await engine.docker.createContainer({
    Image: image,
    Cmd: [imagePaths.node, '-e', script],
    User: '0:0',
    Labels: labels,
    HostConfig: {
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      NetworkMode: 'none',
      Mounts: volumes.map((volume) => mountOf(volume, false)),
    },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode !== 0) throw new StartError(`cannot prepare the volumes on ${engine.url}`);
  } finally {
    await container.remove({ force: true });
  }
}

/** Copies a tree below `root` into the volume of a running container, its owner becoming `user`. */
export async function push(
  container: Container,
  root: string,
  path: string,
  user: ContainerUser,
): Promise<void> {
  const bytes = tar.pack(root, {
    entries: [relative(root, path) || '.'],
    map: (header) => ({ ...header, uid: user.uid, gid: user.gid }),
  });
  await container.putArchive(bytes as unknown as NodeJS.ReadableStream, { path: root });
}

/** Replaces what is in `into`, but for the names to keep, by what the container has in `path`. */
export async function pull(
  container: Container,
  path: string,
  into: string,
  keep: readonly string[] = [],
): Promise<void> {
  const bytes = (await container.getArchive({ path })) as unknown as Readable;
  mkdirSync(into, { recursive: true });
  for (const name of readdirSync(into)) {
    if (!keep.includes(name)) rmSync(join(into, name), { recursive: true, force: true });
  }
  const top = basename(path);
  const extract = tar.extract(into, {
    // The files are ours here, whoever wrote them there.
    chown: false,
    map: (entry) => {
      // Its types leave out what tar has for links.
      const header: typeof entry & { linkname?: string | null } = entry;
      const strip = (name: string): string => name.slice(top.length).replace(/^\/+/, '') || '.';
      header.name = strip(header.name);
      if (header.type === 'link' && header.linkname) header.linkname = strip(header.linkname);
      return header;
    },
  } as tar.ExtractOptions);
  await pipeline(bytes, extract);
}
