/** Votes as preallocated slots: the core copies what comes in and allocates nothing per call. */
import type { ReplicaId, Vote } from './types.ts';

/** Bit of a replica in a mask: replica 1 is bit 0. */
export const bit = (replica: ReplicaId): number => 1 << (replica - 1);

export const bitCount = (mask: number): number => {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
};

/** Most replicas of a session. */
export const replicasMax = 7;

/** More than half of n. */
export const majority = (n: number): number => (n >> 1) + 1;

export const blankVote = (): Vote => ({
  stream: 0,
  k: 0,
  call: 0,
  sigHi: 0,
  sigLo: 0,
  inputs: { elapsedNs: 0, marks: 0 },
  direct: 0,
  seal: 0,
});

export const copyVote = (into: Vote, from: Vote): void => {
  into.stream = from.stream;
  into.k = from.k;
  into.call = from.call;
  into.sigHi = from.sigHi;
  into.sigLo = from.sigLo;
  into.inputs.elapsedNs = from.inputs.elapsedNs;
  into.inputs.marks = from.inputs.marks;
  into.direct = from.direct;
  into.seal = from.seal;
};

export const cloneVote = (vote: Vote): Vote => {
  const copy = blankVote();
  copyVote(copy, vote);
  return copy;
};

/** protocol.md 2: stream, k, call number and signature; inputs never enter a comparison. */
export const sameVote = (a: Vote, b: Vote): boolean =>
  a.sigLo === b.sigLo &&
  a.sigHi === b.sigHi &&
  a.call === b.call &&
  a.k === b.k &&
  a.stream === b.stream;
