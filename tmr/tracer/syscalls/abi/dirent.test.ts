import { describe, expect, test } from 'vitest';
import { encodeDirent } from './dirent.ts';

const entry = { fileid: 0x1122334455n, name: Buffer.from('abc'), type: 8, next: 7 };

describe('a directory entry', () => {
  test('has the layout of linux_dirent64', () => {
    const bytes = Buffer.alloc(64, 0xff);
    expect(encodeDirent('64', entry, bytes, 8, 64)).toBe(24);
    expect(bytes.toString('hex', 8, 32)).toBe('554433221100000007000000000000001800086162630000');
  });

  test('has its type in the last byte in the older layout', () => {
    const bytes = Buffer.alloc(64);
    expect(encodeDirent('old', entry, bytes, 0, 64)).toBe(24);
    expect(bytes.toString('latin1', 18, 21)).toBe('abc');
    expect(bytes[23]).toBe(8);
  });

  test('is left out where it does not fit', () => {
    expect(encodeDirent('64', entry, Buffer.alloc(64), 0, 23)).toBe(0);
  });
});
