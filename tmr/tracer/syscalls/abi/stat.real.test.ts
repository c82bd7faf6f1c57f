import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { FileAttributes } from '../../files/types.ts';
import { deviceMajor, deviceMinor, encodeStat, encodeStatx, makeDevice } from './stat.ts';
import { compileGuest } from '../testing/native.ts';

const directory = mkdtempSync('/tmp/tmr-stat-');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const dump = compileGuest('dump-stat', directory);
writeFileSync(join(directory, 'file'), 'x'.repeat(12_345), { mode: 0o4711 });
symlinkSync('file', join(directory, 'link'));

function attributesOf(path: string): FileAttributes {
  const of = lstatSync(path, { bigint: true });
  const type = of.isDirectory()
    ? 'directory'
    : of.isSymbolicLink()
      ? 'symlink'
      : of.isCharacterDevice()
        ? 'char'
        : 'file';
  return {
    type,
    mode: Number(of.mode) & 0o7777,
    nlink: Number(of.nlink),
    uid: Number(of.uid),
    gid: Number(of.gid),
    size: Number(of.size),
    used: Number(of.blocks) * 512,
    rdevMajor: deviceMajor(of.rdev),
    rdevMinor: deviceMinor(of.rdev),
    fsid: of.dev,
    fileid: of.ino,
    atimeNs: of.atimeNs,
    mtimeNs: of.mtimeNs,
    ctimeNs: of.ctimeNs,
  };
}

describe('struct stat and statx', () => {
  const paths = ['file', 'link', '.'].map((name) => join(directory, name));
  test.each([...paths, '/dev/null'])('are the bytes that the kernel gives for %s', (path) => {
    const printed = spawnSync(dump, [path], { encoding: 'utf8' }).stdout.trim().split('\n');
    const attributes = attributesOf(path);
    expect(encodeStat(attributes).toString('hex')).toBe(printed[0]);
    expect(encodeStatx(attributes).toString('hex')).toBe(printed[1]);
  });

  test('device numbers keep their 32-bit halves', () => {
    for (const [major, minor] of [
      [1, 3],
      [259, 70_000],
      [0xffff_ffff, 0xffff_ffff],
    ] as const) {
      const device = makeDevice(major, minor);
      expect([deviceMajor(device), deviceMinor(device)]).toEqual([major, minor]);
    }
  });
});
