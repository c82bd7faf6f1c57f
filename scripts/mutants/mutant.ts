/** A mutant: the protocol weakened in one place, and the tests that are to notice. */
export interface Mutant {
  name: string;
  /** From the root of the repository. */
  file: string;
  /** Occurs exactly once in the file. */
  old: string;
  new: string;
  /** Vitest files, tried in this order before all others of the part. */
  tests: readonly string[];
}

/** `[name, old, new]` in one file, with the same tests. */
export const mutantsOf = (
  file: string,
  tests: readonly string[],
  changes: readonly (readonly [name: string, old: string, changed: string])[],
): Mutant[] => changes.map(([name, old, changed]) => ({ name, file, old, new: changed, tests }));
