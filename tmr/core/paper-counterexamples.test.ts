/**
 * Single faults that the paper's literal protocol does not survive, under each reading of its time-out
 * (--timeout-from), found by search and shrunk. T = 1600; a message takes 1 unless said otherwise.
 * Each is survived under `agreed`.
 */
import { describe, expect, it } from 'vitest';
import type { Fault } from './sim/faults.ts';
import { fileServer, monitor } from './sim/network.ts';
import { plainScenario } from './sim/scenarios.ts';
import type { Scenario } from './sim/trio.ts';
import { violationsOf } from './sim/violations.ts';
import type { TimeoutFrom } from './types.ts';

interface Counterexample {
  title: string;
  readings: readonly TimeoutFrom[];
  fault: Fault;
  change?: Partial<Scenario>;
  /** Among the violations. */
  violation: string;
}

const all = ['first', 'own', 'quorum'] as const;
/** Longer than T, so that a time-out that runs while replicas compute runs out. */
const longBurst = { burstsNs: [5000] };
const calls = (...middle: Scenario['program']): Partial<Scenario> => ({
  program: ['exec', ...middle, 'exit'],
});
/** The third replica's vote for 1 reaches the first one late, all else at once. */
const lateThirdVote = { delaysNs: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 100, 1] };

const counterexamples: readonly Counterexample[] = [
  {
    title: 'an asymmetric time-out: in time for the later of two tracers, too late for the earlier',
    readings: ['first', 'own'],
    fault: { kind: 'replica-slow', target: 2, at: 1, delayNs: 1600 },
    change: { skewsNs: [[300], [0], [0]] },
    violation: 'P4 1: 1,2,3, server: 1,3',
  },
  {
    title: 'the same with inputs: two healthy replicas are given different times',
    readings: ['first', 'own'],
    fault: { kind: 'replica-slow', target: 2, at: 1, delayNs: 1600 },
    change: { skewsNs: [[300], [0], [0]], ...calls('clock') },
    violation: 'P1 inputs of 1 at 3: 303 ns, marks 0, members 1,3; 602 ns, marks 0, members 1,2,3',
  },
  {
    title: 'a tracer that is stopped for T, as one peer counts it and another does not',
    readings: ['first', 'own'],
    fault: { kind: 'tracer-stopped', target: 2, at: 1, phase: 'requested', durationNs: 1600 },
    change: { delaysNs: [1, 50], ...calls('output') },
    violation: 'P4 1: 1,2,3, server: 1,3',
  },
  {
    title: 'a crash, while the healthy two compute for longer than T',
    readings: ['first'],
    fault: { kind: 'replica-kill', target: 1, at: 1, phase: 'arrival' },
    change: longBurst,
    violation: 'P5 the session stopped: too few tracers are left',
  },
  {
    title: 'a lost service of one tracer, while the healthy two compute for longer than T',
    readings: ['first'],
    fault: { kind: 'service-link-lost', target: 1, at: 1, service: fileServer },
    change: longBurst,
    violation: 'P5 the session stopped: too few tracers are left',
  },
  {
    title: 'a link that holds one vote back for longer than T',
    readings: all,
    fault: { kind: 'link-slow', from: 1, to: 2, at: 1, delayNs: 1601 },
    violation: 'P2 file server flagged 1, which is healthy',
  },
  {
    title: 'a link that is dead in one direction',
    readings: all,
    fault: { kind: 'link-dead', from: 1, to: 2, at: 1 },
    violation: 'P2 file server flagged 1, which is healthy',
  },
  {
    title: 'a reset of one link: its ends flag each other',
    readings: all,
    fault: { kind: 'link-reset', from: 1, to: 2, at: 1, phase: 'arrival' },
    violation: 'P2 2 flagged 1, which is healthy',
  },
  {
    title: 'one-way corruption of one vote',
    readings: all,
    fault: { kind: 'signature-on-link', from: 1, to: 2, at: 1, lasting: false },
    violation: 'P2 2 flagged 1, which is healthy',
  },
  {
    title: 'a flag that reaches the file server before the mutating call of the healthy accused',
    readings: all,
    fault: { kind: 'signature-on-link', from: 1, to: 2, at: 1, lasting: false },
    change: { ...lateThirdVote, ...calls('write') },
    violation: 'P2 healthy 1 fenced: lost party 8',
  },
  {
    title: 'an early false notice to the monitor alone: the file server still serves the accused',
    readings: all,
    fault: { kind: 'false-notice', target: 1, accused: 2, at: 1, to: [monitor] },
    violation: 'P2 healthy 2 fenced: lost party 9',
  },
  {
    title: 'a false notice to both, at the last rendezvous',
    readings: all,
    fault: { kind: 'false-notice', target: 3, accused: 1, at: 2, to: [fileServer, monitor] },
    violation: 'P2 file server flagged 1, which is healthy',
  },
  {
    title: 'a tracer that accuses everybody',
    readings: all,
    fault: {
      kind: 'rogue',
      target: 1,
      at: 1,
      wrong: false,
      notices: true,
      answersViews: false,
      forgesRelays: false,
    },
    violation: 'P5 the session stopped: no two equal outputs',
  },
  {
    title: 'a tracer whose last vote reaches one of two peers: they agree on different times',
    readings: ['own', 'quorum'],
    fault: { kind: 'tracer-crash', target: 1, at: 1, phase: 'requested', lost: [2] },
    change: { skewsNs: [[300], [0], [0]] },
    violation: 'P4 3: 1,2,3, server: 2,3',
  },
  {
    title: 'a vote that is wrong for one of two peers: they agree on different times',
    readings: all,
    fault: { kind: 'two-faced', target: 1, right: 2, at: 1, coreRight: false },
    violation: 'P1 inputs of 1 at 3: 3 ns, marks 0, members 2,3; 3 ns, marks 0, members 1,2,3',
  },
];

const shrunk: Scenario = {
  ...plainScenario,
  policy: 'paper',
  program: ['exec', 'local', 'exit'],
  burstsNs: [1],
  delaysNs: [1],
};

describe.each(counterexamples)('$title', ({ readings, fault, change, violation }) => {
  it.each(readings)('violates a property under paper, time-out from %s', (timeoutFrom) => {
    const found = violationsOf({ ...shrunk, ...change, timeoutFrom, faults: [fault] });
    expect(found).toContain(violation);
  });

  it('is survived under agreed', () => {
    const scenario: Scenario = { ...shrunk, ...change, policy: 'agreed', faults: [fault] };
    expect(violationsOf(scenario)).toEqual([]);
  });
});
