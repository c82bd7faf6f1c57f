/** Keys of simulated seals: of each pair its own, the same in every session. */
import { sealOf } from '../seal.ts';
import type { ReplicaId, Vote } from '../types.ts';
import { mix } from './program.ts';

export const sealKey = (a: ReplicaId, b: ReplicaId): number =>
  mix(Math.min(a, b), 1000 + Math.max(a, b)) >>> 0;

export const sealKeysOf = (self: ReplicaId, replicas: number): number[] =>
  Array.from({ length: replicas }, (_, index) => sealKey(self, index + 1));

/** The vote, sealed by `voter` as its core would. */
export const sealedBy = (voter: ReplicaId, vote: Vote): Vote => ({
  ...vote,
  seals: vote.seals.map((_, index) => sealOf(vote, sealKey(voter, index + 1))),
});
