/**
 * One slot for each call of a stream (protocol.md R12): the digests of the replicas, one execution,
 * one reply. The slot is also the duplicate request cache of the bound connections. Sans-IO: a
 * request brings what runs it and what answers it.
 */
import type { Policy, ReplicaId } from '../../core/types.ts';

export interface SlotRequest {
  replica: ReplicaId;
  stream: number;
  /** From 1 in each stream. */
  counter: number;
  /** Of procedure and arguments as received; base of all comparison. */
  digest: Buffer;
  mutating: boolean;
  /** Runs the call and gives the reply's record. Called at most once for a mutating call. */
  execute: () => Buffer;
  answer: (record: Buffer) => void;
  /** A retransmission took its place: it is not answered. */
  superseded: () => void;
}

export interface SlotTableOptions {
  /** Streams of a replica, numbered from 0. */
  streams: number;
  /** Replicas that the session was started with. */
  started: number;
  policy: Policy;
  /** Started, not flagged. */
  isUnflagged: (replica: ReplicaId) => boolean;
  /** A replica's request differs from the one executed for all. */
  onDigestFault: (replica: ReplicaId, stream: number, counter: number) => void;
  /** All have sent and no two are equal. */
  onNoQuorum: (stream: number, counter: number) => void;
  /** Runs it after the time that stragglers have to catch up. */
  later: (run: () => void) => void;
}

/** Calls by which one replica may be ahead of the slowest one that others wait for. */
export const WINDOW = 1024;
/** Bytes of replies by which it may be ahead: those of 1024 large reads would be a GiB. */
const WINDOW_BYTES = 64 * 1024 * 1024;
/**
 * Calls by which one replica may be ahead of what is agreed. A tracer has one call under way, so it is
 * one ahead at most; what is beyond is never run and must not be kept, at up to a MiB each.
 */
export const AHEAD_MAX = 8;
/** Slots kept behind the slowest replica, or behind the window, for retransmissions. */
const KEPT_BEHIND = 4;

interface Arrival {
  request: SlotRequest;
  /** The request or its last retransmission, until it is answered. */
  waiting: SlotRequest | undefined;
}

interface Slot {
  counter: number;
  /** The first request of each replica; a retransmission with another digest changes nothing. */
  arrivals: Map<ReplicaId, Arrival>;
  /** What ran last. A non-mutating call may run again for a majority that asked for another one. */
  executed: { digest: Buffer; record: Buffer } | undefined;
  /** Enough equal digests, and their call has run: its reply is everybody's. */
  settled: boolean;
}

interface Stream {
  id: number;
  slots: Map<number, Slot>;
  /** The lowest slot that is not settled. Nothing after it runs. */
  next: number;
  /** The lowest slot that is kept. */
  oldest: number;
  /** The highest counter that each replica sent. */
  sent: Map<ReplicaId, number>;
  /** The lowest call in the window, which ends before `next`. */
  reach: number;
  /** Of the replies in the window. */
  bytes: number;
  /** The window holds a call up, and those behind have time to catch up. */
  holding: boolean;
}

export class SlotTable {
  readonly #options: SlotTableOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #left = new Set<ReplicaId>();
  /** Of each replica that has come: whether it still has a connection, or is gone. */
  readonly #connected = new Map<ReplicaId, boolean>();
  /** Did not catch up in time. For good: a faulty one would else hold the others up again and again. */
  readonly #overtaken = new Set<ReplicaId>();
  #stopped = false;

  constructor(options: SlotTableOptions) {
    this.#options = options;
  }

  /** A request came. Returns why it has no slot and is not answered; undefined: it has one. */
  arrive(request: SlotRequest): string | undefined {
    if (this.#stopped) return undefined;
    if (request.stream >= this.#options.streams) return `there is no stream ${request.stream}`;
    const stream = this.#stream(request.stream);
    if (request.counter < stream.oldest) return 'its slot was dropped';
    if (request.counter > stream.next + AHEAD_MAX) return `it is ahead of call ${stream.next}`;
    const slot = slotAt(stream, request.counter);
    stream.sent.set(request.replica, Math.max(sentBy(stream, request.replica), request.counter));
    const known = slot.arrivals.get(request.replica);
    if (known === undefined) {
      slot.arrivals.set(request.replica, { request, waiting: request });
      if (slot.settled) this.#noteFault(stream, slot, request);
    } else {
      known.waiting?.superseded();
      known.waiting = request;
    }
    if (slot.settled) this.#answerAll(slot);
    else if (known !== undefined) this.#answerEqual(slot, known);
    this.#advance(stream);
    return undefined;
  }

  /** A replica was flagged: its digests no longer count. */
  flagged(): void {
    for (const stream of this.#streams.values()) this.#advance(stream);
  }

  /** A replica said goodbye: nobody waits for its requests. */
  left(replica: ReplicaId): void {
    this.#left.add(replica);
    this.flagged();
  }

  connected(replica: ReplicaId): void {
    this.#connected.set(replica, true);
  }

  /** A replica without a connection holds nobody up; it may come back and catch up. */
  disconnected(replica: ReplicaId): void {
    this.#connected.set(replica, false);
    this.flagged();
  }

  /** The session is over: nothing runs or is answered any more. */
  stop(): void {
    this.#stopped = true;
    this.#streams.clear();
  }

  get quorum(): number {
    return Math.floor(this.#options.started / 2) + 1;
  }

  #stream(id: number): Stream {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = {
        id,
        slots: new Map(),
        next: 1,
        oldest: 1,
        sent: new Map(),
        reach: 1 - WINDOW,
        bytes: 0,
        holding: false,
      };
      this.#streams.set(id, stream);
    }
    return stream;
  }

  /** Settles slots in order as far as digests allow. */
  #advance(stream: Stream): void {
    for (;;) {
      if (this.#stopped) return;
      const slot = stream.slots.get(stream.next);
      if (slot === undefined || !this.#try(stream, slot)) break;
      stream.next++;
      slide(stream, slot);
    }
    this.#forget(stream);
  }

  /** Runs what may run in the first slot that is not settled; true when it is settled now. */
  #try(stream: Stream, slot: Slot): boolean {
    if (this.#slowest(stream) < stream.reach) {
      this.#hold(stream);
      return false;
    }
    const agreed = this.#agreed(slot);
    if (agreed !== undefined) {
      this.#execute(slot, agreed);
      slot.settled = true;
      for (const each of slot.arrivals.values()) this.#noteFault(stream, slot, each.request);
      this.#answerAll(slot);
      return true;
    }
    const counting = [...slot.arrivals.values()].filter((each) => this.#counts(each.request));
    if (this.#hopeless(slot, counting)) {
      this.#options.onNoQuorum(stream.id, slot.counter);
      return false;
    }
    const [first] = counting;
    // A read runs at its first arrival and is answered to all who asked for the same.
    if (first !== undefined && !first.request.mutating) {
      if (slot.executed === undefined) this.#execute(slot, first.request);
      this.#answerEqual(slot, first);
    }
    return false;
  }

  /** The request that a quorum of unflagged replicas sent; under `paper` the first one's. */
  #agreed(slot: Slot): SlotRequest | undefined {
    const need = this.#options.policy === 'paper' ? 1 : this.quorum;
    const counts = new Map<string, number>();
    for (const { request } of slot.arrivals.values()) {
      if (!this.#counts(request)) continue;
      const key = request.digest.toString('latin1');
      const count = (counts.get(key) ?? 0) + 1;
      if (count >= need) return request;
      counts.set(key, count);
    }
    return undefined;
  }

  /**
   * No digest can reach the quorum, whoever is still to come. A replica that lost its connection is not
   * waited for: it fences (R19), and two that differ would wait for it for ever.
   */
  #hopeless(slot: Slot, counting: Arrival[]): boolean {
    let pending = 0;
    for (let replica = 1; replica <= this.#options.started; replica++) {
      const isOut = this.#left.has(replica) || this.#connected.get(replica) === false;
      const mayCome = this.#options.isUnflagged(replica) && !isOut;
      if (mayCome && !slot.arrivals.has(replica)) pending++;
    }
    if (pending > 0 || counting.length === 0) return false;
    // `#agreed` found none, so nothing more can make two equal.
    return true;
  }

  #execute(slot: Slot, request: SlotRequest): void {
    if (slot.executed?.digest.equals(request.digest) === true) return;
    slot.executed = { digest: request.digest, record: request.execute() };
  }

  #answerAll(slot: Slot): void {
    const { executed } = slot;
    if (executed === undefined) return;
    for (const arrival of slot.arrivals.values()) {
      answer(arrival, executed.record);
      arrival.request = withoutArguments(arrival.request);
    }
  }

  /** Before the slot is settled only those get the reply who sent what was executed. */
  #answerEqual(slot: Slot, arrival: Arrival): void {
    const { executed } = slot;
    if (executed === undefined || !executed.digest.equals(arrival.request.digest)) return;
    answer(arrival, executed.record);
  }

  #noteFault(stream: Stream, slot: Slot, request: SlotRequest): void {
    if (slot.executed === undefined || slot.executed.digest.equals(request.digest)) return;
    if (!this.#counts(request)) return;
    this.#options.onDigestFault(request.replica, stream.id, slot.counter);
  }

  #counts(request: SlotRequest): boolean {
    return this.#options.isUnflagged(request.replica);
  }

  /**
   * The others have agreed on all calls before this one, so a healthy replica is making them too; one
   * that has not made them when its time is over is not waited for again.
   */
  #hold(stream: Stream): void {
    if (stream.holding) return;
    stream.holding = true;
    const agreed = stream.next - 1;
    this.#options.later(() => {
      stream.holding = false;
      for (let replica = 1; replica <= this.#options.started; replica++) {
        if (sentBy(stream, replica) < agreed) this.#overtaken.add(replica);
      }
      this.#advance(stream);
    });
  }

  /** The highest counter that all replicas that others wait for have sent or passed. */
  #slowest(stream: Stream): number {
    return this.#lowest(stream, (replica) => {
      const canCatchUp = sentBy(stream, replica) + 1 >= stream.oldest;
      return canCatchUp && this.#connected.get(replica) === true && !this.#overtaken.has(replica);
    });
  }

  /** The highest counter that all present unflagged replicas `among` those have sent or passed. */
  #lowest(stream: Stream, among: (replica: ReplicaId) => boolean): number {
    let lowest = Infinity;
    for (let replica = 1; replica <= this.#options.started; replica++) {
      if (!this.#options.isUnflagged(replica) || this.#left.has(replica)) continue;
      if (among(replica)) lowest = Math.min(lowest, sentBy(stream, replica));
    }
    return lowest;
  }

  /** Slots are kept for those that others wait for, and for who is behind as far as the window reaches. */
  #forget(stream: Stream): void {
    const inWindow = Math.min(this.#slowest(stream), stream.reach - 1);
    const behind = Math.max(
      this.#lowest(stream, () => true),
      inWindow,
    );
    const until = Math.min(behind - KEPT_BEHIND, stream.next);
    for (; stream.oldest < until; stream.oldest++) {
      while (stream.reach <= stream.oldest) shrink(stream);
      stream.slots.delete(stream.oldest);
    }
  }
}

/** The window takes in a slot that was settled, and leaves out what is too much. */
function slide(stream: Stream, settled: Slot): void {
  stream.bytes += replyBytes(settled);
  while (stream.next - stream.reach > WINDOW || stream.bytes > WINDOW_BYTES) shrink(stream);
}

function shrink(stream: Stream): void {
  stream.bytes -= replyBytes(stream.slots.get(stream.reach));
  stream.reach++;
}

function replyBytes(slot: Slot | undefined): number {
  return slot?.executed?.record.length ?? 0;
}

function answer(arrival: Arrival, record: Buffer): void {
  arrival.waiting?.answer(record);
  arrival.waiting = undefined;
}

/** What a settled slot compares; a request's functions hold its arguments, up to a MiB. */
function withoutArguments(request: SlotRequest): SlotRequest {
  const execute = () => {
    throw new Error('expected a slot that is not settled');
  };
  return { ...request, execute, answer: () => undefined, superseded: () => undefined };
}

function sentBy(stream: Stream, replica: ReplicaId): number {
  return stream.sent.get(replica) ?? 0;
}

function slotAt(stream: Stream, counter: number): Slot {
  let slot = stream.slots.get(counter);
  if (slot === undefined) {
    slot = { counter, arrivals: new Map(), executed: undefined, settled: false };
    stream.slots.set(counter, slot);
  }
  return slot;
}
