/** What a session process measures about itself, for the report. Never read by the protocol. */
import type { ReplicaId } from '../../core/types.ts';
import type { SessionStatistics } from '../../wire/messages.ts';
import { nameOf } from '../syscalls/numbers.ts';

const MAX_REPLICAS = 8;

export class Recorder {
  readonly #self: ReplicaId;
  /** Arrival times of the votes of two rendezvous, by parity of k; index 0 is the own vote. */
  readonly #arrivals = new Float64Array(2 * MAX_REPLICAS).fill(NaN);
  readonly #rendezvousOf = new Float64Array(2).fill(NaN);
  readonly #suspects = new Map<ReplicaId, number>();
  /** Rendezvous by call number. */
  readonly #calls = new Uint32Array(1024);
  #rendezvous = 0;
  #skewMaxNs = 0;
  #burstMaxNs = 0;
  #pauseMaxNs = 0;

  constructor(self: ReplicaId) {
    this.#self = self;
  }

  /** A vote for rendezvous k is here; `from` 0 is the own one. */
  arrival(k: number, from: ReplicaId, nowNs: number): void {
    const parity = k & 1;
    if (this.#rendezvousOf[parity] !== k) {
      this.#rendezvousOf[parity] = k;
      this.#arrivals.fill(NaN, parity * MAX_REPLICAS, (parity + 1) * MAX_REPLICAS);
    }
    this.#arrivals[parity * MAX_REPLICAS + from] = nowNs;
  }

  /**
   * Skew: from the second to the last arrival (protocol.md 1). A vote that was not waited for counts
   * with the time it was waited for, a lower bound; `members` were in before the decision.
   */
  decided(k: number, members: number, nowNs: number): void {
    this.#rendezvous = k + 1;
    // Rendezvous 0 is the start, not a skew; two members have no third arrival.
    if (k === 0 || members < 3) return;
    const base = (k & 1) * MAX_REPLICAS;
    let count = 0;
    let first = Infinity;
    let second = Infinity;
    let last = 0;
    for (let i = base; i < base + MAX_REPLICAS; i++) {
      const at = this.#arrivals[i] as number;
      if (Number.isNaN(at)) continue;
      count++;
      if (at < first) {
        second = first;
        first = at;
      } else if (at < second) {
        second = at;
      }
      if (at > last) last = at;
    }
    if (count < 2) return;
    const until = count < members ? nowNs : last;
    this.#skewMaxNs = Math.max(this.#skewMaxNs, until - second);
  }

  /** The replica ran for this long without a call. */
  burst(durationNs: number): void {
    if (durationNs > this.#burstMaxNs) this.#burstMaxNs = durationNs;
  }

  /** The tracer itself was away for this long between a stop and its vote. */
  pause(durationNs: number): void {
    if (durationNs > this.#pauseMaxNs) this.#pauseMaxNs = durationNs;
  }

  call(number: number): void {
    if (number < 0 || number >= this.#calls.length) return;
    this.#calls[number] = (this.#calls[number] ?? 0) + 1;
  }

  linkSuspect(from: ReplicaId): void {
    this.#suspects.set(from, (this.#suspects.get(from) ?? 0) + 1);
  }

  statistics(extra: Pick<SessionStatistics, 'tsc' | 'placement'>): SessionStatistics {
    return {
      rendezvous: this.#rendezvous,
      skewMaxNs: this.#skewMaxNs,
      burstMaxNs: this.#burstMaxNs,
      linkSuspects: [...this.#suspects].map(([from, count]) => ({ from, to: this.#self, count })),
      calls: this.#callsByName(),
      tracerPauseMaxNs: this.#pauseMaxNs,
      ...extra,
    };
  }

  #callsByName(): Record<string, number> {
    const calls: Record<string, number> = {};
    this.#calls.forEach((count, number) => {
      if (count > 0) calls[nameOf(number) ?? String(number)] = count;
    });
    return calls;
  }
}
