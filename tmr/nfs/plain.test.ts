import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMode, fileType, nfsStatus, stableHow } from './protocol/constants.ts';
import * as directory from './protocol/directory-procedures.ts';
import * as file from './protocol/file-procedures.ts';
import * as fileSystem from './protocol/filesystem-procedures.ts';
import * as mount from './protocol/mount.ts';
import * as listing from './protocol/readdir-procedures.ts';
import { mountPlain, serve, temporaryDirectory } from './testing/fixture.ts';
import { at, lookup } from './testing/names.ts';

const unchecked = { mode: createMode.UNCHECKED, attributes: { mode: 0o644 } } as const;

describe('a plain client', () => {
  test('creates, writes, reads and removes a file', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const created = await client.nfs(directory.create, {
      where: at(rootHandle, 'f'),
      how: { mode: createMode.GUARDED, attributes: { mode: 0o640 } },
    });
    if (created.status !== nfsStatus.OK || created.object === undefined) throw new Error('CREATE');
    const object = Buffer.from(created.object);
    const data = Buffer.from('some bytes');
    const written = await client.nfs(file.write, {
      object,
      offset: 3,
      count: data.length,
      stable: stableHow.FILE_SYNC,
      data,
    });
    expect(written).toMatchObject({ status: nfsStatus.OK, count: 10, committed: 2 });
    expect(readFileSync(join(root, 'f')).toString()).toBe('\0\0\0some bytes');
    expect(lstatSync(join(root, 'f')).mode & 0o777).toBe(0o640);
    const got = await client.nfs(file.read, { object, offset: 3, count: 10 });
    expect(got).toMatchObject({ status: nfsStatus.OK, count: 10, eof: true, data });
    expect(await client.nfs(file.read, { object, offset: 3, count: 9 })).toMatchObject({
      eof: false,
    });
    expect(await client.nfs(file.read, { object, offset: 2 ** 60, count: 9 })).toMatchObject({
      count: 0,
      eof: true,
    });
    expect(await client.nfs(directory.remove, at(rootHandle, 'f'))).toMatchObject({ status: 0 });
    expect(await client.nfs(file.getattr, { object })).toEqual({ status: nfsStatus.STALE });
    expect(readdirSync(root)).toEqual([]);
  });

  test('gets wcc_data with the state before and after, also of a failure', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const before = lstatSync(root, { bigint: true });
    const made = await client.nfs(directory.mkdir, {
      where: at(rootHandle, 'd'),
      attributes: { mode: 0o755 },
    });
    const after = lstatSync(root, { bigint: true });
    expect(made).toMatchObject({
      wcc: { before: { mtimeNs: before.mtimeNs }, after: { mtimeNs: after.mtimeNs, nlink: 3 } },
    });
    const again = await client.nfs(directory.mkdir, {
      where: at(rootHandle, 'd'),
      attributes: {},
    });
    expect(again).toMatchObject({
      status: nfsStatus.EXIST,
      wcc: { before: { mtimeNs: after.mtimeNs }, after: { mtimeNs: after.mtimeNs } },
    });
  });

  test('sets attributes: guarded, size and mode at once, times to the nanosecond', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const path = join(root, 'f');
    writeFileSync(path, '12345');
    const object = await lookup(client, rootHandle, 'f');
    const stale = { object, change: { mode: 0o600 }, guardCtimeNs: 1n };
    expect(await client.nfs(file.setattr, stale)).toMatchObject({ status: nfsStatus.NOT_SYNC });
    const times = { atime: 1_234_567_890_123_456_789n, mtime: 1_000_000_000_000_000_001n };
    const guardCtimeNs = lstatSync(path, { bigint: true }).ctimeNs;
    const change = { mode: 0o4750, size: 2, ...times };
    expect(await client.nfs(file.setattr, { object, change, guardCtimeNs })).toMatchObject({
      status: nfsStatus.OK,
      wcc: { before: { size: 5 }, after: { size: 2, mode: 0o4750 } },
    });
    const stat = lstatSync(path, { bigint: true });
    expect([stat.atimeNs, stat.mtimeNs]).toEqual([times.atime, times.mtime]);
  });

  test('makes and reads links; a link is never followed by the server', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const outside = temporaryDirectory();
    writeFileSync(join(outside, 'secret'), 'x');
    symlinkSync(outside, join(root, 'out'));
    const out = await lookup(client, rootHandle, 'out');
    expect(await client.nfs(directory.lookup, at(out, 'secret'))).toMatchObject({
      status: nfsStatus.NOTDIR,
    });
    const made = await client.nfs(directory.symlink, {
      where: at(rootHandle, 'l'),
      attributes: {},
      target: Buffer.from([0x61, 0xff]),
    });
    expect(made).toMatchObject({ status: 0, attributes: { type: fileType.LNK } });
    const link = await lookup(client, rootHandle, 'l');
    expect(await client.nfs(file.readlink, { object: link })).toMatchObject({
      target: Buffer.from([0x61, 0xff]),
    });
    expect(await client.nfs(file.readlink, { object: rootHandle })).toMatchObject({
      status: nfsStatus.INVAL,
    });
    expect(await client.nfs(file.read, { object: link, offset: 0, count: 1 })).toMatchObject({
      status: nfsStatus.INVAL,
    });
  });

  test('cannot leave the export by ".."', async () => {
    const { client, rootHandle } = await mountPlain();
    expect((await lookup(client, rootHandle, '..')).equals(rootHandle)).toBe(true);
  });

  test('sees EXCLUSIVE create succeed again for the same verifier only', async () => {
    const { client, rootHandle } = await mountPlain();
    const exclusive = (verifier: string) =>
      client.nfs(directory.create, {
        where: at(rootHandle, 'f'),
        how: { mode: createMode.EXCLUSIVE, verifier: Buffer.from(verifier) },
      });
    const first = await exclusive('\xff\x01abcd');
    expect(first).toMatchObject({ status: nfsStatus.OK });
    expect(await exclusive('\xff\x01abcd')).toMatchObject({ status: nfsStatus.OK });
    expect(await exclusive('\xff\x01abce')).toMatchObject({ status: nfsStatus.EXIST });
  });

  test('truncates an existing file by UNCHECKED with size 0, leaves it without', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const path = join(root, 'f');
    writeFileSync(path, '12345');
    await client.nfs(directory.create, { where: at(rootHandle, 'f'), how: unchecked });
    expect(readFileSync(path).length).toBe(5);
    const how = { mode: createMode.UNCHECKED, attributes: { size: 0 } } as const;
    await client.nfs(directory.create, { where: at(rootHandle, 'f'), how });
    expect(readFileSync(path).length).toBe(0);
    const guarded = { mode: createMode.GUARDED, attributes: {} } as const;
    expect(
      await client.nfs(directory.create, { where: at(rootHandle, 'f'), how: guarded }),
    ).toMatchObject({ status: nfsStatus.EXIST });
  });

  test('reads a directory in pieces while it removes what it read', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const names = Array.from({ length: 300 }, (_, i) => `file-${i}`);
    for (const name of names) writeFileSync(join(root, name), '');
    const seen: string[] = [];
    let cookie = 0;
    for (let eof = false; !eof;) {
      const args = { directory: rootHandle, cookie, verifier: Buffer.alloc(8), count: 1024 };
      const page = await client.nfs(listing.readdir, args);
      if (page.status !== nfsStatus.OK) throw new Error(`READDIR: ${page.status}`);
      for (const entry of page.entries) {
        const name = entry.name.toString();
        seen.push(name);
        cookie = entry.cookie;
        if (name.startsWith('file')) await client.nfs(directory.remove, at(rootHandle, name));
      }
      eof = page.eof;
    }
    expect(seen.sort()).toEqual(['.', '..', ...names].sort());
    expect(readdirSync(root)).toEqual([]);
  });

  test('gets names as bytes, fileids, attributes and handles by READDIRPLUS', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const odd = Buffer.from([0x61, 0xfe, 0xff]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), 'abc');
    const page = await client.nfs(listing.readdirplus, {
      directory: rootHandle,
      cookie: 0,
      verifier: Buffer.alloc(8),
      directoryCount: 4096,
      maxCount: 32768,
    });
    if (page.status !== nfsStatus.OK) throw new Error('READDIRPLUS');
    expect(page.eof).toBe(true);
    const entry = page.entries.find((each) => each.name.equals(odd));
    const object = Buffer.from(entry?.object ?? []);
    expect(entry).toMatchObject({ attributes: { size: 3, fileid: entry?.fileid } });
    expect(await client.nfs(file.getattr, { object })).toMatchObject({ attributes: { size: 3 } });
    const small = { directory: rootHandle, cookie: 0, verifier: Buffer.alloc(8), count: 64 };
    expect(await client.nfs(listing.readdir, small)).toMatchObject({ status: nfsStatus.TOOSMALL });
  });

  test.each([
    ['', nfsStatus.INVAL],
    ['a/b', nfsStatus.INVAL],
    ['a\0b', nfsStatus.INVAL],
    ['..', nfsStatus.EXIST],
    ['x'.repeat(256), nfsStatus.NAMETOOLONG],
  ])('is refused the name %j', async (name, status) => {
    const { client, rootHandle, root } = await mountPlain();
    const made = await client.nfs(directory.mkdir, { where: at(rootHandle, name), attributes: {} });
    expect(made).toMatchObject({ status });
    expect(readdirSync(root)).toEqual([]);
  });

  test('gets the statuses of the file system for wrong kinds and full directories', async () => {
    const { client, rootHandle, root } = await mountPlain();
    mkdirSync(join(root, 'd/e'), { recursive: true });
    writeFileSync(join(root, 'f'), '');
    expect(await client.nfs(directory.remove, at(rootHandle, 'd'))).toMatchObject({
      status: nfsStatus.ISDIR,
    });
    expect(await client.nfs(directory.rmdir, at(rootHandle, 'f'))).toMatchObject({
      status: nfsStatus.NOTDIR,
    });
    expect(await client.nfs(directory.rmdir, at(rootHandle, 'd'))).toMatchObject({
      status: nfsStatus.NOTEMPTY,
    });
    const d = await lookup(client, rootHandle, 'd');
    const into = { from: at(rootHandle, 'd'), to: at(d, 'itself') };
    expect(await client.nfs(directory.rename, into)).toMatchObject({ status: nfsStatus.INVAL });
    expect(await client.nfs(file.read, { object: d, offset: 0, count: 1 })).toMatchObject({
      status: nfsStatus.ISDIR,
    });
  });

  test('makes a fifo, and reading it does not block the server', async () => {
    const { client, rootHandle, root } = await mountPlain();
    const made = await client.nfs(directory.mknod, {
      where: at(rootHandle, 'p'),
      type: fileType.FIFO,
      attributes: { mode: 0o620 },
      major: 0,
      minor: 0,
    });
    expect(made).toMatchObject({ status: 0, attributes: { type: fileType.FIFO, mode: 0o620 } });
    expect(lstatSync(join(root, 'p')).isFIFO()).toBe(true);
    const object = await lookup(client, rootHandle, 'p');
    expect(await client.nfs(file.read, { object, offset: 0, count: 1 })).toMatchObject({
      status: nfsStatus.INVAL,
    });
  });

  test('hears what the server can do, and the space there is', async () => {
    const { client, rootHandle: object } = await mountPlain();
    expect(await client.nfs(fileSystem.fsinfo, { object })).toMatchObject({
      readMax: 1048576,
      writeMax: 1048576,
      properties: 27,
    });
    const space = await client.nfs(fileSystem.fsstat, { object });
    expect(space.status === 0 && space.totalBytes >= space.freeBytes).toBe(true);
    expect(await client.nfs(fileSystem.pathconf, { object })).toMatchObject({ nameMax: 255 });
  });

  test('writes and reads 1 MiB in one call; commit has the verifier of the writes', async () => {
    const { client, rootHandle, root } = await mountPlain();
    writeFileSync(join(root, 'f'), '');
    const object = await lookup(client, rootHandle, 'f');
    const data = Buffer.alloc(1024 * 1024, 'abcdefg');
    const write = { object, offset: 0, count: data.length, stable: stableHow.UNSTABLE, data };
    const written = await client.nfs(file.write, write);
    const committed = await client.nfs(file.commit, { object, offset: 0, count: 0 });
    if (written.status !== 0 || committed.status !== 0) throw new Error('WRITE or COMMIT');
    expect(written.verifier.equals(committed.verifier)).toBe(true);
    const got = await client.nfs(file.read, { object, offset: 0, count: data.length });
    expect(got.status === 0 && got.data.equals(data)).toBe(true);
    expect(await client.nfs(file.write, { ...write, offset: 2 ** 53 - 2 })).toMatchObject({
      status: nfsStatus.FBIG,
    });
    expect(await client.nfs(file.write, { ...write, count: 7 })).toMatchObject({
      status: nfsStatus.INVAL,
    });
  });

  test('mounts subdirectories, lists exports and its mounts, and is refused others', async () => {
    const { client, root } = await mountPlain();
    mkdirSync(join(root, 'sub'));
    const mnt = (path: string) => client.mount(mount.mnt, Buffer.from(path));
    expect(await mnt(join(root, 'sub'))).toMatchObject({ status: 0, flavours: [1] });
    expect(await mnt(join(root, 'none'))).toEqual({ status: nfsStatus.NOENT });
    expect(await mnt('/')).toEqual({ status: nfsStatus.NOENT });
    expect(await mnt(join(root, '..'))).toEqual({ status: nfsStatus.NOENT });
    expect(await client.mount(mount.exportList, undefined)).toEqual([
      { directory: Buffer.from(root), groups: [] },
    ]);
    expect(await client.mount(mount.dump, undefined)).toHaveLength(2);
    await client.mount(mount.umnt, Buffer.from(join(root, 'sub')));
    expect(await client.mount(mount.dump, undefined)).toHaveLength(1);
  });

  test('a retransmission over a new connection gets the first reply, and nothing runs twice', async () => {
    const { client, rootHandle, root, dial } = await mountPlain();
    writeFileSync(join(root, 'f'), '');
    const args = at(rootHandle, 'f');
    const first = await client.call(100003, 3, directory.remove, args, { xid: 77 });
    const second = await dial();
    const again = await second.call(100003, 3, directory.remove, args, { xid: 77 });
    expect(first).toMatchObject({ status: nfsStatus.OK });
    expect(again).toEqual(first);
    expect(await second.call(100003, 3, directory.remove, args, { xid: 78 })).toMatchObject({
      status: nfsStatus.NOENT,
    });
  });

  test('without --plain it is denied', async () => {
    const { dial, root } = await serve();
    const client = await dial();
    await expect(client.mount(mount.mnt, Buffer.from(root))).rejects.toThrow('auth-error');
  });
});
