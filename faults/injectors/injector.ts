/** What injectors share: the ports they wrap, the log they write, and how a fault strikes once. */
import type { Sealer } from '../../tmr/core/seal.ts';
import type { Vote } from '../../tmr/core/types.ts';
import { cloneVote } from '../../tmr/core/vote.ts';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import type { FaultEvent, WriteEvent } from '../event-log.ts';
import { identifyProcess } from '../process-state.ts';
import type { Phase } from '../kinds/phase.ts';
import type { Struck } from '../kinds/trigger.ts';

export interface InjectorContext {
  /** The replica of this session process. */
  replica: number;
  /** Its peers. */
  peers: readonly number[];
  /** Of this tracer: what a faulty tracer says itself carries its seal (R1, R4). */
  sealer: Sealer;
  /** The table of moduli that the core of this tracer looks seals up in: its own, and may be spoilt. */
  moduli: number[];
  /** Which fault of the trial, from 0. */
  fault: number;
  write: WriteEvent;
  /** CLOCK_MONOTONIC, ns. */
  monotonicNs: () => number;
}

/** Wraps the ports so that one fault strikes; only in the session process that it is meant for. */
export type Injector<Fault> = (
  ports: SessionPorts,
  fault: Fault,
  context: InjectorContext,
) => SessionPorts;

type Stamped<Event> = Event extends unknown ? Omit<Event, 'replica' | 'tNs' | 'fault'> : never;

/** Logs an event with this process's replica and the time of the call. */
export function log(
  context: InjectorContext,
  event: Stamped<Extract<FaultEvent, { fault: number }>>,
): void {
  const tNs = context.monotonicNs();
  context.write({ ...event, replica: context.replica, fault: context.fault, tNs });
}

/**
 * An act that needs no reading back beyond having been done: injected, effective, activated. Whoever is
 * flagged for it may be killed before it has said so: the harness looks for that.
 */
export function strike(context: InjectorContext, k: number, detail: string, act: () => void): void {
  const victim = identifyProcess(process.pid);
  log(context, { type: 'injected', k, ...(victim && { victim }) });
  act();
  log(context, { type: 'effective', k, effective: true, detail });
  log(context, { type: 'activated', k });
}

export interface Place {
  at: Struck;
  phase: Phase;
  /** With phase `dispute`: whom the wrong vote goes to that provokes it; all peers unless given. */
  to?: number;
}

/** Runs `act` once, in the given phase of the given rendezvous. */
export function strikeOnce(
  ports: SessionPorts,
  { at, phase, to }: Place,
  context: InjectorContext,
  act: (k: number, pid: number) => void,
): SessionPorts {
  let done = false;
  const actOnce = (k: number, pid: number): void => {
    if (k !== at.k || done) return;
    done = true;
    act(k, pid);
  };
  switch (phase) {
    case 'before-vote':
      return {
        ...ports,
        atRendezvous(k, call, pid) {
          actOnce(k, pid);
          ports.atRendezvous(k, call, pid);
        },
      };
    case 'after-vote':
      return {
        ...ports,
        afterVote(k, call, pid) {
          actOnce(k, pid);
          ports.afterVote(k, call, pid);
        },
      };
    case 'before-effect':
      return {
        ...ports,
        afterDecision(k, call, pid) {
          actOnce(k, pid);
          ports.afterDecision(k, call, pid);
        },
      };
    case 'dispute':
      return inDispute(ports, { at, ...(to !== undefined && { to }) }, context, actOnce);
  }
}

/** A wrong vote provokes the dispute; the act comes when this tracer's view is about to go out. */
function inDispute(
  ports: SessionPorts,
  { at, to }: Omit<Place, 'phase'>,
  context: InjectorContext,
  act: (k: number, pid: number) => void,
): SessionPorts {
  let replicaPid = 0;
  let provoked = false;
  return {
    ...ports,
    atRendezvous(k, call, pid) {
      replicaPid = pid;
      ports.atRendezvous(k, call, pid);
    },
    sendToPeer(peer, message) {
      if (message.type === 'vote' && message.vote.k === at.k && (to ?? peer) === peer) {
        const wrong = {
          type: 'vote',
          vote: resealed(flipSignature(message.vote, 0), context),
        } as const;
        if (provoked) ports.sendToPeer(peer, wrong);
        else strike(context, at.k, 'a dispute is provoked', () => ports.sendToPeer(peer, wrong));
        provoked = true;
        return;
      }
      if (message.type === 'view' && message.k === at.k) act(at.k, replicaPid);
      ports.sendToPeer(peer, message);
    },
  };
}

/** A copy with bit 0-63 of the signature inverted; bit 0 is the least significant of `sigLo`. */
export function flipSignature(vote: Vote, bit: number): Vote {
  const flipped = cloneVote(vote);
  if (bit < 32) flipped.sigLo = (vote.sigLo ^ (1 << bit)) >>> 0;
  else flipped.sigHi = (vote.sigHi ^ (1 << (bit - 32))) >>> 0;
  return flipped;
}

/** The same vote, sealed by this tracer as it is now. */
export function resealed(vote: Vote, { sealer }: InjectorContext): Vote {
  vote.seal = sealer.sealOf(vote);
  return vote;
}

export function signatureText({ sigHi, sigLo }: Vote): string {
  return [sigHi, sigLo].map((half) => half.toString(16).padStart(8, '0')).join('');
}
