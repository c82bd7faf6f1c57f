import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allMutants } from './list.ts';

const root = join(import.meta.dirname, '../..');

describe('the list of mutants', () => {
  it('names for each a text that occurs exactly once', () => {
    const counts = allMutants.map(({ name, file, old }) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [name, text.split(old).length - 1] as const;
    });
    expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
  });

  it('has names of their own for all, and more than the 35 that were asked for', () => {
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
    expect(allMutants.length).toBeGreaterThanOrEqual(310);
  });
});
