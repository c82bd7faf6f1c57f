/** Addresses, port ranges and the user's detours (`--via`). */
import type { ReplicaId } from '../core/types.ts';
import type { Address } from '../wire/messages.ts';
import { ConfigurationError } from './errors.ts';

/** `HOST:PORT` or `[IPV6]:PORT`. Throws ConfigurationError that names `option`. */
export function parseAddress(text: string, option: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65535) return { host, port };
  throw new ConfigurationError(
    `${option}: expected HOST:PORT such as 127.0.0.1:7001 or [::1]:7001, got '${text}'`,
  );
}

/** The inverse of parseAddress. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** `--session-ports A-B`: replica r listens on A+r-1; `0` is any free port for each. */
export function parseSessionPorts(text: string, replicas: number): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  const first = Number(match?.[1] ?? NaN);
  const last = Number(match?.[2] ?? (first === 0 ? 0 : NaN));
  if (!(first >= 0 && last >= first && last <= 65535)) {
    throw new ConfigurationError(
      `--session-ports: expected a range A-B of ports such as 41001-41003, got '${text}'`,
    );
  }
  const numbers = Array.from({ length: replicas }, (_, index) => index);
  if (first === 0) return numbers.map(() => 0);
  if (last - first + 1 < replicas) {
    throw new ConfigurationError(
      `--session-ports: expected ${replicas} ports, one a replica, got ${last - first + 1} in '${text}'`,
    );
  }
  return numbers.map((index) => first + index);
}

/** Where a party is dialled instead of at its own address. */
interface Detour {
  host: string;
  /** Undefined: the port on which the party listens. */
  port: number | undefined;
}

/** Where tracer `from` is to dial for a party: a proxy of the user's, or another of its networks. */
export class Routes {
  readonly #detours = new Map<string, Detour>();

  /** `specifications` are FROM-TO=HOST or FROM-TO=HOST:PORT, TO being a replica, `nfs` or `monitor`. */
  constructor(specifications: readonly string[], replicas: number) {
    for (const text of specifications) {
      const [link, detour] = parseVia(text, replicas);
      this.#detours.set(link, detour);
    }
  }

  /** Puts numbers in the place of host names: session processes dial numbers only. */
  async resolve(numeric: (address: Address) => Promise<Address>): Promise<void> {
    for (const [link, { host, port }] of this.#detours) {
      this.#detours.set(link, { host: (await numeric({ host, port: port ?? 0 })).host, port });
    }
  }

  peer(from: ReplicaId, to: ReplicaId, own: Address): Address {
    return this.#route(`${from}-${to}`, own);
  }

  nfs(from: ReplicaId, own: Address): Address {
    return this.#route(`${from}-nfs`, own);
  }

  monitor(from: ReplicaId, own: Address): Address {
    return this.#route(`${from}-monitor`, own);
  }

  #route(link: string, own: Address): Address {
    const detour = this.#detours.get(link);
    return detour === undefined ? own : { host: detour.host, port: detour.port ?? own.port };
  }
}

function parseVia(text: string, replicas: number): [string, Detour] {
  const match = /^(\d+)-(\d+|nfs|monitor)=(.+)$/.exec(text.trim());
  const from = Number(match?.[1]);
  const to = match?.[2];
  if (match === null || to === undefined || !(from >= 1 && from <= replicas)) {
    throw new ConfigurationError(
      `--via: expected FROM-TO=HOST or FROM-TO=HOST:PORT such as 1-2=127.0.0.1:9000, 1-nfs=... or ` +
        `1-monitor=... with FROM in 1..${replicas}, got '${text}'`,
    );
  }
  const peer = Number(to);
  if (peer <= from || peer > replicas) {
    throw new ConfigurationError(
      `--via: tracer i dials tracer j for i < j <= ${replicas}, so ${from}-${to} is never dialled` +
        (peer < from ? `; did you mean ${to}-${from}?` : ''),
    );
  }
  return [`${from}-${to}`, parseDetour((match[3] ?? '').trim())];
}

function parseDetour(text: string): Detour {
  const host = /^\[([0-9a-fA-F:.]+)\]$/.exec(text)?.[1] ?? /^[^:[\]\s]+$/.exec(text)?.[0];
  if (host === undefined) return parseAddress(text, '--via');
  // The system takes a bare number for an IPv4 address of 32 bits.
  if (!/^\d+$/.test(host)) return { host, port: undefined };
  throw new ConfigurationError(`--via: expected HOST or HOST:PORT, got the number ${host}`);
}
