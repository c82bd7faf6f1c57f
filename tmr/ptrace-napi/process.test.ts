import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as native from './index.js';
import { codeOf } from './test-guests.ts';

test('clocks', () => {
  const before = native.monotonicNs();
  const exact = Number(native.clockNs(1));
  expect(exact).toBeGreaterThanOrEqual(before);
  expect(native.monotonicNs()).toBeGreaterThanOrEqual(exact);
  expect(codeOf(() => native.clockNs(99))).toBe('EINVAL');
});

test('sleep: whole, or what the tick left', () => {
  const since = native.monotonicNs();
  expect(native.sleepNs(1e6)).toBe(0);
  expect(native.monotonicNs() - since).toBeGreaterThanOrEqual(1e6);
  native.setTick(1e6);
  const left = native.sleepNs(60e9);
  native.setTick(0);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(60e9);
  expect(native.sleepNs(2e6)).toBe(0);
});

test('random bytes are as many as asked, and differ', () => {
  expect(native.randomBytes(0).length).toBe(0);
  expect(native.randomBytes(32).equals(native.randomBytes(32))).toBe(false);
});

test('affinity of this thread is set and read', () => {
  const before = native.getAffinity(0);
  native.setAffinity(0, [before[0] as number]);
  expect(native.getAffinity(0)).toEqual([before[0]]);
  native.setAffinity(0, before);
  expect(native.getAffinity(0)).toEqual(before);
  expect(codeOf(() => native.setAffinity(0, []))).toBe('EINVAL');
  expect(codeOf(() => native.setAffinity(0, [-1]))).toBe('ERR_ARGUMENT');
});

test('limits, usage, signals', () => {
  const [soft, hard] = native.getRlimit(7);
  expect(soft).toBeGreaterThan(0);
  expect(hard).toBeGreaterThanOrEqual(soft);
  expect(codeOf(() => native.getRlimit(99))).toBe('EINVAL');
  expect(native.rusage('self').maxRssKiB).toBeGreaterThan(1000);
  expect(native.rusage('children').userNs).toBeGreaterThanOrEqual(0);
  native.kill(process.pid, 0);
  expect(codeOf(() => native.kill(0, 0))).toBe('ERR_ARGUMENT');
  native.setChildSubreaper();
});

test('the parent death signal is refused when the parent is another', () => {
  expect(codeOf(() => native.setParentDeathSignal(9, 2 ** 22 + 1))).toBe('ESRCH');
  native.setParentDeathSignal(0, process.ppid);
});

test('descriptors: memfd, lseek; no terminal on a file', () => {
  const fd = native.memfdCreate('some name');
  writeSync(fd, 'abc');
  expect(native.lseek(fd, 0, 1)).toBe(3);
  expect(native.lseek(fd, -1, 2)).toBe(2);
  ftruncateSync(fd, 2 ** 33);
  expect(native.lseek(fd, 0, 2)).toBe(2 ** 33);
  expect(codeOf(() => native.lseek(fd, -5, 0))).toBe('EINVAL');
  expect(native.termios(fd)).toBeUndefined();
  expect(native.winsize(fd)).toBeUndefined();
  native.close(fd);
  expect(codeOf(() => native.termios(fd))).toBe('EBADF');
});

test('a terminal gives its settings and size', () => {
  const fd = openSync('/dev/ptmx', 'r+');
  expect(native.termios(fd)?.length).toBe(36);
  expect(native.winsize(fd)).toEqual(Buffer.alloc(8));
  closeSync(fd);
});
