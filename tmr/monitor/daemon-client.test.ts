import { describe, expect, it } from 'vitest';
import { goldenFromDaemon } from '../wire/golden.ts';
import { parseFromDaemon } from '../wire/schema.ts';
import { usualAnswer } from './daemon-client.ts';

describe('answers that are checked by hand', () => {
  it('are read as the schema reads them', () => {
    for (const type of ['starting', 'ended', 'clock'] as const) {
      const message = goldenFromDaemon[type];
      expect(message?.type).toBe(type);
      expect(usualAnswer(message)).toEqual(parseFromDaemon(message));
    }
  });

  it.each([
    null,
    7,
    {},
    { type: 'starting' },
    { type: 'starting', pid: '7', trapsTsc: true },
    { type: 'starting', pid: 7 },
    { type: 'clock', tNs: -1, clockId: 'c' },
    { type: 'clock', tNs: 1 },
    goldenFromDaemon.refused,
    { type: 'ended', session: 's', code: null },
    { type: 'ended', session: 's', code: '1', signal: null },
    { type: 'ended', code: 1, signal: null },
  ])('are left to the schema where they are others: %j', (json) => {
    expect(usualAnswer(json)).toBe(undefined);
  });
});
