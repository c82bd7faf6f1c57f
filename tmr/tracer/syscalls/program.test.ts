import { describe, expect, test } from 'vitest';
import { interpreterOf } from './program.ts';

const parse = (text: string) => {
  const found = interpreterOf(Buffer.from(text));
  return found && [found.path.toString(), found.arg?.toString()];
};

describe('the first line of a script', () => {
  test('names an interpreter and at most one argument, the rest of the line', () => {
    expect(parse('#!/bin/sh\necho')).toEqual(['/bin/sh', undefined]);
    expect(parse('#! /usr/bin/env  python3 -u \nx')).toEqual(['/usr/bin/env', 'python3 -u']);
    expect(parse('#!/bin/awk -f')).toEqual(['/bin/awk', '-f']);
  });

  test('is none in a program', () => {
    expect(parse('\x7fELF')).toBeUndefined();
    expect(parse('echo hello\n')).toBeUndefined();
  });

  test('without an interpreter cannot be executed', () => {
    expect(() => parse('#!   \n')).toThrow('ENOEXEC');
  });
});
