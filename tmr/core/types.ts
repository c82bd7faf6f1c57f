/**
 * The vocabulary of the protocol core: votes, messages, events and effects.
 *
 * Words and rules: research/protocol.md (R0-R19). Nothing here knows sockets, clocks or processes:
 * times are numbers of nanoseconds on one monotonic clock, passed in by the caller.
 */

/** 1-based number of a replica and of the tracer that holds it. */
export type ReplicaId = number;

/** How a fault was noticed; the values of the `mechanism` column and of the report. */
export type Mechanism =
  | 'signature'
  | 'call-number'
  | 'time-out'
  | 'connection-closed'
  | 'replica-dead'
  | 'file-digest'
  | 'output-digest';

export type Policy = 'agreed' | 'paper';
/** Which arrival starts the time-out (R2); `first` and `own` are other readings of the paper. */
export type TimeoutFrom = 'quorum' | 'first' | 'own';
/** `any`: a closed link or a dead replica is acted on at once. `timeout-only`: the paper's behaviour. */
export type Detect = 'any' | 'timeout-only';

/** What differs by nature between replicas and is agreed, never compared (R8). */
export interface VoteInputs {
  /** Nanoseconds since the session's clock base on the voter's own monotonic clock. */
  elapsedNs: number;
  /**
   * Bit s-1 set: signal s was announced to the voter more often than agreed inputs delivered it
   * (R18). A mark stays in every vote until its signal is delivered, since two must meet in one
   * rendezvous.
   */
  marks: number;
}

/** One replica's word at rendezvous k of a stream. Equal: same stream, k, call and signature. */
export interface Vote {
  stream: number;
  /** Rendezvous number, from 0 (the exec stop). */
  k: number;
  /** System call number; negative for what is no system call (see `pseudoCall`). */
  call: number;
  /** The 64-bit signature as two unsigned 32-bit halves. */
  sigHi: number;
  sigLo: number;
  inputs: VoteInputs;
  /**
   * Bit r-1 set: the voter had r's vote for k-1 over the direct link (R4, end of relay mode). The
   * core sets it in the own vote; what `own-vote` carries is ignored.
   */
  direct: number;
  /** Shows that the voter cast it (`seal.ts`), below 2^50. The core sets that of the own vote. */
  seal: number;
}

/** Rendezvous that are no system call. */
export const pseudoCall = {
  /** A fatal signal at its delivery stop (R16); the signature covers the signal. */
  signal: -1,
  /** A trapped rdtsc or rdtscp. */
  tsc: -2,
  /** The exec stop, rendezvous 0 (R0). */
  exec: -3,
} as const;

/** A peer's entry in a table, as it is told to others. */
export type EntryState = 'open' | 'vote' | 'missing' | 'down';
export interface ViewEntry {
  replica: ReplicaId;
  state: EntryState;
  /** Present when state is `vote`. */
  vote?: Vote;
}

/** Messages between tracers (protocol.md 2). */
export type PeerMessage =
  | { type: 'vote'; vote: Vote }
  | { type: 'relay'; origin: ReplicaId; vote: Vote }
  | { type: 'view'; stream: number; k: number; entries: ViewEntry[] }
  /** Bit r-1 of `missing` set: the sender lacks r's vote for k. */
  | { type: 'ask'; stream: number; k: number; missing: number }
  | { type: 'down'; reason: string }
  | { type: 'done' }
  | { type: 'ping' }
  | { type: 'pong' };

/** What happens to a tracer's core. Deliver every message that has arrived before a `timer`. */
export type CoreEvent =
  /** The own replica reached its next rendezvous. */
  | { type: 'own-vote'; vote: Vote }
  | { type: 'message'; from: ReplicaId; message: PeerMessage }
  /** The connection to a peer ended. */
  | { type: 'link-closed'; peer: ReplicaId }
  /** The own replica ended without a rendezvous (R16: SIGKILL, OOM). */
  | { type: 'replica-dead'; reason: string }
  /** The last rendezvous is done, output and exit status are out (R10). */
  | { type: 'end' }
  /** Time may have passed a deadline. */
  | { type: 'timer' }
  /** Ctrl-Z and fg (R18): timers stop, and restart from zero. */
  | { type: 'suspend' }
  | { type: 'resume' };

/** Agreed inputs of a rendezvous, the same in all members (R8). */
export interface AgreedInputs {
  /** Median (of two: the smaller) of the members' elapsed times, never before the last agreed one. */
  elapsedNs: number;
  /** Signals that at least two members marked (one replica: one). */
  marks: number;
}

/** What the caller must do, in order. */
export type CoreEffect =
  | { type: 'send'; to: ReplicaId; message: PeerMessage }
  /** Rendezvous k is closed without a reason to stop: the call may take effect. */
  | { type: 'go-on'; k: number; inputs: AgreedInputs; members: readonly ReplicaId[] }
  /** Tell NFS server and monitor (R6). A `close-link` to the accused follows (R14). */
  | {
      type: 'flag';
      accused: ReplicaId;
      stream: number;
      k: number;
      mechanism: Mechanism;
      tFirstSuspicionNs: number;
      /** NaN when there was no second arrival. */
      tSecondArrivalNs: number;
    }
  | { type: 'close-link'; peer: ReplicaId }
  /** Kill the replica, say FENCED(reason) to the monitor, close everything (R11). */
  | { type: 'fence'; reason: string }
  /**
   * The session ends safely: no agreement of two members (R6), or not started (R0; the reason then
   * begins with `start: `). A member of three never says it after the start.
   */
  | { type: 'stop'; reason: string }
  /**
   * A vote that came only by a detour, or one that was vouched for (R4, R6); told when k+1 is closed
   * or the session ends, since until then the peer's own message may only be slower than the relay.
   */
  | { type: 'link-suspect'; peer: ReplicaId; k: number }
  /** R10 is over: nobody needs this tracer any more. */
  | { type: 'ended' };

/** What a tracer seals its votes with, and looks at those of others with (`seal.ts`). */
export interface SealKeys {
  /** Two primes that nobody else knows. */
  own: readonly [number, number];
  /** By replica - 1: the product of its two primes. */
  moduli: readonly number[];
}

export interface CoreOptions {
  self: ReplicaId;
  /** Number of replicas, 1 to 7; 3 is the system. */
  replicas: number;
  policy: Policy;
  timeoutFrom: TimeoutFrom;
  detect: Detect;
  /** T (protocol.md 1). */
  timeoutNs: number;
  /** d: message delay plus handling between healthy parties, the tick included. */
  linkDelayNs: number;
  /** How late a healthy tracer may look at its timers. */
  tickNs: number;
  /** Q: when missing votes are asked for; T/4 unless set. */
  askDelayNs: number;
  /** R0: bound on rendezvous 0, where T does not run. */
  startTimeoutNs: number;
  sealKeys: SealKeys;
}

/**
 * The protocol core of one tracer. The same object runs in the real tracer and in the simulator.
 * The array returned by `handle` and what it holds (votes, inputs) are reused: encode or copy
 * before the next call. Votes handed in are copied. After `fence`, `stop` or `ended` every further
 * event is ignored.
 */
export interface ProtocolCore {
  handle(event: CoreEvent, nowNs: number): readonly CoreEffect[];
  /** When `timer` is next due; Infinity when nothing runs. May lie in the past: hand in `timer`. */
  nextDeadlineNs(): number;
}
