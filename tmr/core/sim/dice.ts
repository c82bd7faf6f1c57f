/** Draws that follow from a seed alone. */
import { mix } from './program.ts';

export class Dice {
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to n - 1. */
  below(n: number): number {
    this.#count += 1;
    return mix(this.#seed, this.#count) % n;
  }

  strikes(perMille: number | undefined): boolean {
    return perMille !== undefined && this.below(1000) < perMille;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}
