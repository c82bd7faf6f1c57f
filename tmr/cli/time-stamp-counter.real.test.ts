import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { DaemonClient } from '../monitor/daemon-client.ts';
import { sessionKey } from '../wire/hello.ts';
import { buildId } from '../wire/build-id.ts';
import { samplePlan } from '../wire/sample-plan.ts';
import type { TscPolicy } from '../wire/session-plan.ts';
import { TracerDaemon } from '../tracer/daemon.ts';

const secret = Buffer.from('5'.repeat(64));
const session = samplePlan().session;
const open: { close(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0).toReversed()) one.close();
});

async function start(tsc: TscPolicy, traps: boolean) {
  const daemon = new TracerDaemon({
    listen: { host: '127.0.0.1', port: 0 },
    secret,
    maxSessions: 1,
    keepIdle: 0,
    entry: fileURLToPath(new URL('../../dist/session.js', import.meta.url)),
    trapsTsc: () => traps,
  });
  open.push(daemon);
  const at = await daemon.listen();
  const client = await DaemonClient.connect(1, at, session, sessionKey(secret, session), buildId());
  open.push(client);
  const plan = samplePlan();
  return client.start({ ...plan, settings: { ...plan.settings, tsc } });
}

describe('a tracer daemon', () => {
  it('refuses a trap of rdtsc on a machine that traps none, and says what to do', async () => {
    await expect(start('trap', false)).rejects.toThrow(
      /refused: expected a machine that traps rdtsc, for --tsc trap.*--tsc native/,
    );
  });

  it('tells the monitor where a trap was wanted and there is none', async () => {
    expect(await start('auto', false)).toMatchObject({ trapsTsc: false });
    expect(await start('auto', true)).toMatchObject({ trapsTsc: true });
    expect(await start('trap', true)).toMatchObject({ trapsTsc: true });
    expect(await start('native', false)).toMatchObject({ trapsTsc: true });
  });
});
