/** The standard normal distribution to double precision, for the z of an interval. */

/** z such that P(|Z| <= z) = confidence; 1.959964 for 0.95. */
export function twoSidedZ(confidence: number): number {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence must lie between 0 and 1, got ${confidence}; give e.g. 0.95`);
  }
  const target = (1 + confidence) / 2;
  let low = 0;
  let high = 8;
  while (high - low > 1e-14) {
    const middle = (low + high) / 2;
    if (cumulative(middle) < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Z <= x) by Marsaglia's series (J. Stat. Softw. 11(4), 2004); exact to about 1e-15 for |x| < 7. */
function cumulative(x: number): number {
  let sum = x;
  let previous = 0;
  let term = x;
  for (let i = 3; sum !== previous; i += 2) {
    previous = sum;
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.5 * Math.log(2 * Math.PI));
}
