/**
 * Who is reached where: on one engine over private networks with fixed addresses, on several over
 * ports that each engine publishes. The rest of a room does not know the difference.
 */
import type { ContainerCreateOptions } from 'dockerode';
import { ConfigurationError, StartError } from '../monitor/errors.ts';
import type { Engine } from './engine.ts';
import { createNetworks, pairs, removeNetworks, type RoomNetworks } from './networks.ts';
import { planPorts } from './port-plan.ts';

export type Part = 'nfs' | 'monitor' | number;

/** What the creation of a part's container needs to know of the network. */
export interface Attachment {
  create: ContainerCreateOptions;
  /** Binding, exposed ports and the first network, for HostConfig. */
  host: NonNullable<ContainerCreateOptions['HostConfig']>;
  /** Networks that it is connected to before it starts. */
  networks: { id: string; address: string }[];
  listen: string;
}

export interface Topology {
  attachment(part: Part): Attachment;
  /** Options of `tmr monitor` for session number `slot` of those that run at once. */
  sessionArguments(slot: number): string[];
  /** Networks of a tracer; of a link when a peer is named. */
  networksOf(replica: number, peer?: number): { engine: Engine; id: string; address: string }[];
  close(): Promise<void>;
}

/** A port of ours inside a private network. */
const [NFS_PORT, TRACER_PORT] = [7200, 7100];

export async function privateTopology(
  engine: Engine,
  room: string,
  replicas: number,
  labels: Record<string, string>,
): Promise<Topology> {
  const networks = await createNetworks(engine, room, replicas, labels);
  const { services, links } = networks;
  const linksOf = (replica: number, peer?: number) =>
    [...links]
      .filter(([pair]) => pair.split('-').includes(String(replica)))
      .filter(([pair]) => peer === undefined || pair.split('-').includes(String(peer)))
      .map(([, network]) => ({ id: network.id, address: network.addressOf(replica) }));
  return {
    attachment: (part) => ({
      create: {
        NetworkingConfig: {
          EndpointsConfig: {
            [services.name]: { IPAMConfig: { IPv4Address: services.addressOf(part) } },
          },
        },
      },
      host: { NetworkMode: services.name },
      networks: typeof part === 'number' ? linksOf(part) : [],
      listen: part === 'nfs' ? `0.0.0.0:${NFS_PORT}` : `0.0.0.0:${TRACER_PORT}`,
    }),
    sessionArguments: () => privateArguments(networks, replicas),
    networksOf(replica, peer) {
      const own =
        peer === undefined ? [{ id: services.id, address: services.addressOf(replica) }] : [];
      return [...own, ...linksOf(replica, peer)].map((network) => ({ engine, ...network }));
    },
    close: () => removeNetworks(engine, [services, ...links.values()]),
  };
}

function privateArguments({ services, links }: RoomNetworks, replicas: number): string[] {
  const tracers = ids(replicas).map((replica) => `${services.addressOf(replica)}:${TRACER_PORT}`);
  const args = [
    '--tracers',
    tracers.join(','),
    '--nfs',
    `${services.addressOf('nfs')}:${NFS_PORT}`,
  ];
  args.push('--listen', `${services.addressOf('monitor')}:0`);
  for (const pair of pairs(replicas)) {
    const to = Number(pair.split('-')[1]);
    args.push('--via', `${pair}=${links.get(pair)!.addressOf(to)}`);
  }
  return args;
}

export interface PublishedOptions {
  engines: readonly Engine[];
  room: string;
  replicas: number;
  /** Sessions at once. */
  jobs: number;
  /** Option --session-ports. */
  sessionPorts: string;
  labels: Record<string, string>;
}

/** Engine of a part: monitor and file server on the first, tracers in turn. */
export function engineOf(engines: readonly Engine[], part: Part): Engine {
  const index = typeof part === 'number' ? (part - 1) % engines.length : 0;
  return engines[index]!;
}

export async function publishedTopology(options: PublishedOptions): Promise<Topology> {
  const { engines, room, replicas, jobs, sessionPorts, labels } = options;
  for (const { url, address } of engines) {
    if (address !== null) continue;
    throw new ConfigurationError(
      `--engines: expected ${url}=ADDRESS, where the ports that it publishes are reached from the other engines`,
    );
  }
  const { nfs, daemons, sessions } = planPorts({ replicas, jobs, sessionPorts });
  const networks = new Map<Engine, { id: string; name: string }>();
  for (const engine of new Set(engines)) {
    const name = `tmr-${room}`;
    const { id } = await engine.docker
      .createNetwork({ Name: name, Labels: labels })
      .catch((error: Error) => {
        throw new StartError(`cannot make a network on ${engine.url}: ${error.message}`);
      });
    networks.set(engine, { id, name });
  }
  const addressOf = (part: Part): string => engineOf(engines, part).address!;
  const portsOf = (part: Part): number[] => {
    if (part === 'nfs') return [nfs];
    if (part === 'monitor') return sessions.map((of) => of[0]!);
    return [daemons[part - 1]!, ...sessions.map((of) => of[part]!)];
  };
  return {
    attachment(part) {
      const engine = engineOf(engines, part);
      const keys = portsOf(part).map((port) => `${port}/tcp`);
      const bindings = portsOf(part).map((port) => [
        { HostIp: engine.address!, HostPort: String(port) },
      ]);
      return {
        create: { ExposedPorts: Object.fromEntries(keys.map((key) => [key, {}])) },
        host: {
          NetworkMode: networks.get(engine)!.name,
          PortBindings: Object.fromEntries(keys.map((key, index) => [key, bindings[index]])),
        },
        networks: [],
        listen: `0.0.0.0:${portsOf(part)[0]}`,
      };
    },
    sessionArguments(slot) {
      const [monitor, ...own] = sessions[slot] as [number, ...number[]];
      const tracers = ids(replicas).map(
        (replica) => `${addressOf(replica)}:${daemons[replica - 1]}`,
      );
      const args = ['--tracers', tracers.join(','), '--nfs', `${addressOf('nfs')}:${nfs}`];
      args.push('--listen', `0.0.0.0:${monitor}`, '--session-ports', `${own[0]}-${own.at(-1)}`);
      for (const replica of ids(replicas)) {
        args.push('--via', `${replica}-monitor=${addressOf('monitor')}:${monitor}`);
      }
      return args;
    },
    networksOf(replica, peer) {
      if (peer !== undefined) return [];
      const engine = engineOf(engines, replica);
      return [{ engine, id: networks.get(engine)!.id, address: '' }];
    },
    async close() {
      for (const [engine, network] of networks) await removeNetworks(engine, [network]);
    },
  };
}

function ids(replicas: number): number[] {
  return Array.from({ length: replicas }, (_, index) => index + 1);
}
