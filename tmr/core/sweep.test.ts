import { describe, expect, it } from 'vitest';
import { everyFault } from './sim/fault-list.ts';
import { plainScenario } from './sim/scenarios.ts';
import type { Scenario } from './sim/trio.ts';
import { violationsOf } from './sim/violations.ts';

/** Who is late, by how much: nobody, one, two, all differently; late in computing or in delivery. */
const skews = [
  [[0], [0], [0]],
  [[300], [0], [0]],
  [[0], [300], [0]],
  [[0], [0], [300]],
  [[300], [300], [0]],
  [[0], [150], [300]],
];
const delays = [[20], [100, 1, 50, 1]];
const program = ['exec', 'write', 'clock', 'output', 'exit'] as const;
const rendezvous = [0, 1, 2, 3];

describe('every fault kind at every target, rendezvous and phase', () => {
  for (const detect of ['any', 'timeout-only'] as const) {
    it(`keeps P1 to P5 with --detect ${detect}`, () => {
      let cases = 0;
      const failures: string[] = [];
      for (const skewsNs of skews) {
        for (const delaysNs of delays) {
          for (const fault of rendezvous.flatMap(everyFault)) {
            const faults = [fault];
            const scenario: Scenario = {
              ...plainScenario,
              program,
              detect,
              skewsNs,
              delaysNs,
              clockOffsetsNs: [0, 700, 1400],
              faults,
            };
            cases += 1;
            for (const line of violationsOf(scenario)) {
              failures.push(`${line}: ${JSON.stringify({ skewsNs, delaysNs, fault })}`);
            }
          }
        }
      }
      expect(failures).toEqual([]);
      // A floor, so that the sweep cannot shrink unnoticed.
      expect(cases).toBeGreaterThanOrEqual(19_000);
    });
  }
});
