import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accessBit, createMode, nfsStatus } from './protocol/constants.ts';
import * as directory from './protocol/directory-procedures.ts';
import * as file from './protocol/file-procedures.ts';
import { mountPlain } from './testing/fixture.ts';
import { sys } from './testing/rpc-client.ts';
import { at, lookup } from './testing/names.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('permissions, served by root', () => {
  const user = sys('host', { uid: 1234, gid: 1234 });

  test("modes are checked for the caller, and new files are the caller's", async () => {
    const { client, rootHandle, root } = await mountPlain();
    chmodSync(root, 0o777);
    writeFileSync(join(root, 'private'), 'x', { mode: 0o600 });
    const object = await lookup(client, rootHandle, 'private');
    client.credential = user;
    expect(await client.nfs(file.read, { object, offset: 0, count: 1 })).toMatchObject({
      status: nfsStatus.ACCES,
    });
    const asked = accessBit.READ | accessBit.MODIFY;
    expect(await client.nfs(file.access, { object, access: asked })).toMatchObject({ access: 0 });
    expect(
      await client.nfs(file.setattr, {
        object,
        change: { mode: 0o666 },
        guardCtimeNs: undefined,
      }),
    ).toMatchObject({ status: nfsStatus.PERM });
    const how = { mode: createMode.GUARDED, attributes: { mode: 0o444 } } as const;
    const made = await client.nfs(directory.create, { where: at(rootHandle, 'mine'), how });
    expect(made).toMatchObject({ attributes: { uid: 1234, gid: 1234, mode: 0o444 } });
    // The owner writes through the descriptor that made the file.
    const mine = await lookup(client, rootHandle, 'mine');
    const data = Buffer.from('y');
    expect(
      await client.nfs(file.write, { object: mine, offset: 0, count: 1, stable: 0, data }),
    ).toMatchObject({ status: 0 });
    chmodSync(root, 0o1777);
    expect(await client.nfs(directory.remove, at(rootHandle, 'private'))).toMatchObject({
      status: nfsStatus.PERM,
    });
  });

  test('from a port above 1023 a plain client is nobody, whoever it says it is', async () => {
    const { client, rootHandle, root } = await mountPlain({ plainAnyPort: false });
    chmodSync(root, 0o777);
    const made = await client.nfs(directory.mkdir, { where: at(rootHandle, 'd'), attributes: {} });
    expect(made).toMatchObject({ attributes: { uid: 65534, gid: 65534 } });
  });
});
