/** What a simulated tracer did and how it ended: the evidence that the properties judge. */
import type { AgreedInputs, Mechanism, ReplicaId } from '../types.ts';

export type Ending = 'running' | 'ended' | 'fenced' | 'stopped' | 'crashed' | 'killed';

export interface FlagRecord {
  accused: ReplicaId;
  k: number;
  mechanism: Mechanism;
  atNs: number;
  tFirstSuspicionNs: number;
  tSecondArrivalNs: number;
}

/** What a tracer did, for the properties. */
export interface HostRecord {
  ending: Ending;
  reason: string;
  goOns: { k: number; atNs: number; inputs: AgreedInputs; members: readonly ReplicaId[] }[];
  flags: FlagRecord[];
  linkSuspects: { peer: ReplicaId; k: number }[];
  /** When the own vote for k was given to the core, and the clock reading in it. */
  votes: { k: number; atNs: number; elapsedNs: number }[];
}
