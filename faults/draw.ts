/** Draws from a seed and a name alone: giving one parameter does not change another. */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export interface Draw {
  /** Uniform, both bounds included. */
  whole(from: number, to: number): number;
  /** A whole number, log-uniform between the bounds. */
  logUniform(from: number, to: number): number;
}

/** @param seed hexadecimal digits. */
export function drawFrom(seed: string, name: string): Draw {
  const digest = createHash('sha256').update(`${seed}\0${name}\0`).digest();
  const state = [0, 4, 8, 12].map((at) => digest.readInt32BE(at));
  const generator = xoroshiro128plusFromState(state);
  return {
    whole: (from, to) => uniformInt(generator, from, to),
    logUniform: (from, to) => Math.round(from * (to / from) ** uniformFloat64(generator)),
  };
}
