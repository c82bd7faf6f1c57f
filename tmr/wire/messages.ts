/**
 * What tracers say to the monitor and what it answers; tracer-to-tracer messages are core's
 * `PeerMessage`. Control bodies that no loop depends on travel as JSON in one opaque item.
 */
import type { Mechanism, PeerMessage, ReplicaId } from '../core/types.ts';
import type { FileDigest } from './file-digest.ts';

/** A place to dial. */
export interface Address {
  host: string;
  port: number;
}

/** From a session process to the monitor. */
export type ToMonitor =
  /** First after HELLO: where peers may dial this tracer. */
  | { type: 'ready'; pid: number; address: Address }
  /**
   * The replica stands at its exec stop, and goes on at `go`. `files` are the program and its
   * libraries, which have to be the same at all replicas (R0).
   */
  | { type: 'started'; replicaPid: number; files: FileDigest[] }
  /**
   * Slot n of the one sequence over standard streams and exit (R13). Every slot gets one
   * `slot-reply`, the same for all replicas.
   */
  | { type: 'slot'; n: number; op: SlotOp }
  | {
      type: 'flag';
      accused: ReplicaId;
      stream: number;
      k: number;
      mechanism: Mechanism;
      tFirstSuspicionNs: number;
      tSecondArrivalNs: number;
    }
  | { type: 'fenced'; reason: string }
  /** The replica ended without a rendezvous (R16). */
  | { type: 'down'; reason: string }
  | { type: 'lost'; party: 'nfs' }
  | { type: 'stopped'; reason: string }
  /** A call or path that was refused: `what` is the name of the call or the path. */
  | { type: 'refused'; kind: 'call' | 'path'; what: string; errno: string; fatal: boolean }
  /** Last words: what the report needs. */
  | { type: 'statistics'; json: SessionStatistics }
  | { type: 'progress'; rendezvous: number; members: number }
  /**
   * Answer to `signal`: what the replica would do with it now. On two `default` the monitor ends
   * the session at once (R18); otherwise the program gets it at an agreed rendezvous.
   */
  | { type: 'disposition'; signal: number; kind: 'default' | 'ignored' | 'caught' }
  | { type: 'ping' };

/** Per-tracer figures at the end of a session. */
export interface SessionStatistics {
  rendezvous: number;
  /** Largest time from second to third arrival, and longest time without a call (protocol.md 1). */
  skewMaxNs: number;
  burstMaxNs: number;
  linkSuspects: { from: ReplicaId; to: ReplicaId; count: number }[];
  /** Rendezvous a name, for the report. */
  calls: Record<string, number>;
  /** True where rdtsc was trapped throughout. */
  tsc: 'trap' | 'native';
  placement: string;
  /** Largest single pause of the tracer itself between a stop and its vote, ns. */
  tracerPauseMaxNs: number;
}

/** A request that needs two equal digests before it has effect (R13). */
export type SlotOp =
  /** Bytes for descriptor 1 or 2. Result: bytes written or -errno. */
  | { type: 'output'; fd: number; bytes: Buffer }
  /**
   * At most `count` bytes of descriptor fd (0, or any standard stream opened for reading).
   * `offset` -1: read(2), from where the descriptor stands at the monitor, and moves it; otherwise
   * pread(2) at that offset.
   */
  | { type: 'input'; fd: number; count: number; offset: number }
  /** lseek(2) on the monitor's descriptor. Result: the new offset or -errno. */
  | { type: 'seek'; fd: number; offset: number; whence: number }
  /** ftruncate, fsync and the like on a standard stream that is a file. */
  | { type: 'truncate'; fd: number; length: number }
  | { type: 'sync'; fd: number }
  /** The end of the replica: exit status, or the signal that ends it. */
  | { type: 'exit'; kind: 'status' | 'signal'; value: number }
  /** The session cannot go on for a reason of the program's (a refused call): voted like output. */
  | { type: 'abort'; reason: string };

/** From the monitor to a session process. */
export type FromMonitor =
  /** All tracers are ready: whom to dial (i < j dials j) and whom to expect. */
  | { type: 'peers'; peers: { replica: ReplicaId; address: Address }[] }
  /** All replicas stand at their exec stop with the same bytes: run (R0). */
  | { type: 'go' }
  /** Result of slot n: a count or -errno, and for `input` the bytes. */
  | { type: 'slot-reply'; n: number; result: number; bytes: Buffer }
  /** SIGINT, SIGTERM or SIGHUP from the user: mark the next vote (R18). */
  | { type: 'signal'; signal: number }
  | { type: 'suspend' }
  | { type: 'resume' }
  /** Somebody was flagged by two notices: for the record. */
  | { type: 'flagged'; accused: ReplicaId }
  /** The session is over: kill the replica and leave. */
  | { type: 'end'; reason: string }
  | { type: 'pong' };

export type { PeerMessage };
