/**
 * The policy `paper` (protocol.md 3b): which single faults it survives, and counterexamples for
 * those that it does not. Replay as in core.prop.test.ts.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './sim/check.ts';
import type { Fault, FaultKind } from './sim/faults.ts';
import { fileServer } from './sim/network.ts';
import { faultArbitraries, plainScenario, settings } from './sim/scenarios.ts';
import type { Scenario } from './sim/trio.ts';
import { violationsOf } from './sim/violations.ts';
import type { TimeoutFrom } from './types.ts';

const survived: readonly FaultKind[] = [
  'none',
  'signature-at-sender',
  'inputs-at-sender',
  'replica-wrong',
  'replica-kill',
  'output-corrupted',
  'early-wrong',
];

const notSurvived: readonly [FaultKind, TimeoutFrom][] = [
  ['signature-on-link', 'quorum'],
  ['inputs-on-link', 'quorum'],
  ['vote-lost', 'quorum'],
  ['link-dead', 'quorum'],
  ['link-reset', 'quorum'],
  ['two-faced', 'quorum'],
  ['false-notice', 'quorum'],
  ['request-corrupted', 'quorum'],
  ['rogue', 'quorum'],
  ['tracer-crash', 'quorum'],
  ['early-wrong', 'first'],
  ['replica-kill', 'first'],
];

describe("the paper's policy", () => {
  for (const kind of survived) {
    it(`survives ${kind} with the time-out from the second arrival`, () => {
      check(
        fc.property(settings(), faultArbitraries[kind], (scenario, fault) => {
          expect(violationsOf({ ...scenario, policy: 'paper', faults: [fault] })).toEqual([]);
        }),
        150,
      );
    });
  }

  for (const [kind, timeoutFrom] of notSurvived) {
    it(`has a counterexample: ${kind}, time-out from ${timeoutFrom}`, () => {
      const faults = faultArbitraries[kind] as fc.Arbitrary<Fault>;
      const property = fc.property(settings(), faults, (scenario, fault) => {
        fc.pre('at' in fault && fault.at > 0);
        const paper: Scenario = { ...scenario, policy: 'paper', timeoutFrom, faults: [fault] };
        return violationsOf(paper).length === 0;
      });
      const { counterexample } = fc.check(property, { seed: 1, numRuns: 5000, endOnFailure: true });
      expect(counterexample, 'no violation in 5000 sessions').not.toBeNull();
    });
  }
});

/** Found by the search above and shrunk; T = 1600, every message takes 1. */
describe("counterexamples to the paper's policy, shrunk", () => {
  const shrunk: Scenario = {
    ...plainScenario,
    policy: 'paper',
    program: ['exec', 'local', 'exit'],
    burstsNs: [1],
    delaysNs: [1],
  };
  const under = (fault: Fault, change: Partial<Scenario> = {}): string[] =>
    violationsOf({ ...shrunk, ...change, faults: [fault] });
  const agreed: Partial<Scenario> = { policy: 'agreed' };

  it('one-way corruption of one vote removes a healthy replica', () => {
    const fault: Fault = { kind: 'signature-on-link', from: 1, to: 2, at: 1, lasting: false };
    expect(under(fault)).toContain('P2 file server flagged 1, which is healthy');
    expect(under(fault, agreed)).toEqual([]);
  });

  it('one lost vote removes a healthy replica', () => {
    const fault: Fault = { kind: 'vote-lost', from: 1, to: 2, at: 1 };
    expect(under(fault)).toContain('P2 file server flagged 1, which is healthy');
    expect(under(fault, agreed)).toEqual([]);
  });

  it('one erroneous notice removes a healthy replica from the file service', () => {
    const fault: Fault = { kind: 'false-notice', target: 1, accused: 2, at: 1, to: [fileServer] };
    expect(under(fault)).toContain('P2 file server flagged 2, which is healthy');
    expect(under(fault, agreed)).toEqual([]);
  });

  it('an early wrong vote stops two healthy replicas if the first arrival starts the time-out', () => {
    const fault: Fault = { kind: 'early-wrong', target: 1, at: 1 };
    const change: Partial<Scenario> = { burstsNs: [5000], timeoutFrom: 'first' };
    expect(under(fault, change)).toContain('P5 the session stopped: too few tracers are left');
    expect(under(fault, { ...change, ...agreed, timeoutFrom: 'quorum' })).toEqual([]);
  });

  it('a write corrupted on its way to the server is executed as it came', () => {
    const fault: Fault = { kind: 'request-corrupted', target: 2, at: 1 };
    const change: Partial<Scenario> = { program: ['exec', 'write', 'exit'] };
    expect(under(fault, change).some((text) => text.startsWith('P1 volume'))).toBe(true);
    expect(under(fault, { ...change, ...agreed })).toEqual([]);
  });
});
