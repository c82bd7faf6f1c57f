/** The runs of the model as data: which faults, settings and ablations, and what is to come of them. */

export type Macros = Readonly<Record<string, string | number | true>>;

export interface Run {
  name: string;
  macros: Macros;
  expected: 'holds' | 'violated';
  search: 'exhaustive' | 'bitstate';
  /** The rule that is left out. */
  without?: string;
  /** Cheap enough for every change. */
  quick?: true;
}

/** Kinds of faults in tmr.pml; each single one is to be survived. */
export const kinds = [
  'NONE',
  'SIGNATURE_AT_SENDER',
  'INPUTS_AT_SENDER',
  'SIGNATURE_ON_LINK',
  'LASTING_ON_LINK',
  'VOTE_LOST',
  'REPLICA_WRONG',
  'TRACER_CRASH',
  'REPLICA_SLOW',
  'FALSE_NOTICE',
  'REQUEST_CORRUPTED',
  'OUTPUT_CORRUPTED',
  'LINK_RESET',
  'LINK_DEAD',
  'TWO_FACED',
  'EARLY_WRONG',
  'ROGUE',
  'TRACER_STOPPED',
  'REPLICA_KILL',
  'INPUTS_ON_LINK',
  'REPLICA_FAST',
  'CUT_OFF',
] as const;
export type Kind = (typeof kinds)[number] | 'TWO_FACED_INPUTS';
