/** Where in a rendezvous a fault strikes. */
import { choice, optional } from './parameters.ts';

export const phases = ['before-vote', 'after-vote', 'before-effect', 'dispute'] as const;
export type Phase = (typeof phases)[number];

export const phase = optional(
  choice(...phases),
  'at the stop before the vote; with the vote sent; decided but not carried out; or while a dispute about a ' +
    'wrong vote of the same part, which the injector sends, is answered',
  'before-vote',
);
