/**
 * Arithmetic modulo numbers of up to 50 bits, exact in doubles: products of two such numbers do not fit into
 * one, so a product is kept as its rounded value and the exact error of it. No BigInt: this runs at every call.
 */

const HALF = 2 ** 25;

/** a * b mod m. All whole, 0 <= a, b < m < 2^50. */
export const mulMod = (a: number, b: number, m: number): number => {
  const product = a * b;
  const quotient = Math.floor(product / m);
  const rounded = quotient * m;
  // The difference is a few m at most, so each of the three sums is exact.
  const rest = product - rounded + (errorOf(a, b, product) - errorOf(quotient, m, rounded));
  if (rest < 0) return rest + m;
  return rest >= m ? rest - m : rest;
};

/** base^exponent mod m, for m < 2^25, where products fit. Whole numbers, 0 <= base < m. */
export const powModSmall = (base: number, exponent: number, m: number): number => {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest >>>= 1) {
    if ((rest & 1) !== 0) result = mulModSmall(result, square, m);
    square = mulModSmall(square, square, m);
  }
  return result;
};

/** 1 / a mod m, for m < 2^25 a prime and a no multiple of it (Fermat). */
export const inverseModPrime = (a: number, m: number): number => powModSmall(a % m, m - 2, m);

/**
 * a * b mod m, for m < 2^25: without the slow remainder of doubles. The product is below 2^50, so its quotient
 * is never rounded up to a whole number that it does not reach.
 */
export const mulModSmall = (a: number, b: number, m: number): number => {
  const product = a * b;
  return product - Math.floor(product / m) * m;
};

/** What a * b is more than `product`, its rounded value: exact for whole a, b < 2^50. */
const errorOf = (a: number, b: number, product: number): number => {
  const aHigh = Math.floor(a / HALF);
  const bHigh = Math.floor(b / HALF);
  const aLow = a - aHigh * HALF;
  const bLow = b - bHigh * HALF;
  const middle = aHigh * bLow + aLow * bHigh;
  return aHigh * bHigh * (HALF * HALF) - product + middle * HALF + aLow * bLow;
};
