/**
 * The populations that experiments draw faults from: one entry per kind, which says what is drawn.
 * How a fault gets into the system is the business of `faults/`.
 */
import { needsContainers, parseFaultData, type FaultSpec } from '../faults/fault-spec.ts';
import { activeKind, NONE, type FaultKindName } from '../faults/kinds/registry.ts';
import { otherVotes } from '../faults/kinds/votes.ts';
import type { HostsName } from '../harness/types.ts';
import type { Random } from './statistics/random.ts';

export interface DrawOptions {
  delayRangeMs: readonly [number, number];
}

export interface FaultModel {
  name: FaultKindName;
  title: string;
  /** What is drawn, and what should happen. */
  about: string;
  draw(source: Random, options: DrawOptions): FaultSpec;
}

type Values = Record<string, unknown>;

const replicas = [1, 2, 3] as const;

export const faultModels: readonly FaultModel[] = [
  {
    name: NONE.name,
    title: NONE.title,
    about: 'Control: zero flags are expected. Also the fault-free run time.',
    draw: () => ({ kind: 'none' }),
  },
  model(
    'signature-bit-flip',
    'One bit of one vote of one tracer, before its checksum: every peer sees it. The replica is to be flagged.',
    (source) => ({ replica: source.pick(replicas), bit: source.integer(0, 63) }),
  ),
  model(
    'replica-kill',
    'SIGKILL to one replica, or to its tracer, with equal chance. The replica is to be flagged.',
    (source) => ({
      replica: source.pick(replicas),
      process: source.pick(['replica', 'tracer'] as const),
    }),
  ),
  model(
    'tracer-delay',
    'One tracer pauses once, for a time drawn log-uniformly from the range of the preset. ' +
      'A pause beyond the time-out gets a correct replica flagged: late-flagged.',
    (source, options) => ({ replica: source.pick(replicas), delay: delay(source, options) }),
  ),
  model(
    'replica-delay',
    'One replica comes later to one call, for a time drawn as that of tracer-delay; its tracer answers meanwhile. ' +
      'Beyond the time-out: late-flagged.',
    (source, options) => ({ replica: source.pick(replicas), delay: delay(source, options) }),
  ),
  model(
    'false-flag-notice',
    'One tracer sends the NFS server one notice about a healthy replica. Under `agreed` nobody is flagged; ' +
      'under `paper` the healthy replica is.',
    (source) => {
      const [accuser, accused] = twoOf(source);
      return { accuser, accused };
    },
  ),
  model(
    'two-faced-vote',
    'One vote goes wrong to one peer and right to the other, each with a good checksum. No healthy replica is to be flagged.',
    (source) => {
      const [replica, to] = twoOf(source);
      return { replica, to, bit: source.integer(0, 63) };
    },
  ),
  model(
    'clock-error',
    'The clock that one vote reads is off by an hour to either side. Nobody is to be flagged.',
    (source) => ({ replica: source.pick(replicas), offset: source.pick([-3.6e6, 3.6e6]) }),
  ),
  model(
    'early-vote',
    'A wrong vote comes before anybody reached its rendezvous. The replica is to be flagged.',
    (source) => ({ replica: source.pick(replicas) }),
  ),
  model(
    'forged-relay',
    'A tracer relays votes that the third replica has not cast. No healthy replica is to be flagged.',
    (source) => {
      const [replica, of] = twoOf(source);
      return { replica, of };
    },
  ),
  model(
    'wrong-seal',
    'From a place on a tracer gives one peer votes without its seal, the other good ones, such ones or none. No ' +
      'healthy replica is to be flagged.',
    (source) => {
      const [replica, to] = twoOf(source);
      return { replica, to, other: source.pick(otherVotes) };
    },
  ),
  model(
    'rogue-tracer',
    'A tracer votes wrongly ahead, accuses both peers and never fences. It is to be flagged.',
    (source) => ({ replica: source.pick(replicas) }),
  ),
  model(
    'request-bit-flip',
    'One bit of the last word of one NFS call, on its way to the server. No healthy replica is to be flagged.',
    (source) => ({ replica: source.pick(replicas), bit: source.integer(0, 31) }),
  ),
  model(
    'output-bit-flip',
    'One bit of one output, on its way to the monitor. Nobody is to be flagged.',
    (source) => ({ replica: source.pick(replicas), bit: source.integer(0, 7) }),
  ),
  model(
    'service-link-loss',
    'One tracer loses its connection to the NFS server or to the monitor, with equal chance.',
    (source) => ({
      replica: source.pick(replicas),
      service: source.pick(['nfs', 'monitor'] as const),
    }),
  ),
  model(
    'link-bit-flip',
    'One bit of one vote on the way to one peer, with a checksum that shows it or, in one of two, with one ' +
      'that fits. Nobody is to be flagged.',
    (source) => ({
      ...onLink(source),
      bit: source.integer(0, 63),
      checksum: source.pick(['stale', 'valid'] as const),
    }),
  ),
  model('vote-loss', 'One vote to one peer is lost. Nobody is to be flagged.', onLink),
  model(
    'link-silence',
    'From a place on nothing gets from one tracer to one other. Nobody is to be flagged.',
    onLink,
  ),
  model('link-reset', 'The connection of two tracers ends. Nobody is to be flagged.', onLink),
  model(
    'container-kill',
    'The container of one tracer is killed. The replica is to be flagged.',
    onReplica,
  ),
  model(
    'container-restart',
    'The container of one tracer is restarted. The replica is to be flagged.',
    onReplica,
  ),
  model(
    'container-pause',
    'The container of one tracer is frozen for a time drawn as that of tracer-delay; beyond the time-out: late-flagged.',
    (source, options) => ({ ...onReplica(source), duration: delay(source, options) }),
  ),
  model(
    'network-disconnect',
    'The container of one tracer is taken off all its networks for a time drawn as that of tracer-delay. ' +
      'Beyond the time-out the replica is to be flagged.',
    (source, options) => ({ ...onReplica(source), duration: delay(source, options) }),
  ),
  model(
    'link-partition',
    'Two tracers are cut off from each other alone, for a drawn time. Nobody is to be flagged.',
    (source, options) => {
      const [from, to] = source.pick([[1, 2] as const, [1, 3] as const, [2, 3] as const]);
      return { link: { from, to }, duration: delay(source, options) };
    },
  ),
  model(
    'cpu-quota',
    'The container of one tracer gets 2 to 20 % of one CPU for a drawn time: a slow replica, late-flagged ' +
      'where it falls more than the time-out behind.',
    (source, options) => ({
      ...onReplica(source),
      percent: source.integer(2, 20),
      duration: delay(source, options),
    }),
  ),
  model(
    'memory-limit',
    'The memory limit of the container of one tracer is lowered and reached, and the kernel kills inside. ' +
      'The replica is to be flagged.',
    onReplica,
  ),
];

/** Those that every one of the hosts can have: containers' faults need containers. */
export function modelsFor(hosts: readonly HostsName[]): FaultModel[] {
  const everywhere = hosts.every((name) => name === 'docker');
  return faultModels.filter(({ name }) => everywhere || !needsContainers({ kind: name }));
}

export function faultModel(name: string): FaultModel | undefined {
  return faultModels.find((one) => one.name === name);
}

/** `draw` gives the kind's parameters; the place is uniform over the program's rendezvous. */
function model(
  name: FaultKindName,
  about: string,
  draw: (source: Random, options: DrawOptions) => Values,
): FaultModel {
  return {
    name,
    title: activeKind(name)?.title ?? name,
    about,
    draw: (source, options) => {
      const values = draw(source, options);
      const at = { type: 'fraction', fraction: source.fraction() };
      return parseFaultData({ kind: name, ...values, at });
    },
  };
}

function onReplica(source: Random): Values {
  return { replica: source.pick(replicas) };
}

function onLink(source: Random): Values {
  const [from, to] = twoOf(source);
  return { link: { from, to } };
}

/** Log-uniform: delays span orders of magnitude. */
function delay(source: Random, { delayRangeMs: [low, high] }: DrawOptions): number {
  return Math.round(low * (high / low) ** source.fraction());
}

function twoOf(source: Random): [number, number] {
  const one = source.pick(replicas);
  return [one, source.pick(replicas.filter((other) => other !== one))];
}
