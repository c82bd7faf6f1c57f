import { describe, expect, it } from 'vitest';
import { differenceOfFiles } from './same-files.ts';

const program = { path: '/usr/bin/p', sha256: '1'.repeat(64) };
const libc = (digit: string) => ({ path: '/lib/libc.so.6', sha256: digit.repeat(64) });
const compare = (...lists: { path: string; sha256: string }[][]) =>
  differenceOfFiles(new Map(lists.map((list, index) => [index + 1, list])));

describe('the files of all replicas', () => {
  it('are the same, in whatever order they were found', () => {
    expect(compare([program, libc('a')], [libc('a'), program], [program, libc('a')])).toBe(
      undefined,
    );
    expect(compare([program])).toBe(undefined);
  });

  it.each([
    [
      'another file at one replica',
      [
        [program, libc('a')],
        [program, libc('b')],
        [program, libc('a')],
      ],
      'replica 2 has another /lib/libc.so.6 (sha256 bbbbbbbbbbbb..., the others aaaaaaaaaaaa...): ',
    ],
    [
      'a file that one replica lacks',
      [[program], [program, libc('b')], [program, libc('b')]],
      'replica 1 lacks /lib/libc.so.6: ',
    ],
    [
      'a file that one replica alone has',
      [[program], [program], [program, libc('b')]],
      'only replica 3 has /lib/libc.so.6: ',
    ],
    [
      'two replicas, of which none is the odd one',
      [[program, libc('a')], [program]],
      'the replicas differ in /lib/libc.so.6 (replica 1 sha256 aaaaaaaaaaaa..., replica 2 none): ',
    ],
    [
      'three files at three replicas',
      [[libc('a')], [libc('b')], [libc('c')]],
      'the replicas differ in /lib/libc.so.6 (replica 1 sha256 aaaaaaaaaaaa..., ' +
        'replica 2 sha256 bbbbbbbbbbbb..., replica 3 sha256 cccccccccccc...): ',
    ],
    [
      'more than one difference',
      [[program, libc('a')], [libc('b')], [program, libc('a')]],
      'replica 2 lacks /usr/bin/p and 1 more difference: ',
    ],
  ])('are refused by name for %s', (_what, lists, text) => {
    expect(compare(...lists)).toBe(`${text}install the same bytes everywhere`);
  });
});
