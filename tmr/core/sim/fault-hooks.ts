/** Where a fault touches a simulation, and what it may do there. */
import type { PeerMessage, ReplicaId, Vote } from '../types.ts';
import type { LinkFilter, Party, SimMessage } from './network.ts';

/** Moments in a tracer's rendezvous at which something may happen to it. */
export type Phase = 'arrival' | 'voted' | 'asking' | 'disputing' | 'going-on' | 'requested';
export const phases: readonly Phase[] = [
  'arrival',
  'voted',
  'asking',
  'disputing',
  'going-on',
  'requested',
];

export type Relay = Extract<PeerMessage, { type: 'relay' }>;

export interface FaultHooks {
  /** Time until the arrival at k, of `plannedNs`. */
  computeNs?: (replica: ReplicaId, k: number, plannedNs: number) => number;
  /** The replica's state on arrival at k. */
  state?: (replica: ReplicaId, k: number, state: number) => number;
  /** Changes the vote before the core sees it. */
  vote?: (replica: ReplicaId, vote: Vote) => void;
  filter?: LinkFilter;
  /** What a message takes longer on this link; those behind it wait. */
  extraDelayNs?: (from: Party, to: Party, message: SimMessage) => number;
  reached?: (replica: ReplicaId, k: number, phase: Phase) => void;
}

/** What a fault may do to the simulation. */
export interface SimControl {
  /** Said by a fault that has had its effect; one that never says so tested nothing. */
  struck: () => void;
  readonly parties: readonly ReplicaId[];
  nowNs: () => number;
  /** True while frames carry a checksum that catches corruption. */
  readonly checksum: boolean;
  crash: (target: ReplicaId, lost: readonly Party[]) => void;
  restart: (target: ReplicaId, afterNs: number) => void;
  replicaDies: (target: ReplicaId) => void;
  turnRogue: (target: ReplicaId, how: { answersViews: boolean }) => void;
  resetLink: (a: Party, b: Party) => void;
  send: (from: ReplicaId, to: Party, message: SimMessage) => void;
  notice: (from: ReplicaId, accused: ReplicaId, to: Party) => void;
  /** The tracer `to` gets the relay as if from `from`, and takes its own seal on it for the origin's. */
  makeBelieve: (from: ReplicaId, to: ReplicaId, relay: Relay) => void;
  stopTracer: (target: ReplicaId, durationNs: number) => void;
}

/** Several faults at once, each at its own places. */
export const combineHooks = (all: readonly FaultHooks[]): FaultHooks => ({
  computeNs: (replica, k, plannedNs) =>
    all.reduce((ns, hooks) => hooks.computeNs?.(replica, k, ns) ?? ns, plannedNs),
  state: (replica, k, state) =>
    all.reduce((value, hooks) => hooks.state?.(replica, k, value) ?? value, state),
  vote: (replica, vote) => {
    for (const hooks of all) hooks.vote?.(replica, vote);
  },
  filter: (from, to, message) => {
    let arriving: ReturnType<LinkFilter> = message;
    for (const { filter } of all) {
      if (arriving !== undefined && filter !== undefined) arriving = filter(from, to, arriving);
    }
    return arriving;
  },
  extraDelayNs: (from, to, message) =>
    all.reduce((ns, hooks) => ns + (hooks.extraDelayNs?.(from, to, message) ?? 0), 0),
  reached: (replica, k, phase) => {
    for (const hooks of all) hooks.reached?.(replica, k, phase);
  },
});
