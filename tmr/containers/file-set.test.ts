import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSet } from './file-set.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmr-file-set-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const paths = (files: FileSet): string[] => files.entries.map(({ path }) => path);

describe('the files of an image', () => {
  it('hold the links on the way to a file and the file where they lead', () => {
    mkdirSync(join(directory, 'real'));
    writeFileSync(join(directory, 'real', 'one'), '1');
    symlinkSync('real', join(directory, 'link'));
    symlinkSync('one', join(directory, 'real', 'two'));
    const files = new FileSet();
    files.add(join(directory, 'link', 'two'));
    const below = files.entries.map(({ path, ...rest }) => [
      path.slice(directory.length),
      'target' in rest ? rest.target : rest.type,
    ]);
    expect(below).toEqual([
      ['/link', 'real'],
      ['/real/one', 'file'],
      ['/real/two', 'one'],
    ]);
  });

  it('hold the loader and the libraries of a program', () => {
    const files = new FileSet();
    files.addProgram('/bin/sh');
    expect(paths(files).some((path) => /ld-linux/.test(path))).toBe(true);
    expect(paths(files).some((path) => /libc\.so/.test(path))).toBe(true);
  });

  it('hold the interpreter of a script, and what that needs', () => {
    const script = join(directory, 'script');
    writeFileSync(script, '#!/bin/sh -e\n');
    const files = new FileSet();
    files.addProgram(script);
    expect(paths(files)).toContain(script);
    expect(paths(files).some((path) => /libc\.so/.test(path))).toBe(true);
  });

  it('have a digest that content, mode and target decide, and nothing else', () => {
    const file = join(directory, 'file');
    const digest = (): string => {
      const files = new FileSet();
      files.add(file);
      return files.digest;
    };
    writeFileSync(file, 'one');
    const first = digest();
    expect(digest()).toBe(first);
    writeFileSync(file, 'two');
    const second = digest();
    expect(second).not.toBe(first);
    chmodSync(file, 0o755);
    expect(digest()).not.toBe(second);
  });

  it('are refused by name where one is missing', () => {
    expect(() => new FileSet().add(join(directory, 'absent'))).toThrow(/expected .*absent/);
  });
});
