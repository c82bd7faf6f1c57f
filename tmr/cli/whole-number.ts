/** Option values that are counts. */
import { InvalidArgumentError } from 'commander';

/** A whole number from 1 on. Throws InvalidArgumentError, to which commander adds the option. */
export function whole(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a whole number above 0, got "${text}".`);
}
