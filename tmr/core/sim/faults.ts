/** Every fault kind of protocol.md 6 as data. What each does: fault-effects.ts. */
import type { ReplicaId } from '../types.ts';
import type { Phase } from './fault-hooks.ts';
import type { Party } from './network.ts';

export interface AtReplica {
  target: ReplicaId;
  /** The rendezvous. */
  at: number;
}
export interface OnLink {
  from: ReplicaId;
  to: ReplicaId;
  at: number;
}
/** When the fault's own tracer, or the tracer `seenBy`, is at `phase` of `at` or a later one. */
export interface InPhase {
  phase: Phase;
  seenBy?: ReplicaId;
}

export const otherVotes = ['good', 'badly-sealed', 'withheld'] as const;
export type OtherVotes = (typeof otherVotes)[number];

export type Fault =
  | { kind: 'none' }
  /** Wrong signature (or call number) in one vote, at the sender. */
  | ({ kind: 'signature-at-sender'; field: 'signature' | 'call' } & AtReplica)
  | ({ kind: 'inputs-at-sender'; elapsedNs: number } & AtReplica)
  /** Past the checksum; once, or in every vote from then on, in relays and views too. */
  | ({ kind: 'signature-on-link'; lasting: boolean } & OnLink)
  | ({ kind: 'inputs-on-link' } & OnLink)
  | ({ kind: 'vote-lost' } & OnLink)
  | ({ kind: 'replica-wrong' } & AtReplica)
  /** `lost`: to whom the messages of its last instant do not get through. */
  | ({ kind: 'tracer-crash'; lost: readonly Party[] } & InPhase & AtReplica)
  /** It crashes and comes back as a new process that knows nothing; peers do not let it in (R11). */
  | ({ kind: 'tracer-restart'; afterNs: number } & InPhase & AtReplica)
  | ({ kind: 'replica-kill' } & InPhase & AtReplica)
  | ({ kind: 'replica-slow'; delayNs: number } & AtReplica)
  | ({ kind: 'false-notice'; accused: ReplicaId; to: readonly Party[] } & AtReplica)
  | ({ kind: 'request-corrupted' } & AtReplica)
  | ({ kind: 'output-corrupted' } & AtReplica)
  | ({ kind: 'link-reset' } & InPhase & OnLink)
  /** Nothing gets through any more in this direction, and neither end is told. */
  | ({ kind: 'link-dead' } & Partial<InPhase> & OnLink)
  /** The vote (or view) for `at` waits so long and all behind it, as at a proxy that holds frames. */
  | ({ kind: 'link-slow'; message?: 'vote' | 'view'; delayNs: number } & OnLink)
  /** `coreRight`: it believes what it tells `right`, or else what it tells the others. */
  | ({ kind: 'two-faced'; right: ReplicaId; coreRight: boolean } & AtReplica)
  | ({ kind: 'early-wrong' } & AtReplica)
  /**
   * From there on no vote that it gives `to`, by itself or when asked, has its seal; the other peer gets good
   * ones, such ones, or none.
   */
  | ({ kind: 'wrong-seal'; to: ReplicaId; other: OtherVotes } & AtReplica)
  /** From there on it says with each vote of its own that `of` has cast the same, and believes it. */
  | ({ kind: 'forged-relays'; of: ReplicaId } & AtReplica)
  /**
   * It votes early, waits for nobody and never fences; it may be wrong, and send notices and false
   * views. One that is right runs ahead with right requests. With `forgesRelays` it does what
   * `forged-relays` does, for both others.
   */
  | ({
      kind: 'rogue';
      wrong: boolean;
      notices: boolean;
      answersViews: boolean;
      forgesRelays: boolean;
    } & AtReplica)
  | SwarmOnLink
  | SwarmOfReplica
  | ({ kind: 'tracer-stopped'; durationNs: number } & InPhase & AtReplica)
  | ({ kind: 'service-link-lost'; service: Party } & Partial<InPhase> & AtReplica);

export type FaultKind = Fault['kind'];

/**
 * Random misbehaviour from the arrival at `at` for `durationNs`: what is named strikes so often of
 * 1000 times.
 */
interface Swarm<Behaviour extends string> {
  seed: number;
  at: number;
  durationNs: number;
  delayMaxNs: number;
  perMille: Partial<Record<Behaviour, number>>;
}
/** In both directions. `corrupt` and `forge` (another message) get past the checksum; what does not is `lose`. */
export interface SwarmOnLink extends Swarm<'lose' | 'corrupt' | 'delay' | 'forge' | 'reset'> {
  kind: 'swarm-on-link';
  from: ReplicaId;
  to: ReplicaId;
}
/** In all that a replica, its tracer and its links do, to anybody. */
export interface SwarmOfReplica extends Swarm<
  | 'lose'
  | 'corrupt'
  | 'delay'
  | 'forge'
  | 'wrong'
  | 'early'
  | 'slow'
  | 'stop'
  | 'notice'
  | 'reset'
  | 'restart'
  | 'unseal'
> {
  kind: 'swarm-of-replica';
  target: ReplicaId;
}
