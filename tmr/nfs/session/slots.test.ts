/** Slots as replicas see them: three connections over real TCP, and a directory to look at. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AUTH_TMR_DIGEST, MOUNT_PROGRAM, NFS_PROGRAM, nfsStatus } from '../protocol/constants.ts';
import { encodeCaller, requestDigest } from '../protocol/digest.ts';
import { lookup, mkdir, remove } from '../protocol/directory-procedures.ts';
import { getattr, read } from '../protocol/file-procedures.ts';
import { mnt } from '../protocol/mount.ts';
import { flag, status, type SessionConfig } from '../protocol/private-program.ts';
import { acceptStatus, type Reply } from '../protocol/rpc.ts';
import { XdrWriter } from '../../wire/xdr.ts';
import { openSession, serve } from '../testing/fixture.ts';
import { resultOf, type RpcClient } from '../testing/rpc-client.ts';

const session = 'trial-1';
const getuid = () => process.getuid?.() ?? 0;
const getgid = () => process.getgid?.() ?? 0;

/** Three bound replicas, each with the root of the volume by slot 1 of stream 0. */
async function trio(config: Partial<SessionConfig> = {}) {
  const fixture = await serve();
  const { monitor, replicas } = await openSession(fixture, config, session);
  const mounts = await Promise.all(
    replicas.map((each) =>
      each.slot({ session, counter: 1 }, MOUNT_PROGRAM, mnt, Buffer.from('/work')),
    ),
  );
  const [first] = mounts.map((reply) => resultOf(mnt, reply));
  if (first?.status !== nfsStatus.OK) throw new Error('MNT');
  const [one, two, three] = replicas;
  if (one === undefined) throw new Error('no replica');
  const root = Buffer.from(first.root);
  return { ...fixture, monitor, one, two: two ?? one, three: three ?? one, handle: root, mounts };
}

type Trio = Awaited<ReturnType<typeof trio>>;

function makeDirectory(t: Trio, replica: RpcClient, counter: number, name: string, uid = getuid()) {
  const args = { where: { directory: t.handle, name: Buffer.from(name) }, attributes: {} };
  return replica.slot({ session, counter, uid }, NFS_PROGRAM, mkdir, args);
}

function attributes(t: Trio, replica: RpcClient, counter: number, stream = 0) {
  const args = { object: t.handle };
  return replica.slot({ session, counter, stream }, NFS_PROGRAM, getattr, args);
}

function find(t: Trio, replica: RpcClient, counter: number, name: string) {
  const args = { directory: t.handle, name: Buffer.from(name) };
  return replica.slot({ session, counter }, NFS_PROGRAM, lookup, args);
}

/** The server has taken everything that was sent on a connection before this. */
async function settled(...clients: RpcClient[]): Promise<void> {
  for (const client of clients) await client.raw(0x20746d72, 1, 0, Buffer.alloc(0));
}

function bytesOf(reply: Reply): Buffer {
  if (reply.kind !== 'success') throw new Error(`expected success, got ${JSON.stringify(reply)}`);
  return reply.result;
}

describe('a mutating call', () => {
  test('runs on the second equal digest, not at the first arrival, and once', async () => {
    const t = await trio();
    const first = makeDirectory(t, t.one, 2, 'd');
    await settled(t.one);
    expect(readdirSync(t.root)).toEqual([]);
    const second = makeDirectory(t, t.two, 2, 'd');
    const replies = [await first, await second];
    expect(readdirSync(t.root)).toEqual(['d']);
    replies.push(await makeDirectory(t, t.three, 2, 'd'));
    for (const reply of replies) expect(resultOf(mkdir, reply).status).toBe(nfsStatus.OK);
    const [a, b, c] = replies.map(bytesOf);
    expect(a?.equals(b ?? Buffer.alloc(0)) && a.equals(c ?? Buffer.alloc(0))).toBe(true);
  });

  test('answers a retransmission with the first reply, over a new connection too', async () => {
    const t = await trio();
    const both = [makeDirectory(t, t.one, 2, 'd'), makeDirectory(t, t.two, 2, 'd')];
    const [first] = await Promise.all(both);
    const again = await t.dial();
    await again.hello({ session, replica: 1 });
    const reply = await makeDirectory(t, again, 2, 'd');
    expect(bytesOf(reply).equals(bytesOf(first as Reply))).toBe(true);
    expect(resultOf(mkdir, reply).status).toBe(nfsStatus.OK);
  });

  test('outvoted two to one: the majority runs, the odd one gets that reply and its digest', async () => {
    const t = await trio();
    const odd = makeDirectory(t, t.one, 2, 'wrong');
    await settled(t.one);
    const good = [makeDirectory(t, t.two, 2, 'right'), makeDirectory(t, t.three, 2, 'right')];
    const replies = await Promise.all([odd, ...good]);
    expect(readdirSync(t.root)).toEqual(['right']);
    const args = new XdrWriter();
    mkdir.args.write(args, {
      where: { directory: t.handle, name: Buffer.from('right') },
      attributes: {},
    });
    const caller = encodeCaller({ uid: getuid(), gid: getgid(), gids: [] });
    const executed = requestDigest(caller, NFS_PROGRAM, 3, mkdir.number, args.bytes());
    for (const reply of replies) {
      expect(reply).toMatchObject({ verifier: { flavour: AUTH_TMR_DIGEST, body: executed } });
    }
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state.digestFaults).toMatchObject([{ replica: 1, stream: 0, counter: 2 }]);
    expect(state.state).toBe('open');
  });

  test('in the name of another user is another call, and is outvoted', async () => {
    const t = await trio();
    const good = [makeDirectory(t, t.one, 2, 'd')];
    await settled(t.one);
    const odd = makeDirectory(t, t.three, 2, 'd', getuid() ^ 4096);
    await settled(t.three);
    expect(readdirSync(t.root)).toEqual([]);
    good.push(makeDirectory(t, t.two, 2, 'd'));
    const replies = await Promise.all([...good, odd]);
    for (const reply of replies) expect(resultOf(mkdir, reply).status).toBe(nfsStatus.OK);
    expect(statSync(join(t.root, 'd')).uid).toBe(getuid());
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state.digestFaults).toMatchObject([{ replica: 3, stream: 0, counter: 2 }]);
  });

  test('with three different digests nobody is answered and the session stops', async () => {
    const t = await trio();
    for (const [i, each] of [t.one, t.two, t.three].entries()) {
      makeDirectory(t, each, 2, `d${i}`).catch(() => undefined);
    }
    await settled(t.one, t.two, t.three);
    const state = await t.monitor.tmr(status, { since: 1 });
    expect(state).toMatchObject({
      state: 'stopped',
      reason: 'no quorum at file server',
    });
    expect(readdirSync(t.root)).toEqual([]);
    for (const each of [t.one, t.two, t.three]) {
      expect(each.replies.filter(({ xid }) => xid === 2)).toEqual([]);
    }
  });

  test('with two different digests stops the session when the third is gone', async () => {
    const t = await trio();
    await t.three.close();
    for (const [i, each] of [t.one, t.two].entries()) {
      makeDirectory(t, each, 2, `d${i}`).catch(() => undefined);
    }
    await settled(t.one, t.two);
    expect(await t.monitor.tmr(status, { since: 0 })).toMatchObject({
      state: 'stopped',
      reason: 'no quorum at file server',
    });
    expect(readdirSync(t.root)).toEqual([]);
  });

  test('with two different digests waits for the third while it is connected', async () => {
    const t = await trio();
    const odd = makeDirectory(t, t.one, 2, 'x');
    const good = makeDirectory(t, t.two, 2, 'd');
    await settled(t.one, t.two);
    expect(await t.monitor.tmr(status, { since: 0 })).toMatchObject({ state: 'open' });
    await makeDirectory(t, t.three, 2, 'd');
    await Promise.all([odd, good]);
    expect(readdirSync(t.root)).toEqual(['d']);
  });

  test('after a flag needs both who are left, and does not count the flagged one', async () => {
    const t = await trio();
    makeDirectory(t, t.three, 2, 'd').catch(() => undefined);
    await settled(t.three);
    const notice = { accused: 3, stream: 0, k: 9, mechanism: 'signature' };
    await t.one.tmr(flag, notice);
    await t.two.tmr(flag, notice);
    await t.three.ended;
    const first = makeDirectory(t, t.one, 2, 'd');
    await settled(t.one);
    expect(readdirSync(t.root)).toEqual([]);
    expect(resultOf(mkdir, await makeDirectory(t, t.two, 2, 'd')).status).toBe(nfsStatus.OK);
    await first;
    const other = makeDirectory(t, t.one, 3, 'x');
    other.catch(() => undefined);
    makeDirectory(t, t.two, 3, 'y').catch(() => undefined);
    await settled(t.one, t.two);
    expect(await t.monitor.tmr(status, { since: 0 })).toMatchObject({ state: 'stopped' });
    expect(readdirSync(t.root)).toEqual(['d']);
  });

  test('with one replica runs at once, with two on both', async () => {
    const t = await trio({ replicas: 1 });
    expect(resultOf(mkdir, await makeDirectory(t, t.one, 2, 'd')).status).toBe(nfsStatus.OK);
    const duplex = await trio({ replicas: 2 });
    const first = makeDirectory(duplex, duplex.one, 2, 'd');
    await settled(duplex.one);
    expect(readdirSync(duplex.root)).toEqual([]);
    await makeDirectory(duplex, duplex.two, 2, 'd');
    expect(resultOf(mkdir, await first).status).toBe(nfsStatus.OK);
  });
});

describe('a call that changes nothing', () => {
  test('runs at its first arrival, and all get that reply although the file changed', async () => {
    const t = await trio();
    const first = await attributes(t, t.one, 2);
    writeFileSync(join(t.root, 'new'), '');
    const later = await Promise.all([attributes(t, t.two, 2), attributes(t, t.three, 2)]);
    for (const reply of later) expect(bytesOf(reply).equals(bytesOf(first))).toBe(true);
  });

  test('never runs before the call before it is agreed', async () => {
    const t = await trio();
    writeFileSync(join(t.root, 'f'), 'old');
    const early = find(t, t.one, 3, 'd');
    makeDirectory(t, t.one, 2, 'd').catch(() => undefined);
    await settled(t.one);
    expect(t.one.replies.some(({ xid }) => xid === 3)).toBe(false);
    await makeDirectory(t, t.two, 2, 'd');
    // A faulty tracer that runs ahead would else make the others read the past.
    expect(resultOf(lookup, await early).status).toBe(nfsStatus.OK);
    const others = await Promise.all([find(t, t.two, 3, 'd'), find(t, t.three, 3, 'd')]);
    for (const reply of others) expect(resultOf(lookup, reply).status).toBe(nfsStatus.OK);
  });

  test('asked for wrongly by the first to arrive, runs again for the two who agree', async () => {
    const t = await trio();
    mkdirSync(join(t.root, 'right'));
    const odd = await find(t, t.one, 2, 'wrong');
    expect(resultOf(lookup, odd).status).toBe(nfsStatus.NOENT);
    const good = await Promise.all([find(t, t.two, 2, 'right'), find(t, t.three, 2, 'right')]);
    for (const reply of good) expect(resultOf(lookup, reply).status).toBe(nfsStatus.OK);
    const state = await t.monitor.tmr(status, { since: 0 });
    expect(state.digestFaults).toMatchObject([{ replica: 1, counter: 2 }]);
  });
});

test('a stream that the core does not open, and a call far ahead, are refused', async () => {
  const t = await trio();
  const refused = { kind: 'not-accepted', status: acceptStatus.SYSTEM_ERR };
  expect(await attributes(t, t.one, 1, 7)).toMatchObject(refused);
  expect(await attributes(t, t.one, 1000)).toMatchObject(refused);
  expect(t.log).toEqual([expect.stringContaining('call 1 of stream 7')]);
});

test('a straggler far behind gets the replies of all slots that it missed', async () => {
  const t = await trio();
  writeFileSync(join(t.root, 'f'), 'x');
  const ahead: Reply[] = [];
  for (let counter = 2; counter <= 200; counter++) {
    const [a] = await Promise.all([attributes(t, t.one, counter), attributes(t, t.two, counter)]);
    ahead.push(a);
  }
  for (let counter = 2; counter <= 200; counter++) {
    const reply = await attributes(t, t.three, counter);
    expect(bytesOf(reply).equals(bytesOf(ahead[counter - 2] as Reply))).toBe(true);
  }
});

test('two replicas run ahead of a silent third one by the window and no further', async () => {
  const t = await trio();
  const { WINDOW } = await import('./slots.ts');
  for (let counter = 2; counter <= WINDOW + 1; counter++) {
    await Promise.all([attributes(t, t.one, counter), attributes(t, t.two, counter)]);
  }
  const held = [attributes(t, t.one, WINDOW + 2), attributes(t, t.two, WINDOW + 2)];
  await settled(t.one, t.two);
  expect(t.one.replies.some(({ xid }) => xid === WINDOW + 2)).toBe(false);
  await attributes(t, t.three, 2);
  await Promise.all(held);
  const notice = { accused: 3, stream: 0, k: 9, mechanism: 'time-out' };
  const more = [attributes(t, t.one, WINDOW + 3), attributes(t, t.two, WINDOW + 3)];
  await settled(t.one, t.two);
  await t.one.tmr(flag, notice);
  await t.two.tmr(flag, notice);
  // Who is flagged holds nobody up.
  await Promise.all(more);
});

test('under paper a call runs at its first arrival, and stragglers get that reply', async () => {
  const t = await trio({ policy: 'paper' });
  const first = await makeDirectory(t, t.one, 2, 'd');
  expect(readdirSync(t.root)).toEqual(['d']);
  const others = await Promise.all([
    makeDirectory(t, t.two, 2, 'd'),
    makeDirectory(t, t.three, 2, 'other'),
  ]);
  for (const reply of others) expect(bytesOf(reply).equals(bytesOf(first))).toBe(true);
  expect(readdirSync(t.root)).toEqual(['d']);
});

test('the server answers NULL while a slot waits', async () => {
  const t = await trio();
  makeDirectory(t, t.one, 2, 'd').catch(() => undefined);
  await settled(t.one);
  expect(readdirSync(t.root)).toEqual([]);
});

test("volumes are found by the replicas' paths; a read-only one gives ROFS", async () => {
  const fixture = await serve();
  mkdirSync(join(fixture.root, 'in'));
  writeFileSync(join(fixture.root, 'in/f'), 'text');
  const volumes = [
    { subtree: 'in', path: '/data', access: 'ro', consistency: 'session' },
  ] as SessionConfig['volumes'];
  const { replicas } = await openSession(fixture, { replicas: 1, volumes }, session);
  const one = replicas[0] as RpcClient;
  let counter = 1;
  const mount = async (path: string) =>
    resultOf(
      mnt,
      await one.slot({ session, counter: counter++ }, MOUNT_PROGRAM, mnt, Buffer.from(path)),
    );
  const data = await mount('/data');
  if (data.status !== 0) throw new Error('MNT');
  const handle = Buffer.from(data.root);
  const where = { directory: handle, name: Buffer.from('f') };
  const at = { session, counter: counter++ };
  expect(resultOf(remove, await one.slot(at, NFS_PROGRAM, remove, where)).status).toBe(
    nfsStatus.ROFS,
  );
  const found = resultOf(
    lookup,
    await one.slot({ session, counter: counter++ }, NFS_PROGRAM, lookup, where),
  );
  if (found.status !== 0) throw new Error('LOOKUP');
  const range = { object: Buffer.from(found.object), offset: 0, count: 9 };
  const slot = { session, counter: counter++ };
  expect(resultOf(read, await one.slot(slot, NFS_PROGRAM, read, range))).toMatchObject({
    data: readFileSync(join(fixture.root, 'in/f')),
  });
  // Everything else is the system's tree, read-only.
  const etc = await mount('/etc');
  if (etc.status !== 0) throw new Error('MNT /etc');
  const hosts = { directory: Buffer.from(etc.root), name: Buffer.from('tmr-test') };
  const args = { where: hosts, attributes: {} };
  const made = await one.slot({ session, counter: counter++ }, NFS_PROGRAM, mkdir, args);
  expect(resultOf(mkdir, made).status).toBe(nfsStatus.ROFS);
});
