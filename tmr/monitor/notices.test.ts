import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoticeBook } from './notices.ts';
import type { Notice } from './notices.ts';

function notice(accuser: number, accused: number): Notice {
  return {
    accuser,
    accused,
    stream: 0,
    k: 7,
    mechanism: 'time-out',
    tFirstSuspicionNs: 1,
    tSecondArrivalNs: NaN,
  };
}

describe('flags under agreed', () => {
  it('need two notices of others', () => {
    const book = new NoticeBook([1, 2, 3], 'agreed');
    expect(book.add(notice(1, 2), 10).type).toBe('none');
    const flag = book.add(notice(3, 2), 20);
    expect(flag).toMatchObject({ type: 'flag', accused: 2 });
    expect(book.members).toEqual([1, 3]);
    expect(book.notices.map(({ counted, tNs }) => [counted, tNs])).toEqual([
      [true, 10],
      [true, 20],
    ]);
  });

  it('leave a lone notice uncounted, however often it is sent, also over further connections', () => {
    const book = new NoticeBook([1, 2, 3], 'agreed');
    for (let i = 0; i < 3; i++) expect(book.add(notice(1, 2), i).type).toBe('none');
    expect(book.notices).toHaveLength(1);
    expect(book.notices[0]?.counted).toBe(false);
  });

  it('do not count a notice of the accused against itself', () => {
    const book = new NoticeBook([1, 2, 3], 'agreed');
    book.add(notice(2, 2), 1);
    expect(book.add(notice(1, 2), 2).type).toBe('none');
    expect(new NoticeBook([1, 2], 'agreed').add(notice(1, 1), 1).type).toBe('none');
  });

  it('do not count what a flagged replica says', () => {
    const book = new NoticeBook([1, 2, 3], 'agreed');
    book.add(notice(1, 3), 1);
    book.add(notice(2, 3), 2);
    expect(book.add(notice(3, 1), 3).type).toBe('none');
  });

  it('about replicas that there are none of are not kept, so that nobody can pile them up', () => {
    const book = new NoticeBook([1, 2, 3], 'agreed');
    for (let accused = 0; accused < 100; accused++) book.add(notice(3, accused), 1);
    expect(book.notices.map(({ accused }) => accused)).toEqual([1, 2, 3]);
  });

  it('end a duplex session instead of flagging (R15)', () => {
    expect(new NoticeBook([1, 2], 'agreed').add(notice(1, 2), 1).type).toBe('duplex');
    const book = new NoticeBook([1, 2, 3], 'agreed');
    book.add(notice(1, 3), 1);
    book.add(notice(2, 3), 2);
    expect(book.add(notice(1, 2), 3).type).toBe('duplex');
  });

  it('never follow from the notices of one replica, in any order', () => {
    const pair = fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(1, 2, 3));
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3), fc.array(pair, { maxLength: 20 }), (liar, pairs) => {
        const book = new NoticeBook([1, 2, 3], 'agreed');
        for (const [, accused] of pairs) {
          expect(book.add(notice(liar, accused), 0).type).toBe('none');
        }
      }),
    );
  });
});

describe('flags under paper', () => {
  it('follow the first notice', () => {
    const book = new NoticeBook([1, 2, 3], 'paper');
    expect(book.add(notice(1, 2), 1)).toMatchObject({ type: 'flag', accused: 2 });
    expect(book.add(notice(2, 1), 2).type).toBe('none');
  });
});

describe('notices among four', () => {
  it('do not count when their sender was flagged since', () => {
    const book = new NoticeBook([1, 2, 3, 4], 'agreed');
    book.add(notice(1, 2), 0);
    book.add(notice(3, 1), 0);
    expect(book.add(notice(4, 1), 0)).toMatchObject({ type: 'flag', accused: 1 });
    expect(book.add(notice(3, 2), 0)).toEqual({ type: 'none' });
  });

  it('flag nobody twice', () => {
    const book = new NoticeBook([1, 2, 3, 4], 'agreed');
    book.add(notice(1, 2), 0);
    book.add(notice(3, 2), 0);
    expect(book.add(notice(4, 2), 0)).toEqual({ type: 'none' });
  });
});
