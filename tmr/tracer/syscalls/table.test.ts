import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderSyscallTable } from './describe.ts';
import { nameOf, numbers, type SyscallName } from './numbers.ts';
import { policyOf, table } from './table.ts';

const names = Object.keys(numbers) as SyscallName[];

describe('the system call table', () => {
  test('has a policy for every number that Linux has, found by number', () => {
    expect(names.length).toBeGreaterThan(380);
    for (const name of names) {
      expect(nameOf(numbers[name])).toBe(name);
      expect(policyOf(numbers[name]).class).toBe(table[name].class);
    }
    expect(new Set(Object.values(numbers)).size).toBe(names.length);
  });

  test('agrees with the numbers of the kernel headers of this machine', (context) => {
    const header = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
    if (!existsSync(header)) context.skip(`${header} is not installed (linux-libc-dev)`);
    const defined = [...readFileSync(header, 'utf8').matchAll(/#define __NR_(\w+) (\d+)/g)];
    expect(defined.length).toBeGreaterThan(300);
    for (const [, name, number] of defined) {
      expect({ name, number: numbers[name as SyscallName] }).toEqual({
        name,
        number: Number(number),
      });
    }
  });

  test('carries out every call that is not refused', () => {
    const without = names.filter((name) => table[name].perform === undefined);
    expect(without.filter((name) => table[name].class !== 'refused')).toEqual([]);
  });

  test('ends the session only where no errno would be honest', () => {
    const ending = names.filter(
      (name) => table[name].class === 'refused' && table[name].errno === undefined,
    );
    expect(ending.sort()).toEqual(['clone', 'fork', 'vfork']);
  });

  test('says why each refused call is refused', () => {
    const silent = names.filter(
      (name) => table[name].class === 'refused' && table[name].why === undefined,
    );
    expect(silent).toEqual([]);
  });

  test('declares at most six arguments, and lengths that are arguments', () => {
    for (const name of names) {
      const { args } = table[name];
      expect(args.length).toBeLessThanOrEqual(6);
      const lengths = args.flatMap((spec) => {
        if (typeof spec !== 'object') return [];
        return 'bytes' in spec ? [spec.bytes] : 'iovec' in spec ? [spec.iovec] : [];
      });
      expect(lengths.map((i) => args[i])).toEqual(lengths.map(() => 'long'));
    }
  });

  test('answers a number that Linux does not have', () => {
    const unknown = policyOf(100_000);
    expect(unknown.class).toBe('refused');
    expect(unknown.perform).toBeDefined();
  });

  test('is what docs/syscalls.md shows', async () => {
    const path = join(import.meta.dirname, '../../../docs/syscalls.md');
    await expect(renderSyscallTable()).toMatchFileSnapshot(path);
  });
});
