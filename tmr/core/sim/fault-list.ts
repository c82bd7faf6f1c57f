/** All faults of every kind at one rendezvous, for exhaustive sweeps. */
import type { ReplicaId } from '../types.ts';
import { phases } from './fault-hooks.ts';
import type { Fault } from './faults.ts';
import { fileServer, monitor } from './network.ts';
import { plainScenario } from './scenarios.ts';

const replicas: readonly ReplicaId[] = [1, 2, 3];
const booleans = [false, true];
const links = replicas.flatMap((from) =>
  replicas.filter((to) => to !== from).map((to) => ({ from, to })),
);
/** Whom the last words of a crashed tracer do not reach. */
const losses = (target: ReplicaId): number[][] => {
  const others = [...replicas.filter((peer) => peer !== target), fileServer, monitor];
  return Array.from({ length: 1 << others.length }, (_, mask) =>
    others.filter((_party, index) => (mask & (1 << index)) !== 0),
  );
};

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
    ...booleans.map((coreRight): Fault => ({
      kind: 'two-faced',
      target: from,
      right: to,
      at,
      coreRight,
    })),
  ]),
];

const onLink = (link: { from: ReplicaId; to: ReplicaId }, at: number): Fault[] => [
  { kind: 'signature-on-link', ...link, at, lasting: false },
  { kind: 'signature-on-link', ...link, at, lasting: true },
  { kind: 'inputs-on-link', ...link, at },
  { kind: 'vote-lost', ...link, at },
  { kind: 'link-dead', ...link, at },
  ...[300, 1000, 4 * plainScenario.timeoutNs].map((delayNs): Fault => ({
    kind: 'link-slow',
    ...link,
    at,
    delayNs,
  })),
  ...phases.map((phase): Fault => ({ kind: 'link-reset', ...link, at, phase })),
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
  ...[fileServer, monitor].map((service): Fault => ({
    kind: 'service-link-lost',
    target,
    at,
    service,
  })),
  ...[200, 700, plainScenario.timeoutNs + 300, 3 * plainScenario.timeoutNs].map(
    (delayNs): Fault => ({ kind: 'replica-slow', target, at, delayNs }),
  ),
  ...booleans.flatMap((wrong) =>
    booleans.flatMap((notices) =>
      booleans.map((answersViews): Fault => ({
        kind: 'rogue',
        target,
        at,
        wrong,
        notices,
        answersViews,
      })),
    ),
  ),
  ...phases.flatMap((phase): Fault[] => [
    { kind: 'replica-kill', target, at, phase },
    { kind: 'tracer-stopped', target, at, phase, durationNs: 300 },
    { kind: 'tracer-stopped', target, at, phase, durationNs: 3 * plainScenario.timeoutNs },
    ...losses(target).map((lost): Fault => ({ kind: 'tracer-crash', target, at, phase, lost })),
  ]),
];
