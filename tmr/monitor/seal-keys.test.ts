import { expect, it } from 'vitest';
import { drawSealKeys } from './seal-keys.ts';

it('gives each pair of tracers one key, and no two pairs the same', () => {
  const keys = drawSealKeys(7);
  const drawn: number[] = [];
  for (let i = 0; i < 7; i++) {
    for (let j = 0; j < i; j++) {
      expect(keys[i]?.[j]).toBe(keys[j]?.[i]);
      drawn.push(keys[i]?.[j] ?? -1);
    }
  }
  expect(drawn).toHaveLength(21);
  expect(new Set(drawn).size).toBe(21);
});
