/**
 * The properties of random sessions, each an arbitrary of whole scenarios and a judge. `npm test` runs
 * a few thousand sessions of them (core.prop.test.ts), the soak 100,000 (sessions.soak.ts).
 */
import * as fc from 'fast-check';
import type { Fault } from './faults.ts';
import { checkLiveness, checkNeverWrongSilently, checkSafety } from './properties.ts';
import { checkSingleFault } from './properties.ts';
import type { Violation } from './properties.ts';
import {
  anyFault,
  faultArbitraries,
  faultKinds,
  faultsOfOneLink,
  faultsOfOneReplica,
  settings,
} from './scenarios.ts';
import { runTrio } from './trio.ts';
import type { Scenario, SimResult } from './trio.ts';
import type { Transitions } from './watched-core.ts';

export interface SessionProperty {
  group: string;
  title: string;
  /** Sessions in `npm test`. */
  runs: number;
  scenarios: fc.Arbitrary<Scenario>;
  judge: (result: SimResult) => Violation[];
}

/** The violations of a session as lines, for `expect(...).toEqual([])`. */
export const linesOf = (
  { judge }: SessionProperty,
  scenario: Scenario,
  transitions?: Transitions,
): string[] =>
  judge(runTrio(scenario, transitions)).map(({ property, text }) => `${property} ${text}`);

/** A clock call would make the right output depend on who is asked; P6 needs one right output. */
const withoutClock = ['local', 'read', 'write', 'output', 'input'] as const;

const withFaults = (
  scenarios: fc.Arbitrary<Scenario>,
  faults: fc.Arbitrary<readonly Fault[]>,
): fc.Arbitrary<Scenario> =>
  fc.tuple(scenarios, faults).map(([scenario, chosen]) => ({ ...scenario, faults: chosen }));

const withFault = (
  scenarios: fc.Arbitrary<Scenario>,
  fault: fc.Arbitrary<Fault>,
): fc.Arbitrary<Scenario> =>
  withFaults(
    scenarios,
    fault.map((one) => [one]),
  );

const suspensions = fc.record({
  atNs: fc.integer({ min: 0, max: 20_000 }),
  durationNs: fc.constantFrom(500, 50_000),
});

const single: SessionProperty[] = faultKinds.map((kind) => ({
  group: 'every single fault under agreed',
  title: `keeps P1 to P5: ${kind}`,
  runs: 300,
  scenarios: withFault(settings(), faultArbitraries[kind] as fc.Arbitrary<Fault>),
  judge: checkSingleFault,
}));

const swarms: SessionProperty[] = (['swarm-on-link', 'swarm-of-replica'] as const).flatMap(
  (kind) => {
    const scenarios = withFault(settings(), faultArbitraries[kind]);
    const group = 'a part that misbehaves at random';
    return [
      { group, title: `does no harm: ${kind}`, runs: 1500, scenarios, judge: checkSafety },
      {
        group,
        title: `never holds the healthy up for longer than the bounds: ${kind}`,
        runs: 500,
        scenarios,
        judge: checkLiveness,
      },
    ];
  },
);

const combined: SessionProperty[] = [
  {
    group: 'every single fault under agreed',
    title: 'keeps P1 to P5 when one replica or its tracer misbehaves in several ways',
    runs: 1000,
    scenarios: withFaults(settings(), faultsOfOneReplica),
    judge: checkSingleFault,
  },
  {
    group: 'every single fault under agreed',
    title: 'keeps P1 to P5 when one link misbehaves in several ways',
    runs: 1000,
    scenarios: withFaults(settings(), faultsOfOneLink),
    judge: checkSingleFault,
  },
  {
    group: 'a session that is suspended and resumed (R18)',
    title: 'flags nobody for the pause, with a link at fault too',
    runs: 700,
    scenarios: fc
      .tuple(withFaults(settings(), faultsOfOneLink), suspensions)
      .map(([scenario, suspension]) => ({ ...scenario, suspension })),
    judge: checkSingleFault,
  },
  {
    group: 'two faults under agreed',
    title: 'never let a wrong output out without an error (P6)',
    runs: 3000,
    scenarios: withFaults(settings(withoutClock), fc.tuple(anyFault, anyFault)),
    judge: checkNeverWrongSilently,
  },
];

const otherNumbers: SessionProperty[] = [
  {
    group: 'other numbers of replicas',
    title: 'run one replica to its end without anybody to ask',
    runs: 200,
    scenarios: settings().map((scenario) => ({ ...scenario, replicas: 1 })),
    judge: checkSingleFault,
  },
  {
    group: 'other numbers of replicas',
    title: 'run two replicas to their end when nothing is wrong',
    runs: 300,
    scenarios: settings().map((scenario) => ({ ...scenario, replicas: 2 })),
    judge: checkSingleFault,
  },
  {
    group: 'other numbers of replicas',
    title: 'never let a wrong output out of two replicas, whatever the fault',
    runs: 1000,
    scenarios: withFault(settings(withoutClock), anyFault).map((scenario) => ({
      ...scenario,
      replicas: 2,
    })),
    judge: checkNeverWrongSilently,
  },
  ...[5, 7].map((replicas) => ({
    group: 'other numbers of replicas',
    title: `keep P1 to P5 with one fault among ${replicas}`,
    runs: 300,
    scenarios: withFault(settings(), anyFault).map((scenario) => ({
      ...scenario,
      replicas,
    })),
    judge: checkSingleFault,
  })),
];

export const sessionProperties: readonly SessionProperty[] = [
  ...single,
  ...swarms,
  ...combined,
  ...otherNumbers,
];
