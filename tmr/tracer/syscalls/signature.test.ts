import { describe, expect, test } from 'vitest';
import { numbers, type SyscallName } from './numbers.ts';
import { sign, signature } from './signature.ts';
import { policyOf } from './table.ts';
import { memoryBase, memoryTracee } from './testing/memory-tracee.ts';

const base = BigInt(memoryBase);

function signed(
  name: SyscallName,
  args: readonly (bigint | number)[],
  memory: Buffer | string = '',
  seed: readonly [number, number] = [0, 0],
): string {
  const call = numbers[name];
  const bytes = typeof memory === 'string' ? Buffer.from(memory) : memory;
  const tracee = memoryTracee({ call, args: args.map(BigInt), memory: bytes });
  sign(tracee, policyOf(call), ...seed);
  return [...signature].map((half) => half.toString(16).padStart(8, '0')).join('');
}

describe('the signature of a call', () => {
  test('has these values', () => {
    const values = {
      getpid: signed('getpid', []),
      close: signed('close', [3]),
      write: signed('write', [1, base, 5], 'hello'),
      openat: signed('openat', [-100, base, 0, 0], '/etc/passwd\0'),
      seeded: signed('getpid', [], '', [1, 2]),
    };
    expect(values).toMatchInlineSnapshot(`
      {
        "close": "75ec20e3cf098126",
        "getpid": "a793f36ff892f098",
        "openat": "a5c0cbb5f623a725",
        "seeded": "a63149a7280e7b8f",
        "write": "aebec83d6ffe106f",
      }
    `);
  });

  test('covers the call number', () => {
    expect(signed('getpid', [])).not.toBe(signed('getppid', []));
  });

  test('covers declared arguments at their declared width', () => {
    const close = signed('close', [3]);
    expect(signed('close', [4])).not.toBe(close);
    expect(signed('close', [3n | (7n << 32n)])).toBe(close);
    const seek = signed('lseek', [3, 100, 0]);
    expect(signed('lseek', [3, 100n | (1n << 32n), 0])).not.toBe(seek);
  });

  test('leaves out registers that the call does not declare', () => {
    expect(signed('close', [3, 1, 2, 3, 4, 5])).toBe(signed('close', [3, 9, 9, 9, 9, 9]));
    const anonymous = (fd: number) => signed('mmap', [0, 4096, 3, 0x22, fd, 0]);
    expect(anonymous(-1)).toBe(anonymous(7));
    const mapped = (fd: number) => signed('mmap', [0, 4096, 3, 0x2, fd, 0]);
    expect(mapped(3)).not.toBe(mapped(4));
  });

  test('covers the bytes that are written, not where they lie', () => {
    const write = signed('write', [1, base, 4], 'data-data');
    expect(signed('write', [1, base + 5n, 4], 'data-data')).toBe(write);
    expect(signed('write', [1, base, 4], 'dAta-data')).not.toBe(write);
    expect(signed('write', [1, base, 5], 'data-data')).not.toBe(write);
  });

  test('tells NULL from a pointer, and nothing else of a pointer', () => {
    const read = signed('read', [0, 0x7fff_0000, 10]);
    expect(signed('read', [0, 0x5555_0000, 10])).toBe(read);
    expect(signed('read', [0, 0, 10])).not.toBe(read);
  });

  test('covers paths up to their NUL', () => {
    const open = signed('open', [base, 0, 0], 'name\0rest');
    expect(signed('open', [base, 0, 0], 'name\0REST')).toBe(open);
    expect(signed('open', [base, 0, 0], 'names\0rest')).not.toBe(open);
  });

  test('covers the vectors of writev, their lengths and bytes', () => {
    const vector = (text: string, lengths: readonly number[]): string => {
      const head = Buffer.alloc(16 * lengths.length);
      let at = memoryBase + head.length;
      lengths.forEach((length, i) => {
        head.writeBigUInt64LE(BigInt(at), 16 * i);
        head.writeBigUInt64LE(BigInt(length), 16 * i + 8);
        at += length;
      });
      return signed('writev', [1, base, lengths.length], Buffer.concat([head, Buffer.from(text)]));
    };
    const one = vector('abcdef', [2, 4]);
    expect(vector('abcdef', [2, 4])).toBe(one);
    expect(vector('abcdeF', [2, 4])).not.toBe(one);
    expect(vector('abcdef', [4, 2])).not.toBe(one);
  });

  test('leaves out handlers and padding', () => {
    const action = (handler: number, flags: number): string => {
      const bytes = Buffer.alloc(32);
      bytes.writeUInt32LE(handler, 0);
      bytes.writeUInt32LE(flags, 8);
      return signed('rt_sigaction', [11, base, 0, 8], bytes);
    };
    expect(action(0x1234, 4)).toBe(action(0x9999, 4));
    expect(action(0x1234, 4)).not.toBe(action(0x1234, 5));
    const lock = (type: number, pid: number): string => {
      const bytes = Buffer.alloc(32);
      bytes.writeInt16LE(type, 0);
      bytes.writeInt32LE(pid, 24);
      return signed('fcntl', [3, 6, base], bytes);
    };
    expect(lock(1, 5)).toBe(lock(1, 6));
    expect(lock(1, 5)).not.toBe(lock(2, 5));
  });

  test('marks unreadable memory', () => {
    const bad = signed('write', [1, 8, 4]);
    expect(signed('write', [1, 16, 4])).toBe(bad);
    expect(signed('write', [1, 0, 4])).not.toBe(bad);
  });

  test('is chained on the results folded before', () => {
    expect(signed('getpid', [], '', [0, 1])).not.toBe(signed('getpid', [], '', [1, 0]));
  });
});
