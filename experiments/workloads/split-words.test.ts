import { describe, expect, it } from 'vitest';
import { splitWords } from './split-words.ts';

describe('a workload command', () => {
  it('is split at blanks outside quotes', () => {
    expect(splitWords(`./a  -x 'two words' "it's" b\\ c ''`)).toEqual([
      './a',
      '-x',
      'two words',
      "it's",
      'b c',
      '',
    ]);
    expect(splitWords(`awk '{ print $1 }' "say \\"x\\""`)).toEqual([
      'awk',
      '{ print $1 }',
      'say "x"',
    ]);
  });

  it.each(['a | b', 'a > b', 'a $HOME', 'ls *.c'])('that needs a shell is refused: %s', (text) => {
    expect(() => splitWords(text)).toThrow('needs a shell');
  });

  it('that is empty or has an open quote is refused', () => {
    expect(() => splitWords('  ')).toThrow('empty');
    expect(() => splitWords("a 'b")).toThrow('not closed');
  });
});
