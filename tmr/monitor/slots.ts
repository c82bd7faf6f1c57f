/**
 * The monitor's vote (R13): one sequence of slots over output, input and exit. A slot is let out
 * after the one before it, on `needed` equal digests of replicas that are not out. Sans-IO: the
 * caller carries slots out, one at a time, and hands the result back.
 */
import type { ReplicaId } from '../core/types.ts';
import type { SlotOp } from '../wire/messages.ts';

export interface SlotResult {
  /** A count or -errno. */
  result: number;
  /** For input: the bytes. */
  bytes: Buffer;
}

export type SlotDecision =
  /** Carry it out, then call `done`. */
  | { type: 'execute'; n: number; op: SlotOp }
  | { type: 'reply'; to: ReplicaId; n: number; result: SlotResult }
  /** This replica's request differs from the one that was carried out. */
  | { type: 'odd'; replica: ReplicaId; n: number }
  /** This replica does not keep to the sequence. */
  | { type: 'violation'; replica: ReplicaId; expected: number; got: number }
  /** This replica does not ask for slot n, and more has come since than one call makes. */
  | { type: 'behind'; replica: ReplicaId; n: number }
  /** All that can send have sent, and too few are equal. */
  | { type: 'no-quorum'; n: number };

/**
 * Results kept for replicas that are behind, with what each costs that has no bytes. The others wait
 * at their next vote for that of a healthy one, or flag it, so it is behind by the slots of one call
 * at most: one input, or a write(2) of 2 GiB in pieces of 1 MiB.
 */
const KEPT_BYTES_MAX = 16 * 2 ** 20;
const SLOT_COST_BYTES = 64;

interface Request {
  n: number;
  op: SlotOp;
  digest: string;
}

export class SlotQuorum {
  readonly #needed: number;
  /** The number each replica that can still vote has to use next. */
  readonly #next = new Map<ReplicaId, number>();
  /** What each waits for; one a replica, for they are synchronous. */
  readonly #waiting = new Map<ReplicaId, Request>();
  /** Slots carried out that a replica may yet ask for. */
  readonly #history = new Map<number, { digest: string; result: SlotResult }>();
  /** What the history costs. */
  #keptBytes = 0;
  #current = 0;
  #executing: Request | undefined;

  /** `needed` is min(2, replicas started) and stays so when replicas leave. */
  constructor(replicas: readonly ReplicaId[], needed: number) {
    this.#needed = needed;
    for (const replica of replicas) this.#next.set(replica, 0);
  }

  /** Slots carried out so far. */
  get completed(): number {
    return this.#current;
  }

  /** `digest` is over the request's bytes as received. Requests of replicas that are out are ignored. */
  arrive(replica: ReplicaId, n: number, op: SlotOp, digest: string): SlotDecision[] {
    const expected = this.#next.get(replica);
    if (expected === undefined) return [];
    // A healthy replica asks for n+1 after the reply to n, so never beyond the slot under way.
    if (n !== expected || n > this.#current || this.#waiting.has(replica)) {
      return [{ type: 'violation', replica, expected, got: n }];
    }
    this.#next.set(replica, n + 1);
    if (n < this.#current) return this.#replyFromHistory(replica, n, digest);
    this.#waiting.set(replica, { n, op, digest });
    return this.#decide();
  }

  /** The slot that `execute` named has had its effect. */
  done(n: number, result: SlotResult): SlotDecision[] {
    const executed = this.#executing;
    if (executed === undefined || executed.n !== n) {
      throw new Error(`expected the result of slot ${executed?.n ?? 'none'}, got that of ${n}`);
    }
    this.#executing = undefined;
    this.#current = n + 1;
    this.#history.set(n, { digest: executed.digest, result });
    this.#keptBytes += costOf(result);
    const decisions: SlotDecision[] = [];
    for (const [replica, request] of this.#waiting) {
      decisions.push({ type: 'reply', to: replica, n, result });
      if (request.digest !== executed.digest) decisions.push({ type: 'odd', replica, n });
    }
    this.#waiting.clear();
    this.#forget();
    return [...decisions, ...this.#farBehind()];
  }

  /** The replica is flagged, fenced or gone: it has no vote any more. */
  remove(replica: ReplicaId): SlotDecision[] {
    if (!this.#next.delete(replica)) return [];
    this.#waiting.delete(replica);
    this.#forget();
    return this.#decide();
  }

  #replyFromHistory(replica: ReplicaId, n: number, digest: string): SlotDecision[] {
    const slot = this.#history.get(n);
    if (slot === undefined) throw new Error(`slot ${n} was forgotten before replica ${replica}`);
    const decisions: SlotDecision[] = [{ type: 'reply', to: replica, n, result: slot.result }];
    if (slot.digest !== digest) decisions.push({ type: 'odd', replica, n });
    this.#forget();
    return decisions;
  }

  #decide(): SlotDecision[] {
    if (this.#executing !== undefined || this.#waiting.size === 0) return [];
    const equal = new Map<string, number>();
    let best = 0;
    for (const request of this.#waiting.values()) {
      const count = (equal.get(request.digest) ?? 0) + 1;
      equal.set(request.digest, count);
      best = Math.max(best, count);
      if (count < this.#needed) continue;
      this.#executing = request;
      return [{ type: 'execute', n: request.n, op: request.op }];
    }
    const silent = this.#next.size - this.#waiting.size;
    return best + silent < this.#needed ? [{ type: 'no-quorum', n: this.#current }] : [];
  }

  /** Drops results that every replica has had. */
  #forget(): void {
    const oldest = Math.min(this.#current, ...this.#next.values());
    for (const [n, { result }] of this.#history) {
      if (n >= oldest) break;
      this.#history.delete(n);
      this.#keptBytes -= costOf(result);
    }
  }

  /** Whoever votes with its peers and asks for nothing here would have all kept for ever. */
  #farBehind(): SlotDecision[] {
    if (this.#keptBytes <= KEPT_BYTES_MAX) return [];
    const oldest = Math.min(...this.#next.values());
    return [...this.#next]
      .filter(([, next]) => next === oldest)
      .map(([replica, n]) => ({ type: 'behind', replica, n }));
  }
}

function costOf({ bytes }: SlotResult): number {
  return SLOT_COST_BYTES + bytes.length;
}
