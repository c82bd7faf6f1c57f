/**
 * Inverts one bit of a signature in one vote: at the sender in a copy of the message, so that the
 * checksum fits and every peer sees the same wrong vote; on a link in a copy of the encoded frame,
 * so that the checksum does not fit and one peer alone is concerned.
 */
import type { Vote } from '../../tmr/core/types.ts';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import { decodePeerMessage } from '../../tmr/wire/peer-codec.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { isTarget, log, type Injector, type InjectorContext } from './injector.ts';

type Flip = ResolvedFaultOf<'signature-bit-flip'>;

export const signatureBitFlip: Injector<Flip> = (ports, fault, context) => {
  if (!isTarget(context, fault.target)) return ports;
  const { target } = fault;
  return target.type === 'link'
    ? flipOnLink(ports, fault, target.to, context)
    : flipAtSender(ports, fault, context);
};

/** The signature with bit 0-63 inverted; bit 0 is the least significant of `sigLo`. */
export function flipSignature(vote: Vote, bit: number): Vote {
  const flipped = { ...vote, inputs: { ...vote.inputs } };
  if (bit < 32) flipped.sigLo = (vote.sigLo ^ (1 << bit)) >>> 0;
  else flipped.sigHi = (vote.sigHi ^ (1 << (bit - 32))) >>> 0;
  return flipped;
}

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

function flipAtSender(ports: SessionPorts, fault: Flip, context: InjectorContext): SessionPorts {
  const { k } = fault.trigger;
  // All copies of this vote are wrong alike, a repeated one too.
  let flipped: { type: 'vote'; vote: Vote } | undefined;
  return {
    ...ports,
    sendToPeer(peer, message) {
      if (message.type !== 'vote' || message.vote.k !== k) {
        ports.sendToPeer(peer, message);
        return;
      }
      const first = flipped === undefined;
      if (first) log(context, { type: 'injected', k });
      flipped ??= { type: 'vote', vote: flipSignature(message.vote, fault.location.bit) };
      if (first) readBack(context, k, message.vote, flipped.vote);
      ports.sendToPeer(peer, flipped);
      if (first) log(context, { type: 'activated', k });
    },
  };
}

function flipOnLink(
  ports: SessionPorts,
  fault: Flip,
  to: number,
  context: InjectorContext,
): SessionPorts {
  const { k } = fault.trigger;
  let original: Vote | undefined;
  let done = false;
  return {
    ...ports,
    sendToPeer(peer, message) {
      const strikes = !done && peer === to && message.type === 'vote' && message.vote.k === k;
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
      done = true;
      log(context, { type: 'injected', k });
      const flipped = flipFrame(frame, fault.location.bit);
      const sent = decodePeerMessage(flipped.subarray(4, flipped.length - 4));
      readBack(context, k, original, sent.type === 'vote' ? sent.vote : undefined);
      ports.sendBytesToPeer(peer, flipped);
      log(context, { type: 'activated', k });
    },
  };
}

/** Effective: what goes out differs from the vote in exactly one bit of the signature. */
function readBack(context: InjectorContext, k: number, vote: Vote, sent: Vote | undefined): void {
  const bits =
    sent === undefined ? 0 : ones(vote.sigHi ^ sent.sigHi) + ones(vote.sigLo ^ sent.sigLo);
  const same = sent?.k === vote.k && sent.call === vote.call && sent.stream === vote.stream;
  const detail = sent === undefined ? 'no vote in the frame' : `${hex(vote)} became ${hex(sent)}`;
  log(context, { type: 'effective', k, effective: bits === 1 && same, detail });
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function hex({ sigHi, sigLo }: Vote): string {
  return [sigHi, sigLo].map((half) => half.toString(16).padStart(8, '0')).join('');
}
