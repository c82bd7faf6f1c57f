import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory } from './make-directory.ts';

const directory = mkdtempSync(join(tmpdir(), 'tmr-make-directory-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a directory for results', () => {
  it('is made with its parents, and may be there already', () => {
    const path = join(directory, 'a', 'b');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('is refused by name where a file is in the way', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => makeDirectory(join(directory, 'file', 'below'))).toThrow(/got the file .*file;/);
  });

  it('is refused at once where nothing can be made', () => {
    expect(() => makeDirectory('/proc/nope/below')).toThrow(/cannot make \/proc\/nope/);
  });
});
