/**
 * An assertion about the core itself or about the order in which its caller calls it; it stays on
 * in production. `expectation` says what had to hold, `found` what was there instead.
 */
export function invariant(
  condition: boolean,
  expectation: string,
  found: string,
): asserts condition {
  if (!condition) throw new Error(`protocol core: expected ${expectation}; found ${found}`);
}
