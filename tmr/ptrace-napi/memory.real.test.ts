import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { hash, hashBytes, type Stopped } from './index.js';
import { allBut, runOut, start, stopped } from './test-guests.ts';

const room = dirname(fileURLToPath(import.meta.url));
const addon = createRequire(import.meta.url)('node-gyp-build')(room) as {
  useVectorCalls(on: boolean): void;
};
afterEach(() => addon.useVectorCalls(true));

/** guests/memory.c at its call 1000. */
function memoryGuest(): { now: Stopped; pages: number; fixed: number; stack: number } {
  const now = stopped(start('memory', [], { seccompAllow: allBut() }).resumeAndWait('cont'));
  return { now, pages: now.arg(0), fixed: now.arg(1), stack: now.arg(2) };
}

describe.each([
  ['process_vm_readv and writev', true],
  ['/proc/PID/mem', false],
])('by %s', (_way, vectorCalls) => {
  test('reads stop where memory ends, or access', () => {
    const { now, pages } = memoryGuest();
    addon.useVectorCalls(vectorCalls);
    const into = Buffer.alloc(8192, 0xee);
    expect(now.read(pages, into, 10, 4096)).toBe(4096);
    expect(into[10]).toBe(1);
    expect(into[10 + 4095]).toBe((4095 % 251) + 1);
    expect([into[9], into[10 + 4096]]).toEqual([0xee, 0xee]);
    expect(now.read(pages + 4000, into, 0, 200)).toBe(96);
    for (const bad of [pages + 4096, 0, 8, 2 ** 47, 2 ** 63, 2 ** 64 - 4096, 2 ** 70]) {
      expect([bad, now.read(bad, into, 0, 8)]).toEqual([bad, 0]);
    }
    expect(now.read(pages, into, 8192, 0)).toBe(0);
    now.destroy();
  });

  test('write obeys page protection, poke does not', () => {
    const { now, pages, fixed } = memoryGuest();
    addon.useVectorCalls(vectorCalls);
    const from = Buffer.from('__changed__');
    expect(now.write(pages + 4090, from, 2, 7)).toBe(6);
    expect(now.write(pages + 4096, from, 0, 1)).toBe(0);
    expect(now.write(fixed, from, 2, 7)).toBe(0);
    expect(now.readCString(fixed, 100)?.toString()).toBe('read-only');
    expect(now.poke(fixed, from, 2, 7)).toBe(7);
    expect(now.readCString(fixed, 100)?.toString()).toBe('changedly');
    expect(now.poke(8, from, 0, 1)).toBe(0);
    now.destroy();
  });

  test('write and read grow the stack as the kernel would', () => {
    const { now, stack } = memoryGuest();
    addon.useVectorCalls(vectorCalls);
    const byte = Buffer.from([33]);
    expect(now.read(stack, Buffer.alloc(1), 0, 1)).toBe(1);
    expect(now.write(stack, byte, 0, 1)).toBe(1);
    // Beyond RLIMIT_STACK there is nothing.
    expect(now.write(stack - 2 ** 30, byte, 0, 1)).toBe(0);
    now.skip(0);
    expect(runOut(now).exitCode).toBe(33);
  });

  test('strings end at NUL, at the maximum, or are unreadable', () => {
    const { now, pages, fixed } = memoryGuest();
    addon.useVectorCalls(vectorCalls);
    expect(now.readCString(fixed, 4096)?.toString()).toBe('read-only');
    expect(now.readCString(fixed, 9)?.toString()).toBe('read-only');
    expect(now.readCString(fixed, 4)?.toString()).toBe('read');
    expect(now.readCString(fixed, 0)?.length).toBe(0);
    expect(now.readCString(pages, 4096)?.length).toBe(4096);
    expect(now.readCString(pages, 4097)).toBeUndefined();
    expect(now.readCString(0, 1)).toBeUndefined();
    now.destroy();
  });

  test('the hash of memory is the hash of its bytes', () => {
    const { now, pages } = memoryGuest();
    addon.useVectorCalls(vectorCalls);
    const bytes = Buffer.alloc(4096);
    now.read(pages, bytes, 0, 4096);
    for (const length of [0, 1, 31, 32, 1000, 4096]) {
      hashBytes(bytes, 0, length, 5, 6);
      const expected = [...hash];
      hashBytes(bytes, 0, 0, 0, 0);
      expect(now.hashMemory(pages, length, 5, 6)).toBe(true);
      expect([...hash]).toEqual(expected);
    }
    expect(now.hashMemory(pages, 4097, 5, 6)).toBe(false);
    now.destroy();
  });
});

test('after an exec, memory is that of the new program', () => {
  let now = start('getppid-loop', ['0'], { file: '/bin/sh', args: ['sh', '-c', 'exec /bin/true'] });
  const byte = Buffer.from([0]);
  expect(now.poke(now.sp - 64, byte, 0, 1)).toBe(1);
  now = stopped(now.resumeAndWait('cont'));
  expect(now.kind).toBe(5);
  const name = Number(now.auxv().entries.find(([type]) => type === 31)?.[1]);
  expect(now.poke(name, Buffer.from('X'), 0, 1)).toBe(1);
  expect(now.readCString(name, 100)?.toString()).toBe('Xbin/true');
  expect(runOut(now).exitCode).toBe(0);
});
