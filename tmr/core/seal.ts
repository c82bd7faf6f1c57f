/**
 * Seals: how a tracer knows that a vote was cast by its origin, whoever brings it (R1, R4). A seal is the
 * cube root of the vote's digest modulo the origin's modulus (RSA, textbook, exponent 3): everybody can
 * cube it, only the origin knows the two primes. So what one healthy tracer counts, all others count when it
 * is relayed. It keeps out what a faulty tracer or link makes up or changes; it is no cryptography, which
 * the fault hypothesis does not ask for: 50 bits are soon factored by who sets out to.
 */
import { inverseModPrime, mulMod, mulModSmall, powModSmall } from './modular.ts';
import type { Vote } from './types.ts';

const TWO_32 = 2 ** 32;

/** A modulus is at least so large, for a digest is below it; and below `MODULUS_END`. */
export const MODULUS_MIN = 2 ** 49;
/** Largest factor of one: their products must fit. */
export const MODULUS_FACTOR_MAX = 2 ** 25 - 1;
/** `mulMod` is exact below it. */
export const MODULUS_END = 2 ** 50;

export const isModulus = (value: number): boolean =>
  Number.isInteger(value) && value >= MODULUS_MIN && value < MODULUS_END;

/** Seals votes of one tracer, with its two primes. */
export class Sealer {
  readonly #p: number;
  readonly #q: number;
  readonly #rootOfP: number;
  readonly #rootOfQ: number;
  /** 1 / q mod p. */
  readonly #inverseOfQ: number;

  /** @param primes below 2^25, different, each 2 modulo 3 (or cubes are not unique); their product is a modulus. */
  constructor(primes: readonly [number, number]) {
    const [p, q] = primes;
    this.#p = p;
    this.#q = q;
    this.#rootOfP = cubeRootExponent(p);
    this.#rootOfQ = cubeRootExponent(q);
    this.#inverseOfQ = inverseModPrime(q, p);
  }

  /** The seal of the vote as it is now; what it holds as its seal does not matter. */
  sealOf(vote: Vote): number {
    const digest = digestOf(vote);
    const p = this.#p;
    const q = this.#q;
    const modP = powModSmall(digest % p, this.#rootOfP, p);
    const modQ = powModSmall(digest % q, this.#rootOfQ, q);
    const difference = (modP + 2 * p - modQ) % p;
    return modQ + q * mulModSmall(difference, this.#inverseOfQ, p);
  }
}

/** Whether the tracer with this modulus sealed just this vote. */
export const isSealed = (vote: Vote, modulus: number): boolean => {
  const { seal } = vote;
  if (!(seal >= 0 && seal < modulus)) return false;
  return mulMod(mulMod(seal, seal, modulus), seal, modulus) === digestOf(vote);
};

/** d with 3 d = 1 mod p - 1, for p = 2 mod 3. */
const cubeRootExponent = (p: number): number => (2 * (p - 1) + 1) / 3;

/** 49 bits over all that is agreed or compared. `direct` is advice, and left out. */
const digestOf = (vote: Vote): number => {
  const low = absorbVote(0x6a09_e667, vote) >>> 0;
  const high = absorbVote(0x3c6e_f372, vote) >>> 15;
  return high * TWO_32 + low;
};

const absorbVote = (start: number, vote: Vote): number => {
  const { elapsedNs, marks } = vote.inputs;
  let hash = absorb(start, vote.stream);
  hash = absorb(hash, vote.k);
  hash = absorb(hash, Math.floor(vote.k / TWO_32));
  hash = absorb(hash, vote.call);
  hash = absorb(hash, vote.sigHi);
  hash = absorb(hash, vote.sigLo);
  hash = absorb(hash, elapsedNs);
  // Rounded down, so that it is not the same for -1 and 2^32 - 1.
  hash = absorb(hash, Math.floor(elapsedNs / TWO_32));
  return absorb(hash, marks);
};

/** One word into the state; every bit of both reaches every bit of the result (a bijection of each). */
const absorb = (state: number, word: number): number => {
  let mixed = state ^ word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
};
