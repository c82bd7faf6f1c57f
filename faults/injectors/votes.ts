/** Wrong votes of one tracer: each with a checksum and a seal that fit, so that peers take them for its word. */
import type { PeerMessage, Vote } from '../../tmr/core/types.ts';
import { cloneVote } from '../../tmr/core/vote.ts';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import { identifyProcess } from '../process-state.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import {
  flipSignature,
  log,
  resealed,
  signatureText,
  strike,
  type Injector,
  type InjectorContext,
} from './injector.ts';

/** All copies of a vote are wrong alike, in a copy of the message: the core's own stays as it is. */
export const signatureBitFlip: Injector<ResolvedFaultOf<'signature-bit-flip'>> = (
  ports,
  { at, bit, votes },
  context,
) =>
  replaceVotes(ports, context, (_peer, vote) => {
    const strikes = votes === 'all' ? vote.k >= at.k : vote.k === at.k;
    return strikes ? resealed(flipSignature(vote, bit), context) : undefined;
  });

/** The peer `to` alone gets a wrong vote. */
export const twoFacedVote: Injector<ResolvedFaultOf<'two-faced-vote'>> = (
  ports,
  { at, bit, to },
  context,
) =>
  replaceVotes(ports, context, (peer, vote) =>
    vote.k === at.k && peer === to ? resealed(flipSignature(vote, bit), context) : undefined,
  );

/** The own core votes with the wrong reading too: only the clock is at fault. */
export const clockError: Injector<ResolvedFaultOf<'clock-error'>> = (
  ports,
  { at, offset },
  context,
) => {
  let k = -1;
  let done = false;
  return {
    ...ports,
    atRendezvous(rendezvous, call, pid) {
      k = rendezvous;
      ports.atRendezvous(rendezvous, call, pid);
    },
    nowNs() {
      const nowNs = ports.nowNs();
      if (k !== at.k) return nowNs;
      if (!done) {
        done = true;
        strike(context, k, `the clock is off by ${offset} ms`, () => {});
      }
      return nowNs + Math.round(offset * 1e6);
    },
  };
};

/** Call and signature that no program makes. */
const WRONG_CALL = 0xff00;

/** The wrong vote comes as soon as the rendezvous before is decided; the true one is then a second one. */
export const earlyVote: Injector<ResolvedFaultOf<'early-vote'>> = (ports, { at }, context) =>
  rememberingVotes(ports, (last) => ({
    afterDecision(k, call, pid) {
      const own = last();
      if (k === at.k - 1 && own !== undefined) {
        const vote = resealed({ ...own, k: at.k, call: WRONG_CALL }, context);
        strike(context, at.k, `call ${WRONG_CALL} was voted early`, () => {
          for (const peer of context.peers) ports.sendToPeer(peer, { type: 'vote', vote });
        });
      }
      ports.afterDecision(k, call, pid);
    },
  }));

/** So long the vote that is made up for itself may still come from its origin, ns. */
const FORGER_PATIENCE_NS = 5e6;
const FORGER_STEP_NS = 1e5;

/**
 * The third gets the forgery under the only seal that the forger has, its own. It believes that one itself,
 * or else it would wait for the origin and could do no harm.
 */
export const forgedRelay: Injector<ResolvedFaultOf<'forged-relay'>> = (
  ports,
  { at, of },
  context,
) => {
  let struck = false;
  /** The newest rendezvous of which `of` itself has cast a vote. */
  let cast = -1;
  const third = context.peers.find((peer) => peer !== of);
  return rememberingVotes(ports, (last) => ({
    receiveFromPeer(from, message) {
      if (from === of && message.type === 'vote') cast = Math.max(cast, message.vote.k);
      ports.receiveFromPeer(from, message);
    },
    afterVote(k, call, pid) {
      const own = last();
      if (k >= at.k && own !== undefined && third !== undefined) {
        const tell = (): void =>
          ports.sendToPeer(third, { type: 'relay', origin: of, vote: cloneVote(own) });
        if (struck) tell();
        else strike(context, k, `votes of replica ${of} are made up from here on`, tell);
        struck = true;
        const hasCast = (): boolean => cast >= k;
        if (!cameWithin(FORGER_PATIENCE_NS, hasCast, ports)) {
          const vote = cloneVote(own);
          believing(of, context, () =>
            ports.receiveFromPeer(third, { type: 'relay', origin: of, vote }),
          );
        }
      }
      ports.afterVote(k, call, pid);
    },
  }));
};

/** While `happen` runs, the own core takes this tracer's seal for that of `origin`. */
function believing(origin: number, { moduli, replica }: InjectorContext, happen: () => void): void {
  const right = moduli[origin - 1] ?? 0;
  moduli[origin - 1] = moduli[replica - 1] ?? 0;
  happen();
  moduli[origin - 1] = right;
}

function cameWithin(patienceNs: number, has: () => boolean, ports: SessionPorts): boolean {
  for (let ns = 0; ns < patienceNs && !has(); ns += FORGER_STEP_NS) ports.wait(FORGER_STEP_NS);
  return has();
}

/** Its own core goes on with its good votes. */
export const wrongSeal: Injector<ResolvedFaultOf<'wrong-seal'>> = (
  ports,
  { at, to, other },
  context,
) => {
  let struck = false;
  const act = (k: number, send: () => void): void => {
    if (struck) send();
    else strike(context, k, `votes to replica ${to} are badly sealed, others ${other}`, send);
    struck = true;
  };
  return {
    ...ports,
    sendToPeer(peer, message) {
      const vote = ownVoteIn(message, context.replica);
      const how = peer === to ? 'badly-sealed' : other;
      if (vote === undefined || vote.k < at.k) {
        ports.sendToPeer(peer, message);
        return;
      }
      act(vote.k, () => {
        if (how === 'good') ports.sendToPeer(peer, message);
        if (how === 'badly-sealed') ports.sendToPeer(peer, withOwnVote(message, badlySealed(vote)));
      });
    },
  };
};

/** Cast, or said again to one that asked. */
function ownVoteIn(message: PeerMessage, self: number): Vote | undefined {
  if (message.type === 'vote') return message.vote;
  return message.type === 'relay' && message.origin === self ? message.vote : undefined;
}

function withOwnVote(message: PeerMessage, vote: Vote): PeerMessage {
  return message.type === 'relay' ? { ...message, vote } : { type: 'vote', vote };
}

function badlySealed(vote: Vote): Vote {
  const changed = cloneVote(vote);
  changed.seal += 1;
  return changed;
}

/** So many rendezvous are voted at once. */
const ROGUE_VOTES = 64;
/** It hears nobody, and waits to be ended from outside. */
const ROGUE_MS = 60_000;

export const rogueTracer: Injector<ResolvedFaultOf<'rogue-tracer'>> = (ports, { at }, context) =>
  rememberingVotes(ports, (last) => ({
    atRendezvous(k, call, pid) {
      const own = last();
      if (k === at.k && own !== undefined) {
        strike(context, k, `${ROGUE_VOTES} wrong votes, views and notices`, () =>
          raiseHavoc(ports, k, own, context),
        );
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ROGUE_MS);
      }
      ports.atRendezvous(k, call, pid);
    },
  }));

/** `last` gives a copy of the last own vote, as a template for one that nobody made. */
function rememberingVotes(
  ports: SessionPorts,
  wrap: (last: () => Vote | undefined) => Partial<SessionPorts>,
): SessionPorts {
  let last: Vote | undefined;
  return {
    ...ports,
    sendToPeer(peer, message) {
      if (message.type === 'vote') last = cloneVote(message.vote);
      ports.sendToPeer(peer, message);
    },
    ...wrap(() => last),
  };
}

function raiseHavoc(
  ports: SessionPorts,
  k: number,
  template: Vote,
  context: InjectorContext,
): void {
  for (let ahead = 0; ahead < ROGUE_VOTES; ahead++) {
    const vote = resealed({ ...template, k: k + ahead, call: WRONG_CALL }, context);
    for (const peer of context.peers) ports.sendToPeer(peer, { type: 'vote', vote });
  }
  const { stream } = template;
  for (const accused of context.peers) {
    const notice = { accused, stream, k, mechanism: 'signature' } as const;
    const tNs = context.monotonicNs();
    ports.noticeToServer(accused, stream, k, notice.mechanism);
    ports.sendToMonitor({ type: 'flag', ...notice, tFirstSuspicionNs: tNs, tSecondArrivalNs: tNs });
    const entries = context.peers.map((replica) => ({ replica, state: 'missing' }) as const);
    ports.sendToPeer(accused, { type: 'view', stream, k, entries });
  }
}

/** Sends another vote in the place of those for which `wrong` gives one. The first is logged. */
function replaceVotes(
  ports: SessionPorts,
  context: InjectorContext,
  wrong: (peer: number, vote: Vote) => Vote | undefined,
): SessionPorts {
  let first = true;
  /** One message to several peers stays one message: the voter encodes it once. */
  let replaced: { of: Vote; k: number; message: PeerMessage } | undefined;
  return {
    ...ports,
    sendToPeer(peer, message) {
      const flipped = message.type === 'vote' ? wrong(peer, message.vote) : undefined;
      if (message.type !== 'vote' || flipped === undefined) {
        ports.sendToPeer(peer, message);
        return;
      }
      const { vote } = message;
      if (replaced?.of !== vote || replaced.k !== vote.k) {
        replaced = { of: vote, k: vote.k, message: { type: 'vote', vote: flipped } };
      }
      if (!first) {
        ports.sendToPeer(peer, replaced.message);
        return;
      }
      first = false;
      const victim = identifyProcess(process.pid);
      log(context, { type: 'injected', k: vote.k, ...(victim && { victim }) });
      const effective = bitsThatDiffer(vote, flipped) === 1;
      const detail = `${signatureText(vote)} became ${signatureText(flipped)}`;
      log(context, { type: 'effective', k: vote.k, effective, detail });
      ports.sendToPeer(peer, replaced.message);
      log(context, { type: 'activated', k: vote.k });
    },
  };
}

/** Of the signature; votes that differ elsewhere count as 64. */
export function bitsThatDiffer(vote: Vote, other: Vote): number {
  const same = other.k === vote.k && other.call === vote.call && other.stream === vote.stream;
  return same ? ones(vote.sigHi ^ other.sigHi) + ones(vote.sigLo ^ other.sigLo) : 64;
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}
