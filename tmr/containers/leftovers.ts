/**
 * Containers, networks and volumes say by a label whose they are. What belongs to an owner that is gone is
 * removed at the next start and by `tmr clean`; what other machines own at a shared engine is theirs.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Network } from 'dockerode';
import { startTimeOf } from '../monitor/process-start.ts';
import { removeContainer } from './container.ts';
import type { Engine } from './engine.ts';

export const OWNER_LABEL = 'org.tmr.owner';

export interface Owner {
  /** A digest, for an engine may be anybody's. */
  machine: string;
  boot: string;
  pid: number;
  /** Field 22 of /proc/PID/stat. */
  start: string;
}

const DIGEST_LENGTH = 16;
/** 403: a network with endpoints; 409: a volume that is in use. */
const NOT_FOUND_OR_IN_USE = [403, 404, 409];

export function thisProcess(): Owner {
  return {
    machine: machineId(),
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    pid: process.pid,
    start: startTimeOf(process.pid) ?? '',
  };
}

/** Labels for everything that this process makes. */
export function ownerLabel(): Record<string, string> {
  return { [OWNER_LABEL]: JSON.stringify(thisProcess()) };
}

/** On this machine, and not running any more. */
export function isGone(label: string | undefined, here: Owner = thisProcess()): boolean {
  const owner = parse(label);
  if (owner?.machine !== here.machine) return false;
  return owner.boot !== here.boot || startTimeOf(owner.pid) !== owner.start;
}

/** Returns what was removed, a phrase each. */
export async function removeContainerLeftovers({ docker }: Engine): Promise<string[]> {
  const filters = { label: [OWNER_LABEL] };
  const removed: string[] = [];
  const labelled = (labels: Record<string, string> | undefined): boolean =>
    isGone(labels?.[OWNER_LABEL]);
  const containers = await docker.listContainers({ all: true, filters });
  for (const { Id, Names } of containers.filter(({ Labels }) => labelled(Labels))) {
    await removeContainer(docker.getContainer(Id));
    removed.push(`container ${Names[0]?.replace(/^\//, '') ?? Id}`);
  }
  const networks = await docker.listNetworks({ filters });
  for (const { Id, Name } of networks.filter(({ Labels }) => labelled(Labels))) {
    if (await gently(removeNetwork(docker.getNetwork(Id)))) removed.push(`network ${Name}`);
  }
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of (Volumes ?? []).filter(({ Labels }) => labelled(Labels))) {
    const removal = docker.getVolume(Name).remove({ force: true });
    if (await gently(removal)) removed.push(`volume ${Name}`);
  }
  return removed;
}

/** A network with endpoints stays; those of dead containers may have been forgotten in it. */
async function removeNetwork(network: Network): Promise<void> {
  const { Containers } = (await network.inspect()) as { Containers?: Record<string, unknown> };
  for (const Container of Object.keys(Containers ?? {})) {
    await gently(network.disconnect({ Container, Force: true }));
  }
  await network.remove();
}

/** False when it is gone already, for another start may be removing the same, or somebody uses it. */
async function gently(removal: Promise<unknown>): Promise<boolean> {
  try {
    await removal;
    return true;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode ?? 0;
    if (NOT_FOUND_OR_IN_USE.includes(status)) return false;
    throw error;
  }
}

function parse(label: string | undefined): Owner | undefined {
  try {
    return JSON.parse(label ?? '') as Owner;
  } catch {
    return undefined;
  }
}

function machineId(): string {
  let id = '';
  try {
    id = readFileSync('/etc/machine-id', 'latin1').trim();
  } catch {
    // A container or a minimal system has none: its host name tells it apart.
  }
  return createHash('sha256').update(`${id}\0${hostname()}`).digest('hex').slice(0, DIGEST_LENGTH);
}
