/** What a session on the monitor's side is given, and what it keeps of each replica. */
import type { Policy, ReplicaId } from '../core/types.ts';
import type { FileDigest } from '../wire/file-digest.ts';
import type { Address, FromMonitor, SlotOp } from '../wire/messages.ts';
import type { SlotResult } from './slots.ts';

/** Slots that the standard streams carry out. */
export type StreamOp = Exclude<SlotOp, { type: 'exit' } | { type: 'abort' }>;

/** A connection to a session process, after HELLO. */
export interface ReplicaLink {
  send(message: FromMonitor): void;
  /** Sends what is under way, then ends the connection. */
  close(): void;
}

export interface SessionOutside {
  /** CLOCK_MONOTONIC. */
  nowNs(): number;
  /** Carries a slot out on the real descriptors. Never rejects: errors are -errno. */
  perform(op: StreamOp): Promise<SlotResult>;
  /** Calls `then` after `ms`; returns how to call it off. */
  after(ms: number, then: () => void): () => void;
  /** Asks the daemon of a replica to end its session process. */
  stopReplica(replica: ReplicaId): void;
  /** Where `from` is to dial `to`. */
  route(from: ReplicaId, to: ReplicaId, own: Address): Address;
  /** One line of ours on stderr, without prefix. */
  say(line: string): void;
  /** Something that `tmr status` shows has changed. */
  changed(): void;
}

export interface SessionOptions {
  replicas: number;
  policy: Policy;
  startTimeoutMs: number;
  /** How long stragglers may take after the exit status is out: T + 2d (R10), and some. */
  lingerMs: number;
  /** How long to wait for a word about a signal's disposition before taking it for the default. */
  signalGraceMs: number;
}

export type ReplicaState = 'starting' | 'member' | 'flagged' | 'fenced' | 'gone';

export interface ReplicaRecord {
  replica: ReplicaId;
  state: ReplicaState;
  link: ReplicaLink | undefined;
  /** Its connection has not ended, whatever we think of it. */
  connected: boolean;
  pid: number;
  replicaPid: number;
  address: Address | undefined;
  /** Its program and libraries. */
  files: readonly FileDigest[];
  /** Why it is no member any more. */
  reason: string;
}
