import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeLeftovers } from './leftovers.ts';
import { startTimeOf } from './process-start.ts';

it('removes directories whose owner is gone, and no others', () => {
  const place = mkdtempSync('/tmp/tmr-test-leftovers-');
  try {
    const dead = spawnSync('true').pid;
    const digits = (pid: number): string => String(pid).padStart(7, '0');
    const orphans = [`tmr-exec-${digits(dead)}-a`, `tmr-harness-${dead}-7-b`];
    // A campaign whose pid another process has got since.
    orphans.push(`tmr-harness-${process.pid}-1-c`);
    const owned = [
      `tmr-exec-${digits(process.pid)}-a`,
      `tmr-harness-${process.pid}-${startTimeOf(process.pid)}-b`,
      'tmr-other-1-2-c',
    ];
    for (const name of [...orphans, ...owned])
      mkdirSync(join(place, name, 'inside'), { recursive: true });
    writeFileSync(join(place, `tmr-exec-${digits(dead)}-file`), '');
    expect(removeLeftovers([place, place]).sort()).toEqual(
      orphans.map((name) => join(place, name)).sort(),
    );
    expect(readdirSync(place).sort()).toEqual([...owned, `tmr-exec-${digits(dead)}-file`].sort());
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

it.runIf(process.getuid?.() === 0)(
  'removes what root gave to the ordinary user of containers, and nothing of other users',
  () => {
    const place = mkdtempSync('/tmp/tmr-test-leftovers-');
    try {
      const dead = spawnSync('true').pid;
      const [given, others] = [`tmr-harness-${dead}-7-given`, `tmr-harness-${dead}-7-others`];
      for (const name of [given, others]) mkdirSync(join(place, name));
      chownSync(join(place, given), 65534, 65534);
      chownSync(join(place, others), 12345, 12345);
      expect(removeLeftovers([place])).toEqual([join(place, given)]);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
);
