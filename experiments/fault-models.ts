/**
 * The populations that experiments draw faults from: one entry per kind, which says what is drawn.
 * How a fault gets into the system is the business of `faults/`.
 */
import { needsContainers } from '../faults/fault-spec.ts';
import type { FaultKind, HostsName, PlannedFault, PlannedTrigger } from '../harness/types.ts';
import type { Random } from './statistics/random.ts';

export interface DrawOptions {
  delayRangeMs: readonly [number, number];
}

export interface FaultModel {
  name: FaultKind;
  title: string;
  /** What is drawn, and what should happen. */
  about: string;
  draw(source: Random, options: DrawOptions): PlannedFault;
}

const replicas = [1, 2, 3] as const;

export const faultModels: readonly FaultModel[] = [
  {
    name: 'none',
    title: 'no fault',
    about: 'Control: zero flags are expected. Also the fault-free run time.',
    draw: () => ({ kind: 'none' }),
  },
  {
    name: 'signature-bit-flip',
    title: 'signature bit flip',
    about:
      'One bit of one vote of one tracer, before its checksum (every peer sees it: the replica is to be flagged) ' +
      'or, in one trial of four, on the link to one peer only (nobody is to be flagged).',
    draw: (source) => {
      const replica = source.pick(replicas);
      const link = source.integer(0, 3) === 0 ? otherThan(source, replica) : 'sender';
      const bit = source.integer(0, 63);
      return { kind: 'signature-bit-flip', replica, bit, link, trigger: trigger(source) };
    },
  },
  {
    name: 'replica-kill',
    title: 'kill',
    about:
      'SIGKILL to one replica, or to its tracer, with equal chance. The replica is to be flagged.',
    draw: (source) => ({
      kind: 'replica-kill',
      replica: source.pick(replicas),
      victim: source.pick(['replica', 'tracer'] as const),
      trigger: trigger(source),
    }),
  },
  {
    name: 'tracer-delay',
    title: 'tracer delay',
    about:
      'One tracer pauses once, for a time drawn log-uniformly from the range of the preset. ' +
      'A pause beyond the time-out gets a correct replica flagged: late-flagged.',
    draw: (source, options) => ({
      kind: 'tracer-delay',
      replica: source.pick(replicas),
      delayMs: delay(source, options),
      trigger: trigger(source),
    }),
  },
  {
    name: 'false-flag-notice',
    title: 'false flag notice',
    about:
      'One tracer sends the NFS server one notice about a healthy replica. Under `agreed` nobody is flagged; ' +
      'under `paper` the healthy replica is.',
    draw: (source) => {
      const replica = source.pick(replicas);
      const accused = otherThan(source, replica);
      return { kind: 'false-flag-notice', replica, accused, trigger: trigger(source) };
    },
  },
  {
    name: 'container-kill',
    title: 'container killed',
    about: 'The container of one tracer is killed. The replica is to be flagged.',
    draw: (source) => ({ kind: 'container-kill', ...onReplica(source) }),
  },
  {
    name: 'container-restart',
    title: 'container restarted',
    about: 'The container of one tracer is restarted. The replica is to be flagged.',
    draw: (source) => ({ kind: 'container-restart', ...onReplica(source) }),
  },
  {
    name: 'container-pause',
    title: 'container paused',
    about:
      'The container of one tracer is frozen for a time drawn as that of tracer-delay; beyond the time-out: late-flagged.',
    draw: (source, options) => ({
      kind: 'container-pause',
      ...onReplica(source),
      durationMs: delay(source, options),
    }),
  },
  {
    name: 'network-disconnect',
    title: 'network disconnected',
    about:
      'The container of one tracer is taken off all its networks for a time drawn as that of tracer-delay. ' +
      'Beyond the time-out the replica is to be flagged.',
    draw: (source, options) => ({
      kind: 'network-disconnect',
      ...onReplica(source),
      durationMs: delay(source, options),
    }),
  },
  {
    name: 'link-partition',
    title: 'link partitioned',
    about:
      'Two tracers are cut off from each other alone, for a drawn time. Nobody is to be flagged.',
    draw: (source, options) => {
      const [replica, peer] = source.pick([[1, 2] as const, [1, 3] as const, [2, 3] as const]);
      const durationMs = delay(source, options);
      return { kind: 'link-partition', replica, peer, durationMs, trigger: trigger(source) };
    },
  },
  {
    name: 'cpu-quota',
    title: 'CPU quota',
    about:
      'The container of one tracer gets 2 to 20 % of one CPU for a drawn time: a slow replica, late-flagged ' +
      'where it falls more than the time-out behind.',
    draw: (source, options) => ({
      kind: 'cpu-quota',
      ...onReplica(source),
      percent: source.integer(2, 20),
      durationMs: delay(source, options),
    }),
  },
  {
    name: 'memory-limit',
    title: 'memory limit hit',
    about:
      'The memory limit of the container of one tracer is lowered and reached, and the kernel kills inside. ' +
      'The replica is to be flagged.',
    draw: (source) => ({ kind: 'memory-limit', ...onReplica(source) }),
  },
];

/** Those that every one of the hosts can have: containers' faults need containers. */
export function modelsFor(hosts: readonly HostsName[]): FaultModel[] {
  const everywhere = hosts.every((name) => name === 'docker');
  return faultModels.filter(({ name }) => everywhere || !needsContainers({ kind: name }));
}

export function faultModel(name: string): FaultModel | undefined {
  return faultModels.find((model) => model.name === name);
}

/** Uniform over the program's rendezvous, the exec stop excluded. */
function trigger(source: Random): PlannedTrigger {
  return { type: 'rendezvous-fraction', fraction: source.fraction() };
}

function onReplica(source: Random): { replica: number; trigger: PlannedTrigger } {
  return { replica: source.pick(replicas), trigger: trigger(source) };
}

/** Log-uniform: delays span orders of magnitude. */
function delay(source: Random, { delayRangeMs: [low, high] }: DrawOptions): number {
  return Math.round(low * (high / low) ** source.fraction());
}

function otherThan(source: Random, replica: number): number {
  return source.pick(replicas.filter((other) => other !== replica));
}
