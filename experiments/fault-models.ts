/**
 * The populations that experiments draw faults from: one entry per kind, which says what is drawn.
 * How a fault gets into the system is the business of `faults/`.
 */
import type { FaultKind, PlannedFault, PlannedTrigger } from '../harness/types.ts';
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
    draw: (source, { delayRangeMs: [low, high] }) => ({
      kind: 'tracer-delay',
      replica: source.pick(replicas),
      delayMs: Math.round(low * (high / low) ** source.fraction()),
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
];

export function faultModel(name: string): FaultModel | undefined {
  return faultModels.find((model) => model.name === name);
}

/** Uniform over the program's rendezvous, the exec stop excluded. */
function trigger(source: Random): PlannedTrigger {
  return { type: 'rendezvous-fraction', fraction: source.fraction() };
}

function otherThan(source: Random, replica: number): number {
  return source.pick(replicas.filter((other) => other !== replica));
}
