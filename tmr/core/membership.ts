/** The replicas that still count in a stream; a replica leaves by the stream's decision (R6). */
import type { ReplicaId } from './types.ts';
import { bit, majority } from './vote.ts';

export class Membership {
  mask: number;
  list: readonly ReplicaId[];
  /** All members but this tracer. */
  peers: readonly ReplicaId[];
  readonly #self: ReplicaId;

  constructor(replicas: number, self: ReplicaId) {
    this.#self = self;
    this.list = Array.from({ length: replicas }, (_, index) => index + 1);
    this.peers = this.list.filter((replica) => replica !== self);
    this.mask = this.list.reduce((mask, replica) => mask | bit(replica), 0);
  }

  get count(): number {
    return this.list.length;
  }

  get majority(): number {
    return majority(this.list.length);
  }

  has(replica: ReplicaId): boolean {
    return (this.mask & bit(replica)) !== 0;
  }

  /** New arrays each time: those handed out before keep their contents. */
  remove(replica: ReplicaId): void {
    this.mask &= ~bit(replica);
    this.list = this.list.filter((member) => member !== replica);
    this.peers = this.list.filter((member) => member !== this.#self);
  }
}
