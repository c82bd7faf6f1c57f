/**
 * Directories that the parts share with their owner: a bind mount where the engine is on this machine,
 * else a volume of the engine into which they are copied, and from which they come back.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Container, MountSettings } from 'dockerode';
import tar from 'tar-fs';
import type { Engine } from './engine.ts';
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

export async function createVolume(
  engine: Engine,
  name: string,
  labels: Record<string, string>,
): Promise<string> {
  await engine.docker.createVolume({ Name: name, Labels: labels });
  return name;
}

/** Copies a tree into the volume of a running container, its owner becoming `user`. */
export async function push(container: Container, path: string, user: ContainerUser): Promise<void> {
  const bytes = tar.pack(path, {
    map: (header) => ({ ...header, uid: user.uid, gid: user.gid }),
  });
  await container.putArchive(bytes as unknown as NodeJS.ReadableStream, { path });
}

/** Replaces what is in `path` by what the container has there. */
export async function pull(container: Container, path: string, into = path): Promise<void> {
  const bytes = (await container.getArchive({ path })) as unknown as Readable;
  mkdirSync(into, { recursive: true });
  for (const name of readdirSync(into)) rmSync(join(into, name), { recursive: true, force: true });
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
