import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { PartContainer, type PartOptions } from './container.ts';
import type { Engine } from './engine.ts';

/** A container whose start is refused, or which ends without a word. */
function engineWith(start: () => Promise<void>) {
  const connection = new Duplex({ read: () => undefined, write: (_, __, done) => done() });
  const removed: object[] = [];
  const container = {
    attach: () => Promise.resolve(connection),
    start,
    wait: () => Promise.resolve({}),
    remove: (how: object) => Promise.resolve(removed.push(how)),
  };
  const docker = { createContainer: () => Promise.resolve(container) };
  return { engine: { docker } as unknown as Engine, connection, removed };
}

const options = (engine: Engine): PartOptions => ({
  engine,
  name: 'tmr-1-tracer-2',
  title: 'tracer 2',
  create: {},
  networks: [],
  secret: 's',
  onLine: () => undefined,
});

it('tells of a start that fails in every way at once by one error, and removes the container', async () => {
  const { engine, connection, removed } = engineWith(() => {
    // Its streams end before the engine says no: nobody waits for them any more (no unhandled rejection).
    connection.push(null);
    return new Promise((_, reject) => setTimeout(() => reject(new Error('no such image')), 20));
  });
  await expect(PartContainer.start(options(engine))).rejects.toThrow(
    'cannot start the container of tracer 2: no such image',
  );
  expect(removed).toEqual([{ force: true, v: true }]);
});

it('tells of one that ends at once', async () => {
  const { engine, connection, removed } = engineWith(() => {
    connection.push(null);
    return Promise.resolve();
  });
  await expect(PartContainer.start(options(engine))).rejects.toThrow(
    'tracer 2 ended at once: without a word',
  );
  expect(removed).toHaveLength(1);
});
