/** Faults on the way from one tracer to one other, acted at the sending end, behind its core. */
import type { PeerMessage, Vote } from '../../tmr/core/types.ts';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import { decodePeerMessage } from '../../tmr/wire/peer-codec.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import {
  flipSignature,
  log,
  signatureText,
  strike,
  strikeOnce,
  type Injector,
  type InjectorContext,
} from './injector.ts';
import { bitsThatDiffer } from './votes.ts';

type BitFlip = ResolvedFaultOf<'link-bit-flip'>;

export const linkBitFlip: Injector<BitFlip> = (ports, fault, context) =>
  fault.checksum === 'valid'
    ? flipBehindChecksum(ports, fault, context)
    : flipFrames(ports, fault, context);

/**
 * Where the signature stands in a vote's frame: behind record mark, type, stream (4 bytes each),
 * k (8) and call (4); high half first (wire/peer-codec.ts).
 */
export const SIGNATURE_OFFSET = 24;

/** A copy of a vote's frame with one bit of the signature inverted. */
export function flipFrame(frame: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(frame);
  const at = SIGNATURE_OFFSET + 7 - (bit >>> 3);
  flipped[at] = flipped[at]! ^ (1 << (bit & 7));
  return flipped;
}

/** In copies of the encoded frames: the checksum does not fit. */
function flipFrames(ports: SessionPorts, fault: BitFlip, context: InjectorContext): SessionPorts {
  const { at, bit, votes, link } = fault;
  let original: Vote | undefined;
  let first = true;
  return {
    ...ports,
    sendToPeer(peer, message) {
      const strikes =
        peer === link.to && message.type === 'vote' && isMeant(message.vote, at.k, votes);
      // The core reuses its votes, so what the frame is compared with is a copy.
      original = strikes ? { ...message.vote } : undefined;
      ports.sendToPeer(peer, message);
      original = undefined;
    },
    sendBytesToPeer(peer, frame) {
      if (original === undefined) {
        ports.sendBytesToPeer(peer, frame);
        return;
      }
      const flipped = flipFrame(frame, bit);
      if (!first) {
        ports.sendBytesToPeer(peer, flipped);
        return;
      }
      first = false;
      const { k } = original;
      log(context, { type: 'injected', k });
      const sent = decodePeerMessage(flipped.subarray(4, flipped.length - 4));
      readBack(context, original, sent.type === 'vote' ? sent.vote : undefined);
      ports.sendBytesToPeer(peer, flipped);
      log(context, { type: 'activated', k });
    },
  };
}

/** As corruption that the checksum does not see: in votes, and with `votes=all` in relays and views. */
function flipBehindChecksum(
  ports: SessionPorts,
  { at, bit, votes, link }: BitFlip,
  context: InjectorContext,
): SessionPorts {
  let first = true;
  const flip = (vote: Vote): Vote => flipSignature(vote, bit);
  const changed = (message: PeerMessage): PeerMessage | undefined => {
    if (message.type === 'vote') {
      return isMeant(message.vote, at.k, votes)
        ? { type: 'vote', vote: flip(message.vote) }
        : undefined;
    }
    if (votes === 'one') return undefined;
    if (message.type === 'relay' && message.vote.k >= at.k) {
      return { ...message, vote: flip(message.vote) };
    }
    if (message.type !== 'view' || message.k < at.k) return undefined;
    const entries = message.entries.map((entry) =>
      entry.vote === undefined ? entry : { ...entry, vote: flip(entry.vote) },
    );
    return { ...message, entries };
  };
  return {
    ...ports,
    sendToPeer(peer, message) {
      const wrong = peer === link.to ? changed(message) : undefined;
      if (wrong === undefined) {
        ports.sendToPeer(peer, message);
        return;
      }
      if (first && message.type === 'vote' && wrong.type === 'vote') {
        first = false;
        log(context, { type: 'injected', k: message.vote.k });
        readBack(context, message.vote, wrong.vote);
        ports.sendToPeer(peer, wrong);
        log(context, { type: 'activated', k: message.vote.k });
        return;
      }
      ports.sendToPeer(peer, wrong);
    },
  };
}

export const voteLoss: Injector<ResolvedFaultOf<'vote-loss'>> = (ports, { at, link }, context) => {
  let done = false;
  return {
    ...ports,
    sendToPeer(peer, message) {
      if (done || peer !== link.to || message.type !== 'vote' || message.vote.k !== at.k) {
        ports.sendToPeer(peer, message);
        return;
      }
      done = true;
      strike(context, at.k, `the vote to ${peer} was not sent`, () => {});
    },
  };
};

export const linkSilence: Injector<ResolvedFaultOf<'link-silence'>> = (
  ports,
  { at, link },
  context,
) => {
  let silent = false;
  let told = false;
  return {
    ...ports,
    atRendezvous(k, call, pid) {
      if (k >= at.k) silent = true;
      ports.atRendezvous(k, call, pid);
    },
    sendToPeer(peer, message) {
      if (!silent || peer !== link.to) {
        ports.sendToPeer(peer, message);
        return;
      }
      if (told) return;
      told = true;
      strike(context, at.k, `a ${message.type} to ${peer} was not sent`, () => {});
    },
  };
};

export const linkReset: Injector<ResolvedFaultOf<'link-reset'>> = (ports, fault, context) => {
  const { at, phase, link } = fault;
  return strikeOnce(ports, { at, phase, to: link.to }, context, (k) =>
    strike(context, k, `the connection to ${link.to} was closed`, () => ports.closePeer(link.to)),
  );
};

function isMeant(vote: Vote, k: number, votes: 'one' | 'all'): boolean {
  return votes === 'all' ? vote.k >= k : vote.k === k;
}

/** Effective: what goes out differs from the vote in exactly one bit of the signature. */
function readBack(context: InjectorContext, vote: Vote, sent: Vote | undefined): void {
  const effective = sent !== undefined && bitsThatDiffer(vote, sent) === 1;
  const detail =
    sent === undefined
      ? 'no vote in the frame'
      : `${signatureText(vote)} became ${signatureText(sent)}`;
  log(context, { type: 'effective', k: vote.k, effective, detail });
}
