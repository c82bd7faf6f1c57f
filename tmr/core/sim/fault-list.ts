/** All faults of every kind at one rendezvous, for exhaustive sweeps. */
import type { ReplicaId } from '../types.ts';
import { phases } from './fault-hooks.ts';
import type { Phase } from './fault-hooks.ts';
import { otherVotes } from './faults.ts';
import type { Fault, OnLink } from './faults.ts';
import { fileServer, monitor } from './network.ts';
import { plainScenario } from './scenarios.ts';

type Link = Omit<OnLink, 'at'>;

const { timeoutNs } = plainScenario;
const replicas: readonly ReplicaId[] = [1, 2, 3];
const booleans = [false, true];
const links = replicas.flatMap((from) =>
  replicas.filter((to) => to !== from).map((to) => ({ from, to })),
);
const others = (target: ReplicaId): ReplicaId[] => replicas.filter((peer) => peer !== target);
/** Whom the last words of a crashed tracer do not reach. */
const losses = (target: ReplicaId): number[][] => {
  const parties = [...others(target), fileServer, monitor];
  return Array.from({ length: 1 << parties.length }, (_, mask) =>
    parties.filter((_party, index) => (mask & (1 << index)) !== 0),
  );
};
/** Asks and disputes do not come by themselves: `everyDispute` brings them about. */
const undisputed = phases.filter((phase) => phase !== 'asking' && phase !== 'disputing');
/** Less than what may be waited for, and more. */
const pausesNs = [300, 3 * timeoutNs];
const returnsNs = [1, 500, 2 * timeoutNs];

/** One fault each. */
export const everyFault = (at: number): Fault[] => [
  ...links.flatMap((link) => onLink(link, at)),
  ...replicas.flatMap((target) => atReplica(target, at)),
  ...links.flatMap(({ from, to }): Fault[] => [
    ...[[fileServer], [monitor], [fileServer, monitor]].map((told): Fault => ({
      kind: 'false-notice',
      target: from,
      accused: to,
      at,
      to: told,
    })),
    { kind: 'forged-relays', target: from, of: to, at },
    ...otherVotes.map((other): Fault => ({ kind: 'wrong-seal', target: from, to, other, at })),
    ...booleans.map((coreRight): Fault => ({
      kind: 'two-faced',
      target: from,
      right: to,
      at,
      coreRight,
    })),
  ]),
];

/**
 * A dispute or an ask at `at`, and what else the faulty part does in it: the part is one replica
 * with its tracer, or one link. Every tracer is the one whose ask or view is the moment.
 */
export const everyDispute = (at: number): [Fault, Fault][] => [
  ...replicas.flatMap((target) => {
    const wrong: Fault[] = [
      { kind: 'signature-at-sender', target, at, field: 'signature' },
      ...others(target).map((right): Fault => ({
        kind: 'two-faced',
        target,
        right,
        at,
        coreRight: true,
      })),
    ];
    const halves = wrong.slice(1).map((first): [Fault, Fault] => {
      const to = 'right' in first ? first.right : target;
      return [first, { kind: 'link-dead', from: target, to, at }];
    });
    const slow: Fault = { kind: 'replica-slow', target, at, delayNs: 1000 };
    return [
      // Wrong to one peer and silent to the other: the longest that two views can be apart.
      ...halves,
      ...wrong.flatMap((first) =>
        replicas.flatMap((seenBy) => after(first, inReplica(target, at, 'disputing', seenBy))),
      ),
      ...others(target).flatMap((seenBy) => after(slow, inReplica(target, at, 'asking', seenBy))),
    ];
  }),
  ...links.flatMap((link) => {
    // What a link spoils is lost, and one that closes cannot do more: the dispute is about a wrong vote.
    const { from: target, to } = link;
    const twoFaced = booleans.map((coreRight): Fault => {
      const right = others(target).find((peer) => peer !== to) ?? target;
      return { kind: 'two-faced', target, right, at, coreRight };
    });
    return [
      ...twoFaced.flatMap((first) => after(first, inLink(link, at, 'disputing', to))),
      ...twoFaced.flatMap((first) => after(first, slowViews(link, at))),
      ...after({ kind: 'vote-lost', ...link, at }, inLink(link, at, 'asking', link.to)),
    ];
  }),
];

const after = (first: Fault, then: readonly Fault[]): [Fault, Fault][] =>
  then.map((second) => [first, second]);

const onLink = (link: Link, at: number): Fault[] => [
  { kind: 'signature-on-link', ...link, at, lasting: false },
  { kind: 'signature-on-link', ...link, at, lasting: true },
  { kind: 'inputs-on-link', ...link, at },
  { kind: 'vote-lost', ...link, at },
  ...[300, 1000, 4 * timeoutNs].map((delayNs): Fault => ({
    kind: 'link-slow',
    ...link,
    at,
    delayNs,
  })),
  ...undisputed.flatMap((phase): Fault[] => [
    { kind: 'link-reset', ...link, at, phase },
    { kind: 'link-dead', ...link, at, phase },
  ]),
];

const atReplica = (target: ReplicaId, at: number): Fault[] => [
  { kind: 'signature-at-sender', target, at, field: 'signature' },
  { kind: 'signature-at-sender', target, at, field: 'call' },
  { kind: 'inputs-at-sender', target, at, elapsedNs: -1e6 },
  { kind: 'inputs-at-sender', target, at, elapsedNs: 1e9 },
  { kind: 'replica-wrong', target, at },
  { kind: 'request-corrupted', target, at },
  { kind: 'output-corrupted', target, at },
  { kind: 'early-wrong', target, at },
  ...[200, 700, timeoutNs + 300, 3 * timeoutNs].map((delayNs): Fault => ({
    kind: 'replica-slow',
    target,
    at,
    delayNs,
  })),
  ...booleans.flatMap((wrong) =>
    booleans.flatMap((notices) =>
      booleans.flatMap((answersViews) =>
        booleans.map((forgesRelays): Fault => ({
          kind: 'rogue',
          target,
          at,
          wrong,
          notices,
          answersViews,
          forgesRelays,
        })),
      ),
    ),
  ),
  ...undisputed.flatMap((phase) => inReplica(target, at, phase, target)),
];

/** What may happen to a replica, its tracer or its links to the services at any moment. */
const inReplica = (target: ReplicaId, at: number, phase: Phase, seenBy: ReplicaId): Fault[] => {
  const when = { target, at, phase, ...(seenBy === target ? {} : { seenBy }) };
  return [
    { kind: 'replica-kill', ...when },
    ...pausesNs.map((durationNs): Fault => ({ kind: 'tracer-stopped', ...when, durationNs })),
    ...losses(target).map((lost): Fault => ({ kind: 'tracer-crash', ...when, lost })),
    ...returnsNs.map((afterNs): Fault => ({ kind: 'tracer-restart', ...when, afterNs })),
    ...[fileServer, monitor].map((service): Fault => ({
      kind: 'service-link-lost',
      ...when,
      service,
    })),
  ];
};

/** What else a link may do at that moment of one of its ends, in either direction. */
const inLink = (link: Link, at: number, phase: Phase, seenBy: ReplicaId): Fault[] =>
  bothWays(link).flatMap((way): Fault[] => [
    { kind: 'link-reset', ...way, at, phase, seenBy },
    { kind: 'link-dead', ...way, at, phase, seenBy },
  ]);

const slowViews = (link: Link, at: number): Fault[] =>
  bothWays(link).flatMap((way) =>
    [300, 1000, 4 * timeoutNs].map((delayNs): Fault => ({
      kind: 'link-slow',
      message: 'view',
      ...way,
      at,
      delayNs,
    })),
  );

const bothWays = ({ from, to }: Link): Link[] => [
  { from, to },
  { from: to, to: from },
];
