/** Keys of the seals of votes (R1, R4): each tracer's two primes go to it alone, the products to all. */
import { generatePrimeSync } from 'node:crypto';
import { isModulus, MODULUS_FACTOR_MAX } from '../core/seal.ts';
import type { SessionPlan } from '../wire/session-plan.ts';

const PRIME_BITS = 25;

/** By replica - 1: what goes into that tracer's plan. No prime comes twice. */
export function drawSealKeys(replicas: number): SessionPlan['sealKeys'][] {
  const taken = new Set<number>();
  const pairs = Array.from({ length: replicas }, () => drawPair(taken));
  const moduli = pairs.map(([p, q]) => p * q);
  return pairs.map((own) => ({ own, moduli }));
}

function drawPair(taken: Set<number>): [number, number] {
  for (;;) {
    const pair: [number, number] = [drawPrime(), drawPrime()];
    const [p, q] = pair;
    if (p === q || taken.has(p) || taken.has(q) || !isModulus(p * q)) continue;
    taken.add(p).add(q);
    return pair;
  }
}

/** 2 modulo 3, so that every number has one cube root. */
function drawPrime(): number {
  for (;;) {
    const drawn = new DataView(generatePrimeSync(PRIME_BITS, { add: 6n, rem: 5n })).getUint32(0);
    // With `add` OpenSSL may step beyond the bits that were asked for.
    if (drawn <= MODULUS_FACTOR_MAX) return drawn;
  }
}
