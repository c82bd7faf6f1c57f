import { describe, expect, it } from 'vitest';
import { replay } from './replay.ts';
import { kinds } from './runs.ts';
import { simulate } from './spin.ts';

const timing = { T: 4, Q: 1, D: 1 };

describe('traces of the model, replayed against the core', () => {
  for (const kind of kinds) {
    it(`have the same effects, event by event: ${kind}`, async () => {
      let events = 0;
      for (let seed = 1; seed <= 6; seed += 1) {
        const trace = await simulate({ FAULT: kind, ...timing, SKEW: seed % 2 }, seed);
        const result = replay(trace, timing);
        expect(result.differences, `seed ${seed}\n${trace.join('\n')}`).toEqual([]);
        events += result.events;
      }
      expect(events).toBeGreaterThan(100);
    });
  }
});
