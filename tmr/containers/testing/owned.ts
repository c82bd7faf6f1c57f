/** What a process owns on an engine, as its labels say. */
import type { ContainerInspectInfo, NetworkInspectInfo } from 'dockerode';
import type { Engine } from '../engine.ts';
import { OWNER_LABEL } from '../leftovers.ts';

export async function containersOf(
  { docker }: Engine,
  pid: number,
): Promise<ContainerInspectInfo[]> {
  const all = await docker.listContainers({ all: true });
  const own = all.filter(({ Labels }) => isOf(Labels, pid));
  return Promise.all(own.map(({ Id }) => docker.getContainer(Id).inspect()));
}

export async function networksOf({ docker }: Engine, pid: number): Promise<NetworkInspectInfo[]> {
  return (await docker.listNetworks()).filter(({ Labels }) => isOf(Labels, pid));
}

/** Names of containers, networks and volumes. */
export async function everythingOf(engine: Engine, pid: number): Promise<string[]> {
  const [containers, networks, { Volumes }] = await Promise.all([
    containersOf(engine, pid),
    networksOf(engine, pid),
    engine.docker.listVolumes(),
  ]);
  return [
    ...containers.map(({ Name }) => Name),
    ...networks.map(({ Name }) => Name),
    ...Volumes.filter(({ Labels }) => isOf(Labels, pid)).map(({ Name }) => Name),
  ];
}

function isOf(labels: Record<string, string> | undefined, pid: number): boolean {
  const owner = JSON.parse(labels?.[OWNER_LABEL] ?? '{}') as { pid?: number };
  return owner.pid === pid;
}
