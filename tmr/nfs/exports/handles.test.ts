import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nfsStatus } from '../protocol/constants.ts';
import * as directory from '../protocol/directory-procedures.ts';
import * as file from '../protocol/file-procedures.ts';
import { mountPlain } from '../testing/fixture.ts';
import { at, lookup } from '../testing/names.ts';

describe('a file handle', () => {
  test('keeps handles over renames of the file and of directories above it', async () => {
    const { client, rootHandle, root } = await mountPlain();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/f'), 'data');
    const a = await lookup(client, rootHandle, 'a');
    const b = await lookup(client, a, 'b');
    const object = await lookup(client, b, 'f');
    const read = () => client.nfs(file.read, { object, offset: 0, count: 4 });
    for (const [from, to] of [
      [at(rootHandle, 'a'), at(rootHandle, 'moved')],
      [at(b, 'f'), at(rootHandle, 'g')],
    ] as const) {
      expect(await client.nfs(directory.rename, { from, to })).toMatchObject({ status: 0 });
      expect(await read()).toMatchObject({ status: 0, data: Buffer.from('data') });
    }
    expect(
      await client.nfs(directory.mkdir, { where: at(b, 'new'), attributes: {} }),
    ).toMatchObject({ status: 0 });
    expect(readdirSync(join(root, 'moved/b'))).toEqual(['new']);
    renameSync(join(root, 'g'), join(root, 'by-somebody-else'));
    expect(await read()).toMatchObject({ status: 0 });
  });

  test('finds objects again after a restart of the server, moved ones too', async () => {
    const { client, rootHandle, root, server } = await mountPlain();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/f'), 'data');
    writeFileSync(join(root, 'gone'), 'x');
    const b = await lookup(client, await lookup(client, rootHandle, 'a'), 'b');
    const object = await lookup(client, b, 'f');
    const gone = await lookup(client, rootHandle, 'gone');
    await server.close();
    renameSync(join(root, 'a'), join(root, 'c'));
    renameSync(join(root, 'gone'), join(root, 'other'));
    const second = await mountPlain({ exportRoot: root });
    expect(await second.client.nfs(file.getattr, { object })).toMatchObject({ status: 0 });
    expect(await second.client.nfs(file.getattr, { object: b })).toMatchObject({ status: 0 });
    expect(await second.client.nfs(file.getattr, { object: gone })).toMatchObject({ status: 0 });
    expect(second.rootHandle.equals(rootHandle)).toBe(true);
  });

  test('a new file with the inode number of a removed one has another handle', async () => {
    const { client, rootHandle, root } = await mountPlain();
    writeFileSync(join(root, 'f'), 'old');
    const object = await lookup(client, rootHandle, 'f');
    await client.nfs(directory.remove, at(rootHandle, 'f'));
    writeFileSync(join(root, 'f'), 'new');
    const fresh = await lookup(client, rootHandle, 'f');
    expect(fresh.equals(object)).toBe(false);
    expect(await client.nfs(file.getattr, { object })).toEqual({ status: nfsStatus.STALE });
    // The same by somebody else, behind the server's back.
    rmSync(join(root, 'f'));
    writeFileSync(join(root, 'f'), 'newer');
    expect(await client.nfs(file.getattr, { object: fresh })).toEqual({
      status: nfsStatus.STALE,
    });
  });

  test('has its other name when one of two hard links goes', async () => {
    const { client, rootHandle, root } = await mountPlain();
    writeFileSync(join(root, 'one'), 'x');
    const object = await lookup(client, rootHandle, 'one');
    const link = { object, link: at(rootHandle, 'two') };
    expect(await client.nfs(directory.link, link)).toMatchObject({
      status: 0,
      attributes: { nlink: 2 },
    });
    const onto = { from: at(rootHandle, 'one'), to: at(rootHandle, 'two') };
    expect(await client.nfs(directory.rename, onto)).toMatchObject({ status: 0 });
    expect(readdirSync(root).sort()).toEqual(['one', 'two']);
    await client.nfs(directory.remove, at(rootHandle, 'two'));
    expect(await client.nfs(file.getattr, { object })).toMatchObject({ attributes: { nlink: 1 } });
    linkSync(join(root, 'one'), join(root, 'three'));
    await client.nfs(directory.remove, at(rootHandle, 'one'));
    expect(await client.nfs(file.getattr, { object })).toMatchObject({ attributes: { nlink: 1 } });
  });

  test('is served its own export only: a handle with another export is refused', async () => {
    const { client, rootHandle } = await mountPlain();
    const forged = Buffer.from(rootHandle);
    forged[2] = (forged[2] ?? 0) ^ 1;
    expect(await client.nfs(file.getattr, { object: forged })).toEqual({
      status: nfsStatus.BADHANDLE,
    });
    const odd = Buffer.from('garbage');
    expect(await client.nfs(file.getattr, { object: odd })).toEqual({
      status: nfsStatus.BADHANDLE,
    });
    const outside = Buffer.from(rootHandle);
    outside.writeBigUInt64BE(lstatSync('/', { bigint: true }).ino, 14);
    expect(await client.nfs(file.getattr, { object: outside })).toEqual({
      status: nfsStatus.STALE,
    });
  });
});
