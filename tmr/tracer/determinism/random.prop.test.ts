import { assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prf, randomBytesAt } from './random.ts';

const seed = Buffer.from('00112233445566778899aabbccddeeff'.repeat(2), 'hex');

describe('program-visible randomness', () => {
  test('has these values', () => {
    expect(randomBytesAt(seed, 0, 8).toString('hex')).toMatchInlineSnapshot(`"5b6593519eb35565"`);
  });

  test('is one stream, however it is cut into draws', () => {
    const whole = randomBytesAt(seed, 0, 400);
    assert(
      property(nat(300), nat(100), (offset, length) => {
        expect(randomBytesAt(seed, offset, length)).toEqual(
          whole.subarray(offset, offset + length),
        );
      }),
    );
  });

  test('depends on the seed and on the use', () => {
    const other = Buffer.from(seed);
    other[31]! ^= 1;
    expect(randomBytesAt(other, 0, 16)).not.toEqual(randomBytesAt(seed, 0, 16));
    expect(prf(seed, 'AT_RANDOM', 0, 16)).not.toEqual(randomBytesAt(seed, 0, 16));
  });
});
