/** The rules that a trial can be run under: a policy, and for the paper's a reading of its time-out. */
import type { Policy, TimeoutFrom } from '../tmr/core/types.ts';
import type { Design } from './types.ts';

export interface Reading {
  policy: Policy;
  timeoutFrom: TimeoutFrom;
}

/** Those of a design. Under `agreed` the second arrival starts the time-out (R2), whatever is asked. */
export function readingsOf({ policy, timeoutFrom = ['quorum'] }: Design): Reading[] {
  return policy.flatMap((one): Reading[] =>
    (one === 'agreed' ? (['quorum'] as const) : timeoutFrom).map((from) => ({
      policy: one,
      timeoutFrom: from,
    })),
  );
}

/** `agreed`, `paper`, `paper, first`, `paper, own`. Records of older runs do not tell the reading. */
export function readingName({ policy, timeoutFrom = 'quorum' }: Partial<Reading>): string {
  return timeoutFrom === 'quorum' ? `${policy}` : `${policy}, ${timeoutFrom}`;
}

/** In the order of figures and tables. */
export const readingNames: readonly string[] = (['agreed', 'paper'] as const).flatMap((policy) =>
  (['quorum', 'first', 'own'] as const).map((timeoutFrom) => readingName({ policy, timeoutFrom })),
);
