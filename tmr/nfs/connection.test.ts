/** What a connection does with bytes that are no good call: it answers or ends, and the server lives. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { XdrWriter } from '../wire/xdr.ts';
import { markRecord } from '../wire/record.ts';
import {
  MOUNT_PROGRAM,
  NFS_PROGRAM,
  TMR_PROGRAM,
  nfsProcedure,
  tmrProcedure,
} from './protocol/constants.ts';
import { getattr } from './protocol/file-procedures.ts';
import { mnt } from './protocol/mount.ts';
import { acceptStatus, authStatus } from './protocol/rpc.ts';
import { mountPlain, openSession, serve } from './testing/fixture.ts';
import type { RpcClient } from './testing/rpc-client.ts';

const nothing = Buffer.alloc(0);

async function lives(fixture: { dial: () => Promise<RpcClient> }): Promise<boolean> {
  const client = await fixture.dial();
  return (await client.raw(TMR_PROGRAM, 1, 0, nothing)).kind === 'success';
}

describe('before HELLO', () => {
  test('a record over 1 KiB ends the connection, also announced in fragments', async () => {
    const fixture = await serve();
    for (const bytes of [
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      markRecord(Buffer.alloc(1025)),
      Buffer.concat([Buffer.from([0, 0, 2, 0]), Buffer.alloc(512), Buffer.from([0, 0, 2, 1])]),
    ]) {
      const client = await fixture.dial();
      client.sendRaw(bytes);
      await client.ended;
    }
    expect(fixture.log.every((line) => line.includes('expected a record of at most 1024'))).toBe(
      true,
    );
    expect(fixture.log).toHaveLength(3);
    expect(await lives(fixture)).toBe(true);
  });

  test('garbage in a record ends the connection with one line', async () => {
    const fixture = await serve();
    const client = await fixture.dial();
    client.sendRaw(markRecord(Buffer.alloc(64, 0xee)));
    await client.ended;
    expect(fixture.log).toEqual([expect.stringContaining('expected an RPC call')]);
    expect(await lives(fixture)).toBe(true);
  });

  test('a record with less than a call ends the connection', async () => {
    const fixture = await serve();
    for (const length of [0, 1, 4, 12, 24]) {
      const client = await fixture.dial();
      const header = new XdrWriter().u32(1).u32(0).u32(2).u32(NFS_PROGRAM).u32(3).u32(1).u32(1);
      client.sendRaw(markRecord(Buffer.from(header.bytes().subarray(0, length))));
      await client.ended;
    }
    expect(await lives(fixture)).toBe(true);
  });

  test("a session's procedures and files are denied", async () => {
    const client = await (await serve()).dial();
    const denied = { kind: 'auth-error', status: authStatus.TOOWEAK };
    for (const procedure of [tmrProcedure.FLAG, tmrProcedure.BYE, tmrProcedure.STATUS]) {
      const args = Buffer.alloc(24);
      expect(await client.raw(TMR_PROGRAM, 1, procedure, args)).toMatchObject(denied);
    }
    expect(await client.raw(NFS_PROGRAM, 3, 1, Buffer.alloc(8))).toMatchObject(denied);
    expect(await client.raw(MOUNT_PROGRAM, 3, 5, nothing)).toMatchObject(denied);
  });

  test('a HELLO of another protocol version is refused by name', async () => {
    const client = await (await serve()).dial();
    const body = new XdrWriter().u32(0x746d7231).u32(9).u32(4).u32(2).string('s').u32(1);
    const hello = new XdrWriter().u32(1).opaque(Buffer.from(body.bytes()));
    const reply = await client.raw(TMR_PROGRAM, 1, tmrProcedure.HELLO, hello.bytes());
    if (reply.kind !== 'success') throw new Error(reply.kind);
    expect(reply.result.toString()).toContain('expected tmr protocol 1.x, got 9.4');
    await client.ended;
  });
});

describe('RPC', () => {
  test('unknown programs, versions and procedures get their accept_stat', async () => {
    const { client } = await mountPlain();
    const { PROG_UNAVAIL, PROG_MISMATCH, PROC_UNAVAIL, GARBAGE_ARGS } = acceptStatus;
    // NFSACL, which Linux asks for.
    expect(await client.raw(100227, 3, 0, nothing)).toMatchObject({ status: PROG_UNAVAIL });
    expect(await client.raw(NFS_PROGRAM, 4, 0, nothing)).toMatchObject({
      status: PROG_MISMATCH,
      low: 3,
      high: 3,
    });
    expect(await client.raw(NFS_PROGRAM, 3, 22, nothing)).toMatchObject({ status: PROC_UNAVAIL });
    expect(await client.raw(MOUNT_PROGRAM, 3, 6, nothing)).toMatchObject({ status: PROC_UNAVAIL });
    expect(await client.raw(NFS_PROGRAM, 3, 1, Buffer.from([0, 0, 1, 0]))).toMatchObject({
      status: GARBAGE_ARGS,
    });
    expect(await client.raw(NFS_PROGRAM, 3, 0, nothing)).toMatchObject({ kind: 'success' });
  });

  test.each(Object.entries(nfsProcedure).filter(([name]) => name !== 'NULL'))(
    '%s with arguments cut short or too long is GARBAGE_ARGS',
    async (_name, procedure) => {
      const { client } = await mountPlain();
      const garbage = { kind: 'not-accepted', status: acceptStatus.GARBAGE_ARGS };
      for (const args of [nothing, Buffer.from([0, 0, 0, 65]), Buffer.alloc(900, 0xff)]) {
        expect(await client.raw(NFS_PROGRAM, 3, procedure, args)).toMatchObject(garbage);
      }
    },
  );

  test('another RPC version and another flavour are denied', async () => {
    const { client, dial } = await mountPlain();
    const credential = { flavour: 'other', number: 6 } as const;
    expect(await client.raw(NFS_PROGRAM, 3, 0, nothing, { credential })).toMatchObject({
      kind: 'auth-error',
      status: authStatus.REJECTEDCRED,
    });
    const other = await dial();
    const call = new XdrWriter().u32(5).u32(0).u32(3).u32(NFS_PROGRAM);
    other.sendRaw(markRecord(Buffer.from(call.bytes())));
    await other.raw(TMR_PROGRAM, 1, 0, nothing);
    expect(other.replies[0]).toEqual({ xid: 5, kind: 'rpc-mismatch', low: 2, high: 2 });
  });

  test('calls in one segment, and a call in many, are answered', async () => {
    const { client, rootHandle } = await mountPlain();
    const many = Array.from({ length: 64 }, () =>
      client.nfs(getattr, { object: Buffer.from(rootHandle) }),
    );
    for (const result of await Promise.all(many)) expect(result.status).toBe(0);
    const call = new XdrWriter().u32(9).u32(0).u32(2).u32(NFS_PROGRAM).u32(3).u32(0);
    const body = call.u32(0).u32(0).u32(0).u32(0).bytes();
    for (let i = 0; i < body.length; i++) {
      const last = i === body.length - 1;
      client.sendRaw(Buffer.from([last ? 0x80 : 0, 0, 0, 1]));
      client.sendRaw(Buffer.from(body.subarray(i, i + 1)));
    }
    await client.raw(TMR_PROGRAM, 1, 0, nothing, { xid: 4242 }).catch(() => undefined);
    expect(client.replies.some((reply) => reply.xid === 9 && reply.kind === 'success')).toBe(true);
  });
});

test('a connection is probed once HELLO is done, so that a host that vanished is missed', async () => {
  const fixture = await serve();
  const { monitor, replicas } = await openSession(fixture, { replicas: 1 });
  const stranger = await fixture.dial();
  await lives(fixture);
  const probed = (client: RpcClient) => timerOf(fixture.address.port, client.port) === KEEP_ALIVE;
  for (const client of [monitor, replicas[0] as RpcClient]) {
    // Until its last reply is acknowledged another timer is shown.
    await vi.waitFor(() => expect(probed(client)).toBe(true));
  }
  expect(probed(stranger)).toBe(false);
});

const KEEP_ALIVE = '02';

/** The timer that runs on the server's end of a connection, from proc_net_tcp in the kernel's docs. */
function timerOf(local: number, remote: number): string | undefined {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const own = fields.find(([, a, b]) => a?.endsWith(hex(local)) && b?.endsWith(hex(remote)));
  return own?.[5]?.slice(0, 2);
}

describe('a replica', () => {
  test('whose call names no slot is denied, and goes on', async () => {
    const fixture = await serve();
    const { replicas, session } = await openSession(fixture, { replicas: 1 });
    const one = replicas[0] as RpcClient;
    await expect(one.mount(mnt, Buffer.from('/work'))).rejects.toThrow('auth-error');
    const wrong = { session: 'other', counter: 1 };
    expect(await one.slot(wrong, MOUNT_PROGRAM, mnt, Buffer.from('/work'))).toMatchObject({
      kind: 'auth-error',
    });
    const at = { session, counter: 1 };
    expect(await one.slot(at, MOUNT_PROGRAM, mnt, Buffer.from('/work'))).toMatchObject({
      kind: 'success',
    });
  });

  test("with arguments that are garbage gets GARBAGE_ARGS as the slot's reply", async () => {
    const fixture = await serve();
    const { replicas, session } = await openSession(fixture, { replicas: 1 });
    const one = replicas[0] as RpcClient;
    const credential = {
      flavour: 'sys',
      stamp: 0,
      machineName: `tmr/${session}/0/1`,
      uid: 0,
      gid: 0,
      gids: [],
    } as const;
    const reply = await one.raw(NFS_PROGRAM, 3, 1, Buffer.from([1]), { credential });
    expect(reply).toMatchObject({ kind: 'not-accepted', status: acceptStatus.GARBAGE_ARGS });
  });
});
