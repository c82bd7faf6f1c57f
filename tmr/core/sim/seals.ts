/** Keys of simulated seals: each tracer its own, the same in every session. */
import { Sealer } from '../seal.ts';
import type { ReplicaId, SealKeys, Vote } from '../types.ts';
import type { Party, SimMessage } from './network.ts';

/** Each 2 modulo 3, between 0.86 and 1 times 2^25. */
const primes: readonly (readonly [number, number])[] = [
  [33_256_679, 29_585_993],
  [30_038_531, 30_872_669],
  [32_327_597, 29_415_989],
  [30_854_573, 31_429_421],
  [31_587_737, 30_516_047],
  [29_526_713, 30_727_709],
  [33_460_397, 32_905_751],
];
const sealers = primes.map((own) => new Sealer(own));

/** `moduli` is this tracer's own table: a fault may change it. */
export type OwnSealKeys = SealKeys & { moduli: number[] };

export const sealKeysOf = (self: ReplicaId, replicas: number): OwnSealKeys => ({
  own: ofReplica(primes, self),
  moduli: primes.slice(0, replicas).map(([p, q]) => p * q),
});

/** In place: as if `voter` had cast what the vote says now. */
export const sealAgain = (voter: ReplicaId, vote: Vote): void => {
  vote.seal = ofReplica(sealers, voter).sealOf(vote);
};

/** The vote, sealed by `voter` as its core would. */
export const sealedBy = (voter: ReplicaId, vote: Vote): Vote => {
  const sealed = { ...vote };
  sealAgain(voter, sealed);
  return sealed;
};

const ofReplica = <T>(all: readonly T[], replica: ReplicaId): T => {
  const one = all[replica - 1];
  if (one === undefined) throw new Error(`expected a replica in 1..7, got ${replica}`);
  return one;
};

/** The sender's own vote, cast or said again to one that asked. */
export const ownVoteIn = (from: Party, message: SimMessage): Vote | undefined => {
  if (message.type === 'vote') return message.vote;
  return message.type === 'relay' && message.origin === from ? message.vote : undefined;
};
