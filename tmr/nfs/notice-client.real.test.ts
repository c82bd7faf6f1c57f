/** docs/notice-client.py: the private program as another language sees it. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { status } from './protocol/private-program.ts';
import { openSession, serve, temporaryDirectory, type Fixture } from './testing/fixture.ts';
import { SECRET, type RpcClient } from './testing/rpc-client.ts';

const script = fileURLToPath(new URL('../../docs/notice-client.py', import.meta.url));
const run = promisify(execFile);

/** Sends a notice by the Python client; what it prints, or how it failed. */
async function notice(
  { address }: Fixture,
  words: { session: string; replica: number; accused: number; secret?: Buffer },
): Promise<string> {
  const secretFile = join(temporaryDirectory(), 'secret');
  writeFileSync(secretFile, `${(words.secret ?? SECRET).toString()}\n`, { mode: 0o600 });
  const { session, replica, accused } = words;
  const args = [script, address.host, String(address.port), secretFile, session];
  try {
    const { stdout } = await run('python3', [...args, String(replica), String(accused)]);
    return stdout.trim();
  } catch (error) {
    return (error as { stderr: string }).stderr.trim();
  }
}

test("a lone notice from outside changes nothing, a second replica's counts", async () => {
  const fixture = await serve();
  const { session, monitor, replicas } = await openSession(fixture);
  expect(await notice(fixture, { session, replica: 1, accused: 2 })).toBe('not counted');
  expect((await monitor.tmr(status, { since: 0 })).flags).toEqual([]);
  expect(await notice(fixture, { session, replica: 3, accused: 2 })).toBe('counted');
  await (replicas[1] as RpcClient).ended;
  const state = await monitor.tmr(status, { since: 0 });
  expect(state.flags).toMatchObject([{ accused: 2 }]);
  expect(await notice(fixture, { session, replica: 2, accused: 1 })).toContain(
    'is flagged and stays out',
  );
});

test('a notice without the secret, or for no session, is refused by name', async () => {
  const fixture = await serve();
  const { session } = await openSession(fixture);
  const secret = Buffer.from('another secret altogether');
  expect(await notice(fixture, { session, replica: 1, accused: 2, secret })).toContain('secret');
  expect(await notice(fixture, { session: 'none', replica: 1, accused: 2 })).toContain(
    'session none is not open here',
  );
});
