import { describe, expect, it } from 'vitest';
import { everyFault } from './sim/fault-list.ts';
import { plainScenario } from './sim/scenarios.ts';
import type { Scenario } from './sim/trio.ts';
import { violationsOf } from './sim/violations.ts';

/** Who is late, by how much: nobody, one, two, all differently; late in computing or in delivery. */
const allSkews = [
  [[0], [0], [0]],
  [[300], [0], [0]],
  [[0], [300], [0]],
  [[0], [0], [300]],
  [[300], [300], [0]],
  [[0], [150], [300]],
];
/** What --detect changes matters less than who is late, so the second sweep takes fewer. */
const sweeps = [
  ['any', allSkews],
  ['timeout-only', allSkews.slice(3)],
] as const;
const delays = [[20], [100, 1, 50, 1]];
const program = ['exec', 'write', 'clock', 'output', 'exit'] as const;

/** A floor, so that the sweep cannot shrink unnoticed. */
const faultsMin = 450;

describe('every fault kind at every target and phase', () => {
  for (const [detect, skews] of sweeps) {
    for (const at of [0, 1, 2, 3]) {
      it(`keeps P1 to P5 at rendezvous ${at} with --detect ${detect}`, () => {
        const faults = everyFault(at);
        expect(faults.length).toBeGreaterThanOrEqual(faultsMin);
        const failures: string[] = [];
        for (const skewsNs of skews) {
          for (const delaysNs of delays) {
            const setting = { detect, skewsNs, delaysNs, clockOffsetsNs: [0, 700, 1400], program };
            failures.push(
              ...faults.flatMap((fault) => failuresOf({ ...setting, faults: [fault] })),
            );
          }
        }
        expect(failures).toEqual([]);
      });
    }
  }
});

const failuresOf = (setting: Partial<Scenario>): string[] =>
  violationsOf({ ...plainScenario, ...setting }).map(
    (line) => `${line}: ${JSON.stringify(setting)}`,
  );
