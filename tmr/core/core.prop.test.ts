import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkSingleFault } from './sim/properties.ts';
import { faultArbitraries, faultKinds, fcParameters, settings } from './sim/scenarios.ts';
import { runTrio } from './sim/trio.ts';
import type { Scenario } from './sim/trio.ts';

describe('every single fault under agreed', () => {
  for (const kind of faultKinds) {
    it(`keeps P1 to P5: ${kind}`, () => {
      fc.assert(
        fc.property(settings(), faultArbitraries[kind], (scenario, fault) => {
          expectHolds({ ...scenario, faults: [fault] });
        }),
        fcParameters(1000),
      );
    });
  }
});

const expectHolds = (scenario: Scenario): void => {
  const violations = checkSingleFault(runTrio(scenario));
  if (violations.length === 0) return;
  throw new Error(violations.map(({ property, text }) => `${property}: ${text}`).join('\n'));
};
