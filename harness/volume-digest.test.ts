import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestVolume, volumeDifferences } from './volume-digest.ts';

let root: string;
let base: string;
const at = (name: string): string => join(root, name);

function makeVolume(directory: string): void {
  mkdirSync(join(directory, 'sub'), { recursive: true });
  writeFileSync(join(directory, 'a'), 'alpha');
  writeFileSync(join(directory, 'sub', 'b'), 'beta');
  symlinkSync('../a', join(directory, 'sub', 'link'));
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tmr-volume-test-'));
  root = join(base, 'volume');
  makeVolume(root);
});
afterEach(() => rmSync(base, { recursive: true }));

describe('digestVolume', () => {
  it('is the same for an equal tree elsewhere, with other times', () => {
    const other = join(base, 'other');
    makeVolume(other);
    utimesSync(join(other, 'a'), 1, 2);
    expect(digestVolume(other)).toEqual(digestVolume(root));
    expect(digestVolume(root).bytes).toBe(9);
  });

  it.each<[string, () => void, RegExp]>([
    ['content', () => writeFileSync(at('a'), 'alphA'), /^a is file .* expected file/],
    ['size', () => writeFileSync(at('a'), 'alpha\0'), /^a is file 0644 size 6/],
    ['mode', () => chmodSync(at('sub/b'), 0o600), /^sub\/b is file 0600 .* expected file 0644/],
    ['mode of a directory', () => chmodSync(at('sub'), 0o700), /^sub is directory 0700/],
    ['name', () => renameSync(at('a'), at('c')), /^a is missing/],
    ['a further file', () => writeFileSync(at('c'), ''), /^c is one too many \(file/],
    ['link count', () => linkSync(at('a'), join(base, 'outside')), /^a is .* links 2, expected/],
    [
      'link target',
      () => {
        unlinkSync(at('sub/link'));
        symlinkSync('../b', at('sub/link'));
      },
      /^sub\/link is symlink to \.\.\/b .* expected symlink to \.\.\/a/,
    ],
    [
      'type',
      () => {
        unlinkSync(at('a'));
        mkdirSync(at('a'));
      },
      /^a is directory .* expected file/,
    ],
  ])('notices another %s and names the entry', (_what, change, message) => {
    const before = digestVolume(root);
    change();
    const after = digestVolume(root);
    expect(after.digest).not.toBe(before.digest);
    expect(volumeDifferences(before.entries, after.entries)[0]).toMatch(message);
  });

  it('tells apart names that are no UTF-8', () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]), '');
    const before = digestVolume(root);
    unlinkSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xfe])]), '');
    expect(volumeDifferences(before.entries, digestVolume(root).entries)).toHaveLength(2);
  });
});
