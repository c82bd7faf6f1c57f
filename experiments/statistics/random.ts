/** Seeded randomness: every stream is a function of a text, so a run replays from its seed alone. */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export interface Random {
  /** Whole number, both ends included. */
  integer(from: number, to: number): number;
  /** 0 <= x < 1. */
  fraction(): number;
  /** One of `values`, which must not be empty. */
  pick<T>(values: readonly T[]): T;
  /** A new array in random order. */
  shuffle<T>(values: readonly T[]): T[];
}

/** SHA-256 over the parts, each ended by a zero byte; 64 hex digits. */
export function deriveSeed(...parts: (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part}\0`);
  return hash.digest('hex');
}

/** xoroshiro128+ whose whole state comes from the first 128 bits of `seed` (64 hex digits). */
export function random(seed: string): Random {
  if (!/^[0-9a-f]{64}$/.test(seed)) {
    throw new RangeError(`a derived seed has 64 hex digits, got '${seed}'; use deriveSeed()`);
  }
  const state = [0, 8, 16, 24].map((at) => Number.parseInt(seed.slice(at, at + 8), 16) | 0);
  const generator = xoroshiro128plusFromState(state);
  const integer = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    integer,
    fraction: () => uniformFloat64(generator),
    pick: (values) => {
      if (values.length === 0) throw new RangeError('cannot pick from an empty list');
      return values[integer(0, values.length - 1)]!;
    },
    shuffle: (values) => {
      const result = [...values];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integer(0, i);
        [result[i], result[j]] = [result[j]!, result[i]!];
      }
      return result;
    },
  };
}
