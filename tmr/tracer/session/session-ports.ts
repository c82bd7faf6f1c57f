/**
 * What fault injection may wrap (DESIGN.md 7): the edges of a session process. A decorator
 * overrides some of these methods and calls the inner ones. Core, detectors and reports see neither
 * the decorator nor its log; without `--interpose` these are the plain functions.
 */
import type { PeerMessage, ReplicaId } from '../../core/types.ts';
import type { ToMonitor } from '../../wire/messages.ts';
import type { SessionPlan } from '../../wire/session-plan.ts';

/** The trusted parties. */
export type Service = 'nfs' | 'monitor';

export interface SessionPorts {
  /**
   * Before the own vote of rendezvous k is made: the replica `pid` stands at its stop. Return false
   * to leave the trace (the vote is still made).
   */
  atRendezvous(k: number, call: number, pid: number): void;
  /** The own vote of rendezvous k is sent; nothing has been waited for. */
  afterVote(k: number, call: number, pid: number): void;
  /** After rendezvous k was decided, before its call takes effect. */
  afterDecision(k: number, call: number, pid: number): void;
  /** A message to a peer, before it is encoded and checksummed. */
  sendToPeer(peer: ReplicaId, message: PeerMessage): void;
  /** The encoded frame, checksum included, as it goes onto the link. */
  sendBytesToPeer(peer: ReplicaId, frame: Buffer): void;
  /** A message of a peer, its checksum found right, before the core gets it. */
  receiveFromPeer(peer: ReplicaId, message: PeerMessage): void;
  /** A notice to the NFS server (FLAG). */
  noticeToServer(accused: ReplicaId, stream: number, k: number, mechanism: string): void;
  /** A numbered call to the NFS server, as it goes onto the connection, record mark included. */
  sendBytesToServer(record: Buffer): void;
  /** Any message to the monitor: slots, flags, pings. */
  sendToMonitor(message: ToMonitor): void;
  /** Ends the connection to a peer. */
  closePeer(peer: ReplicaId): void;
  /** Ends the connection to a trusted party. */
  closeService(service: Service): void;
  /** Lets time pass as while the replica computes: asks, views and pings are answered. */
  wait(durationNs: number): void;
  /** CLOCK_MONOTONIC in ns, as voted. */
  nowNs(): number;
}

/** What an interposing module exports as `interpose`. */
export type Interpose = (
  ports: SessionPorts,
  context: { plan: SessionPlan; options: unknown; monotonicNs: () => number },
) => SessionPorts;
