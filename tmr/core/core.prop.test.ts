/**
 * P1 to P6 of DESIGN.md 4 over random sessions of the simulated trio. A failure prints the line that
 * replays it.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './sim/check.ts';
import { linesOf, sessionProperties } from './sim/session-properties.ts';

const groups = new Set(sessionProperties.map(({ group }) => group));

describe.each([...groups])('%s', (group) => {
  const titled = sessionProperties.flatMap((property) =>
    property.group === group ? [[property.title, property] as const] : [],
  );

  it.each(titled)('%s', (_title, property) => {
    const sessions = fc.property(property.scenarios, (scenario) => {
      expect(linesOf(property, scenario)).toEqual([]);
    });
    check(sessions, property.runs);
  });
});

describe('random sessions', () => {
  it('are thousands', () => {
    const total = sessionProperties.reduce((sum, { runs }) => sum + runs, 0);
    expect(total).toBeGreaterThanOrEqual(18_000);
  });
});
