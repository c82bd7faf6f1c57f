/**
 * Seals: how a tracer knows that a relayed vote was cast by its origin (R4). Each pair of tracers has a key
 * that the monitor drew, and a vote carries one seal for each other tracer, made with the key shared with
 * it. Who relays a vote has no key to seal another one. A seal keeps out what a faulty tracer invents or
 * changes; it is no cryptography, which the fault hypothesis does not ask for.
 */
import type { ReplicaId, Vote } from './types.ts';

const TWO_32 = 2 ** 32;

/** Over all that is agreed or compared; an unsigned 32-bit number. `direct` is advice, and left out. */
export const sealOf = (vote: Vote, key: number): number => {
  const { elapsedNs, marks } = vote.inputs;
  let hash = absorb(key, vote.stream);
  hash = absorb(hash, vote.k);
  hash = absorb(hash, vote.k / TWO_32);
  hash = absorb(hash, vote.call);
  hash = absorb(hash, vote.sigHi);
  hash = absorb(hash, vote.sigLo);
  hash = absorb(hash, elapsedNs);
  hash = absorb(hash, elapsedNs / TWO_32);
  hash = absorb(hash, marks);
  return absorb(hash, key) >>> 0;
};

/** Whether the vote carries the right seal for `self`, by whom the key is shared with. */
export const isSealedFor = (self: ReplicaId, vote: Vote, key: number): boolean =>
  vote.seals[self - 1] === sealOf(vote, key);

/** One word into the state; every bit of both reaches every bit of the result (a bijection of each). */
const absorb = (state: number, word: number): number => {
  let mixed = state ^ word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
};
