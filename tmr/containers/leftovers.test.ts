import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../monitor/process-start.ts';
import { isGone, OWNER_LABEL, ownerLabel, thisProcess } from './leftovers.ts';

const here = thisProcess();
const dead = { ...here, pid: spawnSync('true').pid };

describe('the owner of containers', () => {
  it('is here while its process runs', () => {
    expect(isGone(ownerLabel()[OWNER_LABEL])).toBe(false);
    const parent = { ...here, pid: process.ppid, start: startTimeOf(process.ppid) ?? '' };
    expect(isGone(JSON.stringify(parent))).toBe(false);
  });

  it.each([
    ['has ended', dead],
    ['has ended and its pid is used again', { ...here, start: '1' }],
    ['ran before the machine was started again', { ...here, boot: 'earlier' }],
  ])('is gone when it %s', (_what, owner) => {
    expect(isGone(JSON.stringify(owner))).toBe(true);
  });

  it.each([
    ['is of another machine', JSON.stringify({ ...dead, machine: 'other' })],
    ['is not told', undefined],
    ['is told in other words', 'me'],
    ['is told as something else', 'null'],
  ])('is not judged when it %s', (_what, label) => {
    expect(isGone(label)).toBe(false);
  });
});
