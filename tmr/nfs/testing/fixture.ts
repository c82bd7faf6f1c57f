/** A server over a temporary directory, and the connections of a test; all end with the test. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Address } from '../../wire/messages.ts';
import type { Volume } from '../../wire/session-plan.ts';
import { mnt } from '../protocol/mount.ts';
import type { SessionConfig } from '../protocol/private-program.ts';
import { NfsServer, type NfsServerOptions } from '../server.ts';
import { RpcClient, SECRET } from './rpc-client.ts';

export interface Fixture {
  root: string;
  address: Address;
  server: NfsServer;
  /** What the server logged. */
  log: string[];
  dial: () => Promise<RpcClient>;
}

export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'tmr-nfs-test-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function serve(options: Partial<NfsServerOptions> = {}): Promise<Fixture> {
  const root = options.exportRoot ?? temporaryDirectory();
  const log: string[] = [];
  const server = new NfsServer({
    exportRoot: root,
    listen: { host: '127.0.0.1', port: 0 },
    secret: SECRET,
    plainAnyPort: true,
    log: (line) => log.push(line),
    ...options,
  });
  const address = await server.listen();
  const clients: RpcClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) await client.close();
    await server.close();
  });
  const dial = async () => {
    const client = await RpcClient.dial(address);
    clients.push(client);
    return client;
  };
  return { root, address, server, log, dial };
}

/** A plain client with the root of the export mounted. */
export async function mountPlain(
  options: Partial<NfsServerOptions> = {},
): Promise<Fixture & { client: RpcClient; rootHandle: Buffer }> {
  const fixture = await serve({ plain: ['/'], ...options });
  const client = await fixture.dial();
  const mounted = await client.mount(mnt, Buffer.from(fixture.root));
  if (mounted.status !== 0) throw new Error(`MNT: ${mounted.status}`);
  return { ...fixture, client, rootHandle: mounted.root };
}

export const rootVolume: Volume = {
  subtree: '/',
  path: '/work',
  access: 'rw',
  consistency: 'session',
};

export function sessionConfig(config: Partial<SessionConfig> = {}): SessionConfig {
  return { replicas: 3, policy: 'agreed', detect: 'any', volumes: [rootVolume], ...config };
}

/** An open session: its monitor and one connection for each replica. */
export async function openSession(
  fixture: Fixture,
  config: Partial<SessionConfig> = {},
  session = 'trial-1',
): Promise<{ session: string; monitor: RpcClient; replicas: RpcClient[] }> {
  const full = sessionConfig(config);
  const monitor = await fixture.dial();
  await monitor.hello({ session, role: 'monitor' }, { config: full });
  const replicas: RpcClient[] = [];
  for (let replica = 1; replica <= full.replicas; replica++) {
    const client = await fixture.dial();
    await client.hello({ session, replica });
    replicas.push(client);
  }
  return { session, monitor, replicas };
}
