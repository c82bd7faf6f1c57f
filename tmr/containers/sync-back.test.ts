import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  existsSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  cpSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pathsBelow, syncBack } from './sync-back.ts';

let root: string;
let ours: string;
let copy: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tmr-sync-test-'));
  [ours, copy] = [join(root, 'ours'), join(root, 'copy')];
  mkdirSync(join(ours, 'sub'), { recursive: true });
  writeFileSync(join(ours, 'kept'), 'same');
  writeFileSync(join(ours, 'changed'), 'old');
  writeFileSync(join(ours, 'sub', 'removed'), 'x');
  symlinkSync('kept', join(ours, 'link'));
  cpSync(ours, copy, { recursive: true, verbatimSymlinks: true });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('bringing a directory back', () => {
  it('changes what differs, removes what the program removed, and leaves the rest alone', () => {
    const sent = pathsBelow(ours);
    const before = statSync(join(ours, 'kept'));
    writeFileSync(join(copy, 'changed'), 'new');
    writeFileSync(join(copy, 'made'), 'made', { mode: 0o751 });
    rmSync(join(copy, 'sub', 'removed'));
    rmSync(join(copy, 'link'));
    symlinkSync('made', join(copy, 'link'));
    syncBack(copy, ours, sent);
    expect(readFileSync(join(ours, 'changed'), 'utf8')).toBe('new');
    expect(statSync(join(ours, 'made')).mode & 0o777).toBe(0o751 & ~process.umask());
    expect(existsSync(join(ours, 'sub', 'removed'))).toBe(false);
    expect(readlinkSync(join(ours, 'link'))).toBe('made');
    const after = statSync(join(ours, 'kept'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('leaves alone what came into the directory while the program ran', () => {
    const sent = pathsBelow(ours);
    writeFileSync(join(ours, 'sub', 'somebody else'), 'y');
    syncBack(copy, ours, sent);
    expect(readFileSync(join(ours, 'sub', 'somebody else'), 'utf8')).toBe('y');
  });

  it('puts a file where a directory was, and the other way round', () => {
    const sent = pathsBelow(ours);
    rmSync(join(copy, 'sub'), { recursive: true });
    writeFileSync(join(copy, 'sub'), 'file');
    rmSync(join(copy, 'kept'));
    mkdirSync(join(copy, 'kept'));
    syncBack(copy, ours, sent);
    expect(statSync(join(ours, 'sub')).isFile()).toBe(true);
    expect(statSync(join(ours, 'kept')).isDirectory()).toBe(true);
  });
});
