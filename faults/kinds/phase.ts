/** Where in a rendezvous a fault strikes. */
import type { Expectation } from './define.ts';
import { choice, optional } from './parameters.ts';

export const phases = ['before-vote', 'after-vote', 'before-effect', 'dispute'] as const;
export type Phase = (typeof phases)[number];

/** `whose` wrong vote it is that the dispute is about. */
const phaseIn = (whose: string) =>
  optional(
    choice(...phases),
    'at the stop before the vote; with the vote sent; decided but not carried out; or while a dispute about a ' +
      `wrong vote of ${whose}, which the injector sends, is answered`,
    'before-vote',
  );

export const phase = phaseIn('the same part');
export const phaseOfLink = phaseIn('the tracer that closes it');

/** A wrong vote to both peers, which a dispute is provoked by, is flagged whatever follows it. */
export const orProvoked =
  (otherwise: Expectation) =>
  ({ phase: when }: { phase: Phase }): Expectation =>
    when === 'dispute' ? 'must' : otherwise;
