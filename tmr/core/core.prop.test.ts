/**
 * P1 to P6 of DESIGN.md 4 over random sessions of the simulated trio. A failure prints seed and
 * path; replay it with
 *
 *     TMR_FC_SEED=<seed> TMR_FC_PATH=<path> npx vitest run tmr/core/core.prop.test.ts -t '<title>'
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectHolds, refuseAny } from './sim/expect-holds.ts';
import { checkNeverWrongSilently } from './sim/properties.ts';
import {
  anyFault,
  faultArbitraries,
  faultKinds,
  faultsOfOneLink,
  faultsOfOneReplica,
  fcParameters,
  settings,
} from './sim/scenarios.ts';
import { runTrio } from './sim/trio.ts';
import type { Scenario } from './sim/trio.ts';

/** A clock call would make the right output depend on who is asked; P6 needs one right output. */
const withoutClock = ['local', 'read', 'write', 'output', 'input'] as const;

describe('every single fault under agreed', () => {
  for (const kind of faultKinds) {
    it(`keeps P1 to P5: ${kind}`, () => {
      fc.assert(
        fc.property(settings(), faultArbitraries[kind], (scenario, fault) => {
          expectHolds({ ...scenario, faults: [fault] });
        }),
        fcParameters(500),
      );
    });
  }

  it('keeps P1 to P5 when one replica or its tracer misbehaves in several ways', () => {
    fc.assert(
      fc.property(settings(), faultsOfOneReplica, (scenario, faults) => {
        expectHolds({ ...scenario, faults });
      }),
      fcParameters(1000),
    );
  });

  it('keeps P1 to P5 when one link misbehaves in several ways', () => {
    fc.assert(
      fc.property(settings(), faultsOfOneLink, (scenario, faults) => {
        expectHolds({ ...scenario, faults });
      }),
      fcParameters(1000),
    );
  });
});

describe('two faults under agreed', () => {
  it('never let a wrong output out without an error (P6)', () => {
    fc.assert(
      fc.property(settings(withoutClock), anyFault, anyFault, (scenario, first, second) => {
        const faults = [first, second];
        refuseAny(checkNeverWrongSilently(runTrio({ ...scenario, faults })));
      }),
      fcParameters(3000),
    );
  });
});

describe('other numbers of replicas', () => {
  it('run one replica to its end without anybody to ask', () => {
    fc.assert(
      fc.property(settings(), (scenario) => expectHolds({ ...scenario, replicas: 1 })),
      fcParameters(200),
    );
  });

  it('run two replicas to their end when nothing is wrong', () => {
    fc.assert(
      fc.property(settings(), (scenario) => expectHolds({ ...scenario, replicas: 2 })),
      fcParameters(300),
    );
  });

  it('never let a wrong output out of two replicas, whatever the fault', () => {
    fc.assert(
      fc.property(settings(withoutClock), anyFault, (scenario, fault) => {
        const duplex: Scenario = { ...scenario, replicas: 2, faults: [fault] };
        refuseAny(checkNeverWrongSilently(runTrio(duplex)));
      }),
      fcParameters(1000),
    );
  });

  for (const replicas of [5, 7]) {
    it(`keep P1 to P5 with one fault among ${replicas}`, () => {
      fc.assert(
        fc.property(settings(), anyFault, (scenario, fault) => {
          expectHolds({ ...scenario, replicas, faults: [fault] });
        }),
        fcParameters(300),
      );
    });
  }
});
