import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeProgram, findProgram } from './program.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/tmp/tmr-test-program-');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const put = (name: string, text: string): void =>
  writeFileSync(join(directory, name), text, { mode: 0o755 });

describe('the program', () => {
  it('is found as execvp finds it, and named as it was typed', () => {
    put('s', '#!/bin/sh\n');
    expect(findProgram('./s', '', directory)).toBe('./s');
    expect(findProgram('s', `/nowhere:${directory}`, directory)).toBe(`${directory}/s`);
    expect(findProgram('s', '/nowhere:', directory)).toBe('./s');
    expect(() => findProgram('s', '/nowhere', directory)).toThrow(/No such file/);
  });

  it('is looked for where the kernel goes, not where the text of the path leads', () => {
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    symlinkSync('a/b', join(directory, 'link'));
    put('a/s', '#!/bin/sh\n');
    expect(findProgram('link/../s', '', directory)).toBe('link/../s');
  });

  it('is run by the shell when the kernel would not know it', () => {
    put('text', 'echo $0\n');
    const path = join(directory, 'text');
    const text = describeProgram([path, 'one'], process.cwd());
    const args = text.argsBase64.map((word) => Buffer.from(word, 'base64').toString());
    expect([text.file, args]).toEqual(['/bin/sh', ['/bin/sh', path, 'one']]);
    expect(describeProgram(['/bin/true'], process.cwd()).file).toBe('/bin/true');
  });
});
