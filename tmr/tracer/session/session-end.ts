/** Why a session process leaves its session before the program's end. */
export type EndKind =
  /** R11: this tracer found itself outvoted or cut off. */
  | 'fenced'
  /** Duplex without agreement, no quorum: the whole session stops safely. */
  | 'stopped'
  /** The monitor said so. */
  | 'ended'
  /** NFS server or monitor no longer answer (R19). */
  | 'lost'
  /** The replica ended without a rendezvous (R16). */
  | 'crashed';

export class SessionEnd extends Error {
  readonly kind: EndKind;

  constructor(kind: EndKind, reason: string) {
    super(reason);
    this.kind = kind;
  }
}
