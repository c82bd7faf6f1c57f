/**
 * Private networks of a room: one for the services and one for each link between two tracers, so that
 * a link can be cut without touching another. Addresses are fixed, for a party that is disconnected and
 * connected again must be found where it was.
 */
import { allDone } from './all-done.ts';
import type { Engine } from './engine.ts';
import { messageOf, StartError } from '../monitor/errors.ts';

export interface PrivateNetwork {
  id: string;
  name: string;
  /** Address of a part in it; `nfs`, `monitor` or a replica. */
  addressOf(part: 'nfs' | 'monitor' | number): string;
}

export interface RoomNetworks {
  services: PrivateNetwork;
  /** By `A-B`, A < B. */
  links: Map<string, PrivateNetwork>;
}

const ATTEMPTS = 5;
/** Addresses of each network: 27 bits of prefix. */
const BLOCK = 32;
const FIRST_TRACER = 10;

export async function createNetworks(
  engine: Engine,
  room: string,
  replicas: number,
  labels: Record<string, string>,
): Promise<RoomNetworks> {
  const names = ['services', ...pairs(replicas).map((pair) => `link-${pair}`)];
  for (let attempt = 1; ; attempt++) {
    const made: PrivateNetwork[] = [];
    try {
      const first = await freePool(engine, room, labels);
      const creations = names.map(async (name, index) => {
        const network = await create(engine, `tmr-${room}-${name}`, first + index * BLOCK, labels);
        made.push(network);
        return network;
      });
      const [services, ...rest] = await allDone(creations);
      const links = new Map(pairs(replicas).map((pair, index) => [pair, rest[index]!]));
      return { services: services!, links };
    } catch (error) {
      await removeNetworks(engine, made);
      // Somebody else took the pool between our look and our use.
      if (attempt < ATTEMPTS && /overlap/i.test(messageOf(error))) continue;
      throw new StartError(`cannot make networks on ${engine.url}: ${messageOf(error)}`);
    }
  }
}

export async function removeNetworks(
  engine: Engine,
  networks: readonly { id: string }[],
): Promise<void> {
  await allDone(
    networks.map(({ id }) =>
      engine.docker
        .getNetwork(id)
        .remove()
        .catch((error: { statusCode?: number }) => {
          if (error.statusCode !== 404) throw error;
        }),
    ),
  );
}

/** `1-2`, `1-3`, `2-3`: tracer i dials tracer j for i < j. */
export function pairs(replicas: number): string[] {
  const ids = Array.from({ length: replicas }, (_, index) => index + 1);
  return ids.flatMap((i) => ids.filter((j) => j > i).map((j) => `${i}-${j}`));
}

/** The engine itself finds addresses that collide with nothing it knows; we cut them into networks. */
async function freePool(
  engine: Engine,
  room: string,
  labels: Record<string, string>,
): Promise<number> {
  const probe = await engine.docker.createNetwork({
    Name: `tmr-${room}-probe`,
    Internal: true,
    Labels: labels,
  });
  try {
    const { IPAM } = (await probe.inspect()) as { IPAM?: { Config?: { Subnet?: string }[] } };
    const subnet = IPAM?.Config?.[0]?.Subnet ?? '';
    if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(subnet)) {
      throw new Error(`expected an IPv4 subnet from the engine, got '${subnet}'`);
    }
    return toNumber(subnet.replace(/\/.*/, ''));
  } finally {
    await probe.remove();
  }
}

async function create(
  engine: Engine,
  name: string,
  first: number,
  labels: Record<string, string>,
): Promise<PrivateNetwork> {
  const network = await engine.docker.createNetwork({
    Name: name,
    // No way out, and none in.
    Internal: true,
    Labels: labels,
    IPAM: { Driver: 'default', Config: [{ Subnet: `${toText(first)}/27` }] },
  });
  return {
    id: network.id,
    name,
    addressOf: (part) =>
      toText(first + (part === 'nfs' ? 2 : part === 'monitor' ? 3 : FIRST_TRACER + part)),
  };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
