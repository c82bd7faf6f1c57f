/** Golden bytes written by hand from RFC 1813 and RFC 5531, and round trips of every procedure. */
import { describe, expect, test } from 'vitest';
import { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { setAttributes, time, type FileAttributes3 } from './attributes.ts';
import type { Codec } from './codec.ts';
import { createMode, fileType, nfsStatus } from './constants.ts';
import * as directory from './directory-procedures.ts';
import { encodeCaller, requestDigest } from './digest.ts';
import * as file from './file-procedures.ts';
import * as fileSystem from './filesystem-procedures.ts';
import { machineName, parseMachineName, xidOf } from './identity.ts';
import * as mount from './mount.ts';
import * as privateProgram from './private-program.ts';
import * as listing from './readdir-procedures.ts';
import { acceptStatus, decodeCall, decodeReply, encodeCall, encodeNotAccepted } from './rpc.ts';
import { finishReply, startReply } from './rpc.ts';

function bytesOf<T>(codec: Codec<T>, value: T): string {
  const writer = new XdrWriter(16);
  codec.write(writer, value);
  return writer.bytes().toString('hex');
}

function back<T>(codec: Codec<T>, value: T): T {
  const reader = new XdrReader(Buffer.from(bytesOf(codec, value), 'hex'));
  const got = codec.read(reader);
  reader.end();
  return got;
}

const hex = (...units: string[]) => units.join('').replaceAll(' ', '');

const attributes: FileAttributes3 = {
  type: fileType.REG,
  mode: 0o644,
  nlink: 1,
  uid: 1000,
  gid: 100,
  size: 0x1_0000_0002,
  used: 4096,
  rdevMajor: 0,
  rdevMinor: 0,
  fsid: 0xfe00n,
  fileid: 0xffff_ffff_ffff_fff0n,
  atimeNs: 1_000_000_001n,
  mtimeNs: 2_000_000_002n,
  ctimeNs: 3_000_000_003n,
};
const attributesHex = hex(
  '00000001 000001a4 00000001 000003e8 00000064',
  '00000001 00000002 00000000 00001000 00000000 00000000',
  '00000000 0000fe00 ffffffff fffffff0',
  '00000001 00000001 00000002 00000002 00000003 00000003',
);
const wcc = {
  before: { size: 1, mtimeNs: 5_000_000_000n, ctimeNs: 6_000_000_000n },
  after: undefined,
};
const handle = Buffer.from('handle');
const name = Buffer.from('name');

describe('golden bytes', () => {
  test('GETATTR: arguments and both results', () => {
    expect(bytesOf(file.getattr.args, { object: handle })).toBe(
      hex('00000006', '68616e646c650000'),
    );
    expect(bytesOf(file.getattr.result, { status: nfsStatus.OK, attributes })).toBe(
      hex('00000000', attributesHex),
    );
    expect(bytesOf(file.getattr.result, { status: nfsStatus.STALE })).toBe('00000046');
  });

  test('sattr3 with every kind of time', () => {
    const change = { mode: 0o600, size: 5, atime: 'now', mtime: 7_000_000_008n } as const;
    expect(bytesOf(setAttributes, change)).toBe(
      hex(
        '00000001 00000180 00000000 00000000',
        '00000001 00000000 00000005 00000001 00000002 00000007 00000008',
      ),
    );
  });

  test('a failed SETATTR carries wcc_data', () => {
    expect(bytesOf(file.setattr.result, { status: nfsStatus.NOT_SYNC, wcc })).toBe(
      hex('00002712 00000001 00000000 00000001', '00000005 00000000 00000006 00000000 00000000'),
    );
  });

  test('READDIR: a list of entries', () => {
    const entries = [{ fileid: 9n, name, cookie: 0x1_0000_0003 }];
    const result = {
      status: nfsStatus.OK,
      attributes: undefined,
      verifier: Buffer.alloc(8, 1),
      entries,
      eof: true,
    };
    expect(bytesOf(listing.readdir.result, result)).toBe(
      hex(
        '00000000 00000000 01010101 01010101',
        '00000001 00000000 00000009 00000004 6e616d65 00000001 00000003',
        '00000000 00000001',
      ),
    );
  });

  test('an RPC call of a replica, and a reply with its digest', () => {
    const header = {
      xid: 0x11223344,
      program: 100003,
      version: 3,
      procedure: 1,
      credential: {
        flavour: 'sys',
        stamp: 0,
        machineName: 'tmr/s/0/7',
        uid: 1,
        gid: 2,
        gids: [3],
      },
    } as const;
    const args = Buffer.from('00000000', 'hex');
    const record = encodeCall(new XdrWriter(), header, args);
    expect(record.toString('hex')).toBe(
      hex(
        '80000050 11223344 00000000 00000002 000186a3 00000003 00000001',
        '00000001 00000024 00000000 00000009 746d722f732f302f37000000',
        '00000001 00000002 00000001 00000003 00000000 00000000 00000000',
      ),
    );
    expect(decodeCall(Buffer.from(record.subarray(4)))).toEqual({ ...header, args });
    const body = requestDigest(encodeCaller(header.credential), 100003, 3, 1, args);
    expect(body.toString('hex')).toBe(
      'ca2dbaf400aeccc41dd5d6b9e86b17c516a357a3d28d814163008e992300ede6',
    );
    const reply = startReply(new XdrWriter(), 5, { flavour: 0x746d7264, body }).u32(70);
    const bytes = Buffer.from(finishReply(reply));
    expect(bytes.toString('hex')).toBe(
      hex(
        '8000003c 00000005 00000001 00000000 746d7264 00000020',
        body.toString('hex'),
        '00000000 00000046',
      ),
    );
    expect(decodeReply(bytes.subarray(4))).toEqual({
      xid: 5,
      kind: 'success',
      verifier: { flavour: 0x746d7264, body },
      result: Buffer.from('00000046', 'hex'),
    });
  });

  test('PROG_MISMATCH names the versions', () => {
    const versions = { low: 3, high: 3 };
    const status = acceptStatus.PROG_MISMATCH;
    const record = Buffer.from(encodeNotAccepted(new XdrWriter(), 5, status, versions));
    expect(record.toString('hex')).toBe(
      hex('80000020 00000005 00000001 00000000 00000000 00000000', '00000002 00000003 00000003'),
    );
    expect(decodeReply(record.subarray(4))).toMatchObject({ kind: 'not-accepted', ...versions });
  });
});

test('times are clamped to 32 bits of unsigned seconds', () => {
  expect(bytesOf(time, -1n)).toBe('0000000000000000');
  expect(bytesOf(time, 2n ** 70n)).toBe('ffffffff3b9ac9ff');
  expect(() => time.read(new XdrReader(Buffer.from('000000013b9aca00', 'hex')))).toThrow('10^9');
});

test('a machine name gives its slot back; others give none', () => {
  const identity = { session: 'a-b', stream: 3, counter: 2 ** 33 + 5 };
  expect(parseMachineName(machineName(identity))).toEqual(identity);
  expect(xidOf(identity.counter)).toBe(5);
  for (const text of ['host', 'tmr/s/0/0', 'tmr/s/-1/1', 'tmr/s/0/01', 'tmr//0/1', 'tmr/s/0/1/2']) {
    expect(parseMachineName(text)).toBeUndefined();
  }
});

/** One value for each codec; what is written is read back equal. */
const where = { directory: handle, name };
const made = { object: handle, attributes, wcc };
const page = { attributes, verifier: Buffer.alloc(8, 2), eof: false };
const range = { object: handle, offset: 2 ** 40 + 1, count: 17 };
const OK = { status: nfsStatus.OK } as const;
const fail = { status: nfsStatus.ACCES } as const;
function pair<T>(what: string, codec: Codec<T>, ...values: T[]): [string, () => void] {
  return [what, () => values.forEach((value) => expect(back(codec, value)).toEqual(value))];
}
test.each([
  pair('SETATTR', file.setattr.args, {
    object: handle,
    change: { mode: 1, uid: 2, gid: 3, size: 4, atime: 5n, mtime: 'now' },
    guardCtimeNs: 9n,
  }),
  pair('SETATTR result', file.setattr.result, { ...OK, wcc }, { ...fail, wcc }),
  pair('ACCESS', file.access.args, { object: handle, access: 63 }),
  pair('ACCESS result', file.access.result, { ...OK, attributes, access: 1 }),
  pair('READLINK result', file.readlink.result, { ...OK, attributes, target: name }),
  pair('READ', file.read.args, range),
  pair('READ result', file.read.result, { ...OK, attributes, count: 4, eof: true, data: name }),
  pair('READ failure', file.read.result, { ...fail, attributes: undefined }),
  pair('WRITE', file.write.args, { ...range, stable: 2, data: name }),
  pair('WRITE result', file.write.result, {
    ...OK,
    wcc,
    count: 4,
    committed: 2,
    verifier: Buffer.alloc(8, 3),
  }),
  pair('COMMIT result', file.commit.result, { ...OK, wcc, verifier: Buffer.alloc(8, 3) }),
  pair('LOOKUP', directory.lookup.args, where),
  pair('LOOKUP result', directory.lookup.result, {
    ...OK,
    object: handle,
    attributes,
    directoryAttributes: undefined,
  }),
  pair(
    'CREATE',
    directory.create.args,
    { where, how: { mode: createMode.EXCLUSIVE, verifier: Buffer.alloc(8, 4) } },
    { where, how: { mode: createMode.GUARDED, attributes: { mode: 1 } } },
  ),
  pair('CREATE result', directory.create.result, { ...OK, ...made }, { ...fail, wcc }),
  pair('MKDIR', directory.mkdir.args, { where, attributes: { mode: 0o755 } }),
  pair('SYMLINK', directory.symlink.args, { where, attributes: {}, target: name }),
  pair(
    'MKNOD',
    directory.mknod.args,
    { where, type: fileType.CHR, attributes: {}, major: 1, minor: 3 },
    { where, type: fileType.FIFO, attributes: {}, major: 0, minor: 0 },
  ),
  pair('RENAME', directory.rename.args, { from: where, to: { directory: name, name: handle } }),
  pair('RENAME result', directory.rename.result, { ...OK, fromWcc: wcc, toWcc: wcc }),
  pair('LINK', directory.link.args, { object: handle, link: where }),
  pair('LINK result', directory.link.result, { ...fail, attributes, wcc }),
  pair('READDIR', listing.readdir.args, {
    directory: handle,
    cookie: 2 ** 50 + 1,
    verifier: Buffer.alloc(8),
    count: 9,
  }),
  pair('READDIRPLUS', listing.readdirplus.args, {
    directory: handle,
    cookie: 0,
    verifier: Buffer.alloc(8),
    directoryCount: 1,
    maxCount: 2,
  }),
  pair('READDIRPLUS result', listing.readdirplus.result, {
    ...OK,
    ...page,
    entries: [
      { fileid: 1n, name, cookie: 1, attributes, object: handle },
      { fileid: 2n, name, cookie: 2, attributes: undefined, object: undefined },
    ],
  }),
  pair('FSSTAT result', fileSystem.fsstat.result, {
    ...OK,
    attributes,
    totalBytes: 2 ** 45,
    freeBytes: 5,
    availableBytes: 4,
    totalFiles: 3,
    freeFiles: 2,
    availableFiles: 1,
    invarSeconds: 0,
  }),
  pair('FSINFO result', fileSystem.fsinfo.result, {
    ...OK,
    attributes,
    readMax: 1,
    readPreferred: 2,
    readMultiple: 3,
    writeMax: 4,
    writePreferred: 5,
    writeMultiple: 6,
    directoryPreferred: 7,
    fileSizeMax: Number.MAX_SAFE_INTEGER,
    timeDeltaNs: 1n,
    properties: 27,
  }),
  pair('PATHCONF result', fileSystem.pathconf.result, {
    ...OK,
    attributes,
    linkMax: 1,
    nameMax: 2,
    noTruncation: true,
    chownRestricted: false,
    caseInsensitive: false,
    casePreserving: true,
  }),
  pair('MNT result', mount.mnt.result, { ...OK, root: handle, flavours: [1] }, fail),
  pair('DUMP result', mount.dump.result, [], [{ host: name, directory: handle }]),
  pair('EXPORT result', mount.exportList.result, [{ directory: name, groups: [handle] }]),
  pair(
    'HELLO',
    privateProgram.hello.args,
    { step: 1, body: name },
    { step: 2, body: name, config: Buffer.from('{}') },
  ),
  pair(
    'HELLO result',
    privateProgram.hello.result,
    { ok: true, welcome: name },
    { ok: false, reason: 'why' },
  ),
  pair('FLAG', privateProgram.flag.args, {
    accused: 2,
    stream: 1,
    k: 2 ** 40,
    mechanism: 'time-out',
  }),
  pair('FLAG result', privateProgram.flag.result, { ok: true, counted: true }),
  pair('STATUS', privateProgram.status.args, { since: 4 }),
])('%s is read as it was written', (_what, check) => {
  expect(check).not.toThrow();
});
