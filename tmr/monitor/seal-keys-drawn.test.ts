import { generatePrimeSync } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { drawSealKeys } from './seal-keys.ts';

vi.mock('node:crypto', () => ({ generatePrimeSync: vi.fn<(bits: number) => ArrayBuffer>() }));

function draws(...primes: number[]): void {
  for (const prime of primes) {
    const bytes = new ArrayBuffer(4);
    new DataView(bytes).setUint32(0, prime);
    vi.mocked(generatePrimeSync).mockReturnValueOnce(bytes);
  }
}

const [a, b, c, d, e, f] = [
  33_256_679, 29_585_993, 30_038_531, 30_872_669, 32_327_597, 29_415_989,
] as const;

it('takes no prime twice, not of one tracer and not of two', () => {
  draws(a, a, a, b, b, c, c, a, c, d);
  const moduli = [a * b, c * d];
  expect(drawSealKeys(2)).toEqual([
    { own: [a, b], moduli },
    { own: [c, d], moduli },
  ]);
});

it('tells each tracer nothing of the primes of another one', () => {
  draws(a, b, c, d, e, f);
  for (const [at, keys] of drawSealKeys(3).entries()) {
    const told = JSON.stringify(keys);
    const foreign = [a, b, c, d, e, f].filter((_, index) => index >> 1 !== at);
    for (const prime of foreign) expect(told).not.toContain(String(prime));
  }
});

it('takes no prime that is too large for exact products, whatever its product with the other', () => {
  // What OpenSSL gives for 8, 10, 12 and 14 bits now and then: one more bit than asked for.
  draws(2 ** 25 + 69, a, 2 ** 24 + 43, b, c);
  expect(drawSealKeys(1)[0]?.own).toEqual([b, c]);
});
