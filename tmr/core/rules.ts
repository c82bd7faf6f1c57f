/**
 * Switches for ablations: what happens without a rule (protocol.md 4). Only tests and the
 * simulator set them; `createCore` takes no rules, so no option of a user reaches them.
 */
export interface Rules {
  /** R5: entries are compared with the own vote. */
  compareVotes: boolean;
  /** R4: missing votes are asked for. */
  ask: boolean;
  /** R4: a relayed vote acquits, never accuses. */
  relayOnlyAcquits: boolean;
  /** R1: a vote over its own link carries its sender's seal. */
  sealedVotes: boolean;
  /** R4: a relayed vote carries its origin's seal. */
  sealedRelays: boolean;
  /** R5: a closed table is frozen. */
  freeze: boolean;
  /** R6: the view of the accused is never waited for. */
  ignoreAccusedView: boolean;
  /** R7: a view is answered after the own table is closed, never before. */
  answerAfterClose: boolean;
  /** R4, R7: asks and views for k-1 are answered. */
  history: boolean;
  /** R8: an agreed clock never runs backwards. */
  monotonic: boolean;
  /** R9, R10: asks and views are answered while waiting for somebody else or for the end. */
  serveAtEnd: boolean;
}

export const allRules: Readonly<Rules> = {
  compareVotes: true,
  ask: true,
  relayOnlyAcquits: true,
  sealedVotes: true,
  sealedRelays: true,
  freeze: true,
  ignoreAccusedView: true,
  answerAfterClose: true,
  history: true,
  monotonic: true,
  serveAtEnd: true,
};
