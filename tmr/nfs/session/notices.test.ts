/** Who gets in, who is put out, and what the monitor hears of it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { mnt } from '../protocol/mount.ts';
import { bye, flag, status, type SessionConfig } from '../protocol/private-program.ts';
import { openSession, serve, sessionConfig } from '../testing/fixture.ts';
import type { RpcClient } from '../testing/rpc-client.ts';

async function trio(config: Partial<SessionConfig> = {}) {
  const fixture = await serve();
  const { session, monitor, replicas } = await openSession(fixture, config);
  const [one, two, three] = replicas as [RpcClient, RpcClient, RpcClient];
  return { ...fixture, session, monitor, one, two, three };
}

const against = (accused: number) => ({ accused, stream: 0, k: 12, mechanism: 'signature' });

describe('a flag', () => {
  test('needs the notices of two other replicas; a lone one changes nothing', async () => {
    const t = await trio();
    expect(await t.one.tmr(flag, against(2))).toEqual({ ok: true, counted: false });
    expect(await t.one.tmr(flag, against(2))).toEqual({ ok: true, counted: false });
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state.flags).toEqual([]);
    expect(state.notices).toMatchObject([{ accuser: 1, accused: 2, counted: false, k: 12 }]);
    // The accused is still served.
    expect(await t.two.tmr(flag, against(3))).toMatchObject({ ok: true });
  });

  test("cuts the accused's connections, all of them, and it stays out", async () => {
    const t = await trio();
    const second = await t.dial();
    await second.hello({ session: t.session, replica: 2 });
    await t.one.tmr(flag, against(2));
    expect(await t.three.tmr(flag, against(2))).toEqual({ ok: true, counted: true });
    await Promise.all([t.two.ended, second.ended]);
    const again = await t.dial();
    await expect(again.hello({ session: t.session, replica: 2 })).rejects.toThrow(
      'replica 2 of session trial-1 is flagged and stays out',
    );
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state.flags).toMatchObject([{ accused: 2, tIsolatedNs: expect.any(Number) }]);
    expect(state.notices).toMatchObject([
      { accuser: 1, counted: true },
      { accuser: 3, counted: true },
    ]);
  });

  test('does not count the accused against itself or unknown replicas', async () => {
    const t = await trio();
    expect(await t.one.tmr(flag, against(1))).toMatchObject({ ok: false });
    expect(await t.one.tmr(flag, against(4))).toMatchObject({ ok: false });
    expect(await t.one.tmr(flag, against(0))).toMatchObject({ ok: false });
    expect(await t.monitor.tmr(flag, against(1))).toMatchObject({ ok: false });
    expect((await t.monitor.tmr(status, { since: 0 })).notices).toEqual([]);
  });

  test('does not count a notice of a replica that was flagged since', async () => {
    const t = await trio({ replicas: 4 });
    const four = await t.dial();
    await four.hello({ session: t.session, replica: 4 });
    await t.three.tmr(flag, against(1));
    await t.one.tmr(flag, against(3));
    await t.two.tmr(flag, against(3));
    await t.three.ended;
    expect(await t.two.tmr(flag, against(1))).toEqual({ ok: true, counted: false });
    expect(await four.tmr(flag, against(1))).toEqual({ ok: true, counted: true });
  });

  test('in duplex ends the session and flags nobody', async () => {
    const t = await trio();
    await t.one.tmr(flag, against(2));
    await t.three.tmr(flag, against(2));
    expect(await t.one.tmr(flag, against(3))).toEqual({
      ok: false,
      reason: 'notice in duplex',
    });
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state).toMatchObject({ state: 'stopped', reason: 'notice in duplex' });
    expect(state.flags.map(({ accused }) => accused)).toEqual([2]);
  });

  test('under paper is the first notice', async () => {
    const t = await trio({ policy: 'paper' });
    expect(await t.one.tmr(flag, against(2))).toEqual({ ok: true, counted: true });
    await t.two.ended;
  });
});

describe('status', () => {
  test('waits once on a connection; one that need not wait is answered beside it', async () => {
    const t = await trio();
    const { version } = await t.monitor.tmr(status, { since: 0 });
    const poll = t.monitor.tmr(status, { since: version });
    await expect(t.monitor.tmr(status, { since: version })).rejects.toThrow('not-accepted');
    expect((await t.monitor.tmr(status, { since: 0 })).version).toBe(version);
    await t.one.tmr(flag, against(2));
    expect((await poll).version).toBeGreaterThan(version);
    const next = t.monitor.tmr(status, { since: version + 1 });
    await t.three.tmr(flag, against(2));
    expect((await next).flags).toHaveLength(1);
  });

  test('waits for a change when the version is known already', async () => {
    const t = await trio();
    const { version } = await t.monitor.tmr(status, { since: 0 });
    const poll = t.monitor.tmr(status, { since: version });
    await t.one.tmr(flag, against(2));
    const state = await poll;
    expect(state.version).toBeGreaterThan(version);
    expect(state.notices).toHaveLength(1);
  });
});

describe('hello', () => {
  test('with another secret is refused to dialler and listener', async () => {
    const { dial } = await serve();
    const wrong = { secret: Buffer.from('another'), config: sessionConfig() };
    const client = await dial();
    await expect(client.hello({ session: 's', role: 'monitor' }, wrong)).rejects.toThrow(
      "does not know this session's secret",
    );
  });

  test('of a replica whose monitor has not opened the session is refused by name', async () => {
    const client = await (await serve()).dial();
    await expect(client.hello({ session: 'nobody', replica: 1 })).rejects.toThrow(
      'session nobody is not open here',
    );
    await client.ended;
  });

  test('of a replica that the session does not have is refused', async () => {
    const t = await trio();
    const client = await t.dial();
    await expect(client.hello({ session: t.session, replica: 4 })).rejects.toThrow(
      'has replicas 1 to 3, not 4',
    );
  });

  test('of a replica with four connections is refused until one of them ends', async () => {
    const t = await trio();
    const another = async () => {
      const client = await t.dial();
      await client.hello({ session: t.session, replica: 1 });
      return client;
    };
    const second = await another();
    await another();
    await another();
    await expect(another()).rejects.toThrow('has 4 connections already');
    await second.close();
    await vi.waitFor(another);
  });

  test.each([
    ['no JSON', undefined, 'as JSON'],
    ['a policy of nobody', { ...sessionConfig(), policy: 'x' }, 'policy'],
    [
      'a volume that is not there',
      sessionConfig({
        volumes: [{ subtree: 'none', path: '/w', access: 'rw', consistency: 'session' }],
      }),
      'expected a directory at',
    ],
    [
      'a relative path',
      sessionConfig({
        volumes: [{ subtree: '/', path: 'w', access: 'rw', consistency: 'session' }],
      }),
      'volumes.0.path',
    ],
  ])('of a monitor with %s is refused', async (_what, config, reason) => {
    const client = await (await serve()).dial();
    const hello = client.hello({ session: 's', role: 'monitor' }, { config });
    await expect(hello).rejects.toThrow(reason);
  });

  test('of a second monitor is refused, and so is one session more than the maximum', async () => {
    const fixture = await serve({ maxSessions: 2 });
    const config = sessionConfig({ volumes: [] });
    const open = async (session: string) =>
      (await fixture.dial()).hello({ session, role: 'monitor' }, { config });
    await open('a');
    await expect(open('a')).rejects.toThrow('session a is open already');
    await open('b');
    await expect(open('c')).rejects.toThrow('maximum of 2 sessions');
  });

  test("of a session that wants another one's volume is refused", async () => {
    const t = await trio();
    mkdirSync(join(t.root, 'sub'));
    const config = sessionConfig({
      volumes: [{ subtree: 'sub', path: '/s', access: 'ro', consistency: 'session' }],
    });
    const other = await t.dial();
    await expect(other.hello({ session: 'b', role: 'monitor' }, { config })).rejects.toThrow(
      'which session trial-1 has',
    );
  });
});

describe('the end of a session', () => {
  test("by the monitor's goodbye closes the replicas' connections and frees the name", async () => {
    const t = await trio();
    await t.monitor.tmr(bye, undefined);
    await Promise.all([t.one.ended, t.two.ended, t.three.ended]);
    await expect(openSession(t)).resolves.toMatchObject({ session: t.session });
  });

  test("by the end of the monitor's connection does the same", async () => {
    const t = await trio();
    await t.monitor.close();
    await Promise.all([t.one.ended, t.two.ended, t.three.ended]);
    const late = await t.dial();
    await expect(late.hello({ session: t.session, replica: 1 })).rejects.toThrow('is not open');
  });
});

test('a plain client is kept off a volume while a session has it', async () => {
  const fixture = await serve({ plain: ['/'] });
  mkdirSync(join(fixture.root, 'volume'));
  mkdirSync(join(fixture.root, 'free'));
  const plain = await fixture.dial();
  const mount = (name: string) => plain.mount(mnt, Buffer.from(join(fixture.root, name)));
  expect(await mount('volume')).toMatchObject({ status: 0 });
  const volumes = [
    { subtree: 'volume', path: '/w', access: 'rw', consistency: 'session' },
  ] as SessionConfig['volumes'];
  const { monitor } = await openSession(fixture, { volumes });
  expect(await mount('volume')).toEqual({ status: 13 });
  expect(await mount('free')).toMatchObject({ status: 0 });
  await monitor.tmr(bye, undefined);
  await monitor.ended;
  expect(await mount('volume')).toMatchObject({ status: 0 });
});
