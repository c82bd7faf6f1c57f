/** Scenarios: a plain one to start from, and fast-check arbitraries of scenarios and faults. */
import * as fc from 'fast-check';
import type { ReplicaId } from '../types.ts';
import { phases } from './fault-hooks.ts';
import { otherVotes } from './faults.ts';
import type { Fault, FaultKind } from './faults.ts';
import { fileServer, monitor } from './network.ts';
import type { Program, StepKind } from './program.ts';
import type { Scenario } from './trio.ts';

/**
 * T 1600, Q = T/4, d = 100 with a tick of 50: S + Q + 2d < T holds for skews up to 300 with all
 * that calls to the services add to them.
 */
export const plainScenario: Scenario = {
  replicas: 3,
  policy: 'agreed',
  detect: 'any',
  timeoutFrom: 'quorum',
  program: ['exec', 'clock', 'write', 'output', 'read', 'output', 'exit'],
  timeoutNs: 1600,
  askDelayNs: 400,
  linkDelayNs: 100,
  tickNs: 50,
  burstsNs: [100],
  skewsNs: [[0], [0], [0]],
  delaysNs: [20],
  timerJittersNs: [0, 0, 0],
  clockOffsetsNs: [0, 0, 0],
  inputDelayNs: 0,
  faults: [],
};

export const skewMaxNs = 300;

const middleSteps: readonly StepKind[] = ['local', 'clock', 'read', 'write', 'output', 'input'];

export const programs = (kinds: readonly StepKind[] = middleSteps): fc.Arbitrary<Program> =>
  fc
    .array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 7 })
    .map((middle) => ['exec', ...middle, 'exit']);

/** Everything but the fault; messages take up to d. */
export const settings = (kinds?: readonly StepKind[]): fc.Arbitrary<Scenario> =>
  fc
    .record({
      program: programs(kinds),
      detect: fc.constantFrom('any' as const, 'timeout-only' as const),
      askDelayNs: fc.constantFrom(400, 200, 50),
      burstsNs: fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(5000)), {
        minLength: 1,
        maxLength: 5,
      }),
      skewsNs: fc.tuple(...[1, 2, 3].map(() => fc.array(upTo(skewMaxNs), { maxLength: 5 }))),
      delaysNs: fc.array(fc.integer({ min: 1, max: plainScenario.linkDelayNs }), {
        minLength: 1,
        maxLength: 40,
      }),
      timerJittersNs: fc.tuple(...[1, 2, 3].map(() => upTo(plainScenario.tickNs))),
      clockOffsetsNs: fc.tuple(...[1, 2, 3].map(() => upTo(2000))),
      inputDelayNs: fc.constantFrom(0, 200, 10_000),
    })
    .map((chosen) => ({ ...plainScenario, ...chosen }));

const replica: fc.Arbitrary<ReplicaId> = fc.integer({ min: 1, max: 3 });
const at = fc.integer({ min: 0, max: 8 });
const phase = fc.constantFrom(...phases);
const parties = fc.subarray([1, 2, 3, fileServer, monitor]);
const services = fc.subarray([fileServer, monitor], { minLength: 1 });
/** Two different replicas. */
const link = fc
  .tuple(replica, fc.integer({ min: 1, max: 2 }))
  .map(([from, step]) => ({ from, to: ((from - 1 + step) % 3) + 1 }));

const onLink = both(link, fc.record({ at }));
const atReplica = fc.record({ target: replica, at });

const { timeoutNs } = plainScenario;
/** Harmless ones, and those for which a replica may be flagged. */
const delays = fc.oneof(upTo(700), fc.integer({ min: timeoutNs, max: 4 * timeoutNs }));

/** One arbitrary a kind: the registry that sweeps and properties go through. */
export const faultArbitraries: { [K in FaultKind]: fc.Arbitrary<Extract<Fault, { kind: K }>> } = {
  none: fc.constant({ kind: 'none' }),
  'signature-at-sender': kind(
    'signature-at-sender',
    both(atReplica, fc.record({ field: fc.constantFrom('signature' as const, 'call' as const) })),
  ),
  'inputs-at-sender': kind(
    'inputs-at-sender',
    both(atReplica, fc.record({ elapsedNs: fc.constantFrom(-1e6, 0, 1e9) })),
  ),
  'signature-on-link': kind(
    'signature-on-link',
    both(onLink, fc.record({ lasting: fc.boolean() })),
  ),
  'inputs-on-link': kind('inputs-on-link', onLink),
  'vote-lost': kind('vote-lost', onLink),
  'replica-wrong': kind('replica-wrong', atReplica),
  'tracer-crash': kind('tracer-crash', both(atReplica, fc.record({ phase, lost: parties }))),
  'tracer-restart': kind(
    'tracer-restart',
    both(atReplica, fc.record({ phase, afterNs: fc.constantFrom(1, 500, 2 * timeoutNs) })),
  ),
  'replica-kill': kind('replica-kill', both(atReplica, fc.record({ phase }))),
  'replica-slow': kind('replica-slow', both(atReplica, fc.record({ delayNs: delays }))),
  'false-notice': kind(
    'false-notice',
    fc
      .tuple(link, at, services)
      .map(([{ from, to }, when, told]) => ({ target: from, accused: to, at: when, to: told })),
  ),
  'request-corrupted': kind('request-corrupted', atReplica),
  'output-corrupted': kind('output-corrupted', atReplica),
  'link-reset': kind('link-reset', both(onLink, fc.record({ phase }))),
  'link-dead': kind('link-dead', both(onLink, fc.record({ phase }))),
  'link-slow': kind(
    'link-slow',
    both(
      onLink,
      fc.record({ message: fc.constantFrom('vote' as const, 'view' as const), delayNs: delays }),
    ),
  ),
  'two-faced': kind(
    'two-faced',
    fc
      .tuple(link, at, fc.boolean())
      .map(([{ from, to }, when, coreRight]) => ({ target: from, right: to, at: when, coreRight })),
  ),
  'early-wrong': kind('early-wrong', atReplica),
  'forged-relays': kind(
    'forged-relays',
    fc.tuple(link, at).map(([{ from, to }, when]) => ({ target: from, of: to, at: when })),
  ),
  'wrong-seal': kind(
    'wrong-seal',
    fc
      .tuple(link, at, fc.constantFrom(...otherVotes))
      .map(([{ from, to }, when, other]) => ({ target: from, to, other, at: when })),
  ),
  rogue: kind(
    'rogue',
    both(
      atReplica,
      fc.record({
        wrong: fc.boolean(),
        notices: fc.boolean(),
        answersViews: fc.boolean(),
        forgesRelays: fc.boolean(),
      }),
    ),
  ),
  'swarm-on-link': kind(
    'swarm-on-link',
    both(link, swarm(['lose', 'corrupt', 'delay', 'forge', 'reset'])),
  ),
  'swarm-of-replica': kind(
    'swarm-of-replica',
    both(
      fc.record({ target: replica }),
      swarm([
        'lose',
        'corrupt',
        'delay',
        'forge',
        'wrong',
        'early',
        'slow',
        'stop',
        'notice',
        'reset',
        'restart',
        'unseal',
      ]),
    ),
  ),
  'tracer-stopped': kind(
    'tracer-stopped',
    both(
      atReplica,
      fc.record({ phase, durationNs: fc.constantFrom(300, timeoutNs, 3 * timeoutNs) }),
    ),
  ),
  'service-link-lost': kind(
    'service-link-lost',
    both(atReplica, fc.record({ phase, service: fc.constantFrom(fileServer, monitor) })),
  ),
};

export const faultKinds = Object.keys(faultArbitraries) as FaultKind[];

export const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  ...(Object.values(faultArbitraries) as fc.Arbitrary<Fault>[]),
);

const replicaKinds = [
  'signature-at-sender',
  'replica-wrong',
  'tracer-crash',
  'tracer-restart',
  'replica-kill',
  'replica-slow',
  'request-corrupted',
  'two-faced',
  'early-wrong',
  'wrong-seal',
  'forged-relays',
  'rogue',
  'tracer-stopped',
  'service-link-lost',
] as const;
const linkKinds = [
  'signature-on-link',
  'inputs-on-link',
  'vote-lost',
  'link-reset',
  'link-dead',
  'link-slow',
] as const;

/** Two or three faults of one replica, its tracer, or its links to the services: one faulty part. */
export const faultsOfOneReplica: fc.Arbitrary<Fault[]> = fc
  .tuple(replica, several(replicaKinds))
  .map(([target, faults]) =>
    faults.map((fault) => {
      if (!('target' in fault)) return fault;
      const moved = { ...fault, target };
      const peer = (target % 3) + 1;
      if (moved.kind === 'forged-relays') return { ...moved, of: peer };
      if (moved.kind === 'wrong-seal') return { ...moved, to: peer };
      return moved.kind === 'two-faced' ? { ...moved, right: peer } : moved;
    }),
  );

/** Two or three faults of one link, in either direction. */
export const faultsOfOneLink: fc.Arbitrary<Fault[]> = fc
  .tuple(link, several(linkKinds), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
  .map(([{ from, to }, faults, turned]) =>
    faults.map((fault, index) => {
      if (!('from' in fault)) return fault;
      return turned[index] === true ? { ...fault, from: to, to: from } : { ...fault, from, to };
    }),
  );

/** Which behaviours there are, and how often each strikes, is drawn anew for every session. */
function swarm<Behaviour extends string>(behaviours: readonly Behaviour[]) {
  const rate = fc.option(fc.constantFrom(20, 100, 300, 1000), { nil: undefined, freq: 2 });
  return fc.record({
    seed: fc.nat(),
    at: fc.integer({ min: 0, max: 4 }),
    durationNs: fc.constantFrom(1000, 5000, 20_000, 100_000),
    delayMaxNs: fc.constantFrom(100, 500, timeoutNs, 3 * timeoutNs),
    perMille: fc
      .tuple(...behaviours.map((behaviour) => fc.tuple(fc.constant(behaviour), rate)))
      .map(
        (rates) =>
          Object.fromEntries(rates.filter(([, value]) => value !== undefined)) as Partial<
            Record<Behaviour, number>
          >,
      ),
  });
}

function several(kinds: readonly FaultKind[]): fc.Arbitrary<Fault[]> {
  const one = fc.oneof(...kinds.map((name) => faultArbitraries[name] as fc.Arbitrary<Fault>));
  return fc.array(one, { minLength: 2, maxLength: 3 });
}

function kind<K extends FaultKind, T>(name: K, rest: fc.Arbitrary<T>) {
  return rest.map((more) => ({ kind: name, ...more }));
}

function both<A, B>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>): fc.Arbitrary<A & B> {
  return fc.tuple(a, b).map(([first, second]) => ({ ...first, ...second }));
}

function upTo(max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max });
}
