/**
 * P1 to P6 of DESIGN.md 4 over random sessions of the simulated trio. A failure prints seed and
 * path; replay it with
 *
 *     TMR_FC_SEED=<seed> TMR_FC_PATH=<path> npx vitest run tmr/core/core.prop.test.ts -t '<title>'
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyFault,
  faultArbitraries,
  faultKinds,
  faultsOfOneLink,
  faultsOfOneReplica,
  fcParameters,
  settings,
} from './sim/scenarios.ts';
import type { Scenario } from './sim/trio.ts';
import { violationsOf, wrongOutputsOf } from './sim/violations.ts';

/** A clock call would make the right output depend on who is asked; P6 needs one right output. */
const withoutClock = ['local', 'read', 'write', 'output', 'input'] as const;

describe('every single fault under agreed', () => {
  for (const kind of faultKinds) {
    it(`keeps P1 to P5: ${kind}`, () => {
      fc.assert(
        fc.property(settings(), faultArbitraries[kind], (scenario, fault) => {
          expect(violationsOf({ ...scenario, faults: [fault] })).toEqual([]);
        }),
        fcParameters(500),
      );
    });
  }

  it('keeps P1 to P5 when one replica or its tracer misbehaves in several ways', () => {
    fc.assert(
      fc.property(settings(), faultsOfOneReplica, (scenario, faults) => {
        expect(violationsOf({ ...scenario, faults })).toEqual([]);
      }),
      fcParameters(1000),
    );
  });

  it('keeps P1 to P5 when one link misbehaves in several ways', () => {
    fc.assert(
      fc.property(settings(), faultsOfOneLink, (scenario, faults) => {
        expect(violationsOf({ ...scenario, faults })).toEqual([]);
      }),
      fcParameters(1000),
    );
  });
});

describe('a session that is suspended and resumed (R18)', () => {
  it('flags nobody for the pause, with a link at fault too', () => {
    const suspensions = fc.record({
      atNs: fc.integer({ min: 0, max: 20_000 }),
      durationNs: fc.constantFrom(500, 50_000),
    });
    fc.assert(
      fc.property(settings(), suspensions, faultsOfOneLink, (scenario, suspension, faults) => {
        expect(violationsOf({ ...scenario, suspension, faults })).toEqual([]);
      }),
      fcParameters(700),
    );
  });
});

describe('two faults under agreed', () => {
  it('never let a wrong output out without an error (P6)', () => {
    fc.assert(
      fc.property(settings(withoutClock), anyFault, anyFault, (scenario, first, second) => {
        const faults = [first, second];
        expect(wrongOutputsOf({ ...scenario, faults })).toEqual([]);
      }),
      fcParameters(3000),
    );
  });
});

describe('other numbers of replicas', () => {
  it('run one replica to its end without anybody to ask', () => {
    fc.assert(
      fc.property(settings(), (scenario) => {
        expect(violationsOf({ ...scenario, replicas: 1 })).toEqual([]);
      }),
      fcParameters(200),
    );
  });

  it('run two replicas to their end when nothing is wrong', () => {
    fc.assert(
      fc.property(settings(), (scenario) => {
        expect(violationsOf({ ...scenario, replicas: 2 })).toEqual([]);
      }),
      fcParameters(300),
    );
  });

  it('never let a wrong output out of two replicas, whatever the fault', () => {
    fc.assert(
      fc.property(settings(withoutClock), anyFault, (scenario, fault) => {
        const duplex: Scenario = { ...scenario, replicas: 2, faults: [fault] };
        expect(wrongOutputsOf(duplex)).toEqual([]);
      }),
      fcParameters(1000),
    );
  });

  for (const replicas of [5, 7]) {
    it(`keep P1 to P5 with one fault among ${replicas}`, () => {
      fc.assert(
        fc.property(settings(), anyFault, (scenario, fault) => {
          expect(violationsOf({ ...scenario, replicas, faults: [fault] })).toEqual([]);
        }),
        fcParameters(300),
      );
    });
  }
});
