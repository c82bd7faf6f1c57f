/** A Docker engine: found, asked for its version, and refused in words that say what to do. */
import Docker from 'dockerode';
import { messageOf, StartError } from '../monitor/errors.ts';

/** Of Docker 20.10, the oldest engine that this was run on. */
export const API_VERSION_MIN = '1.41';
const ANSWER_MS = 10_000;
export const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

export interface Engine {
  docker: Docker;
  url: string;
  /** Where its published ports are reached; null when it was not said. */
  address: string | null;
  apiVersion: string;
}

/** As dockerode has it; its types do not tell. */
interface VersionWithSignal {
  version(options: { abortSignal: AbortSignal }): Promise<{ ApiVersion: string }>;
}

export interface EngineLocation {
  url: string;
  address: string | null;
}

/**
 * `unix:///PATH`, `tcp://HOST:PORT`; with several engines a unix one needs `=ADDRESS` behind it, where
 * its published ports are reached. Throws StartError.
 */
export function parseEngine(text: string): EngineLocation {
  const [url = '', address] = text.split('=', 2);
  const tcp = /^(?:tcp|http):\/\/(\[[0-9a-fA-F:]+\]|[^:/[\]]+):(\d+)\/?$/.exec(url);
  if (tcp !== null) return { url, address: address ?? tcp[1]!.replace(/[[\]]/g, '') };
  if (/^unix:\/\/\/.+/.test(url)) return { url, address: address ?? null };
  throw new StartError(
    `expected an engine as unix:///PATH or tcp://HOST:PORT, got '${text}'; for example ${DEFAULT_SOCKET}`,
  );
}

/** DOCKER_HOST, or Docker's own default. */
export function defaultEngine(environment: NodeJS.ProcessEnv = process.env): EngineLocation {
  const host = environment['DOCKER_HOST'];
  return parseEngine(host === undefined || host === '' ? DEFAULT_SOCKET : host);
}

/**
 * Connects and checks, with a bound on the first answer alone. Throws StartError that says what was expected
 * and how to mend it.
 */
export async function openEngine(location: EngineLocation, answerMs = ANSWER_MS): Promise<Engine> {
  const docker = client(location.url);
  const abortSignal = AbortSignal.timeout(answerMs);
  let version: { ApiVersion: string };
  try {
    version = await (docker as VersionWithSignal).version({ abortSignal });
  } catch (error) {
    throw new StartError(
      abortSignal.aborted
        ? `the Docker engine at ${location.url} did not answer within ${answerMs} ms: restart it, or name another`
        : describeFailure(location.url, error),
    );
  }
  if (compareVersions(version.ApiVersion, API_VERSION_MIN) < 0) {
    throw new StartError(
      `engine ${location.url}: expected API version ${API_VERSION_MIN} or newer (Docker 20.10), got ` +
        `${version.ApiVersion}; update the engine`,
    );
  }
  return { ...location, docker, apiVersion: version.ApiVersion };
}

function client(url: string): Docker {
  const socket = /^unix:\/\/(.*)$/.exec(url)?.[1];
  if (socket !== undefined) return new Docker({ socketPath: socket });
  const { hostname, port } = new URL(url.replace(/^tcp:/, 'http:'));
  return new Docker({ host: hostname.replace(/[[\]]/g, ''), port: Number(port), protocol: 'http' });
}

function describeFailure(url: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const advice: Record<string, string> = {
    EACCES:
      'you may not use its socket: join the group that owns it (usermod -aG docker USER), or use a rootless engine',
    ENOENT:
      'nothing is there: install and start Docker (apt-get install docker.io), or name the engine by DOCKER_HOST or --engines',
    ECONNREFUSED:
      'nobody listens there: start dockerd, or name the engine by DOCKER_HOST or --engines',
  };
  return `cannot use the Docker engine at ${url}: ${advice[code] ?? messageOf(error)}`;
}

/** Negative when `a` is older than `b`: dotted numbers. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
