import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { DaemonClient } from './daemon-client.ts';
import { FileServerClient } from './file-server-client.ts';

const key = Buffer.alloc(32);
const identity = { role: 'monitor', session: 's', replica: 0, buildId: 'b' } as const;
const config = { replicas: 3, policy: 'agreed', detect: 'any', volumes: [] } as const;

/** Something that listens and does this with each caller. */
async function someServer(
  serve: (socket: Socket) => void,
  use: (at: { host: string; port: number }) => Promise<void>,
): Promise<void> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('expected a TCP address');
  try {
    await use({ host: '127.0.0.1', port: bound.port });
  } finally {
    server.close();
  }
}

it.each([
  ['hangs up', (socket: Socket) => void socket.destroy()],
  [
    'sends a tracer frame',
    (socket: Socket) => void socket.write('800000080000000000000021', 'hex'),
  ],
])('tells which part was expected where something %s', async (_what, serve) => {
  await someServer(serve, async (at) => {
    const where = `127.0.0.1:${at.port}`;
    await expect(
      FileServerClient.open(at, identity, key, { ...config, volumes: [] }),
    ).rejects.toThrow(new RegExp(`expected 'tmr nfs' at ${where}.*give --nfs`));
    await expect(DaemonClient.connect(1, at, 's', key, 'b')).rejects.toThrow(
      new RegExp(`expected 'tmr tracer' at ${where}.*give --tracers`),
    );
  });
});
