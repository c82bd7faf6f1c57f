/** Draws what a fault leaves open, from its seed alone: equal seeds give equal faults. */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import {
  FaultSpecError,
  SIGNATURE_BITS,
  type FaultSpec,
  type ResolvedFault,
  type Trigger,
} from './fault-spec.ts';
import { formatFault } from './text.ts';

export interface DrawBounds {
  /** Rendezvous of the golden run, the exec stop (number 0) included. */
  rendezvous: number;
  /** Used when the fault has no seed of its own. */
  seed: string;
}

/** Each value has a generator of its own, so that giving one does not change another. */
export function resolveFault(spec: FaultSpec, bounds: DrawBounds): ResolvedFault {
  if (spec.kind === 'none') return spec;
  const seed = spec.seed ?? bounds.seed;
  const trigger = { type: 'rendezvous', k: rendezvousOf(spec.trigger, seed, bounds) } as const;
  switch (spec.kind) {
    case 'signature-bit-flip': {
      const { bit } = spec.location;
      const number = bit === 'drawn' ? whole(seed, 'bit', 0, SIGNATURE_BITS - 1) : bit;
      return { ...spec, trigger, location: { bit: number }, seed };
    }
    case 'tracer-delay':
      return { ...spec, trigger, duration: delayOf(spec.duration, seed), seed };
    default:
      return { ...spec, trigger, seed };
  }
}

/** The fault itself when nothing is left to draw. Throws FaultSpecError. */
export function requireResolved(spec: FaultSpec): ResolvedFault {
  const open =
    spec.kind !== 'none' &&
    (spec.trigger.type === 'drawn' ||
      (spec.kind === 'signature-bit-flip' && spec.location.bit === 'drawn') ||
      (spec.kind === 'tracer-delay' && typeof spec.duration === 'object'));
  if (!open) return spec as ResolvedFault;
  throw new FaultSpecError(
    `expected a fault with nothing left to draw, got ${formatFault(spec)}; ` +
      'give at=rendezvous:N, one bit= and one delay=',
  );
}

function rendezvousOf(trigger: Trigger, seed: string, bounds: DrawBounds): number {
  if (trigger.type === 'rendezvous') return trigger.k;
  const from = trigger.from ?? 1;
  const to = trigger.to ?? Math.max(from, bounds.rendezvous - 1);
  return whole(seed, 'rendezvous', from, to);
}

function delayOf(duration: number | { fromMs: number; toMs: number }, seed: string): number {
  if (typeof duration === 'number') return duration;
  const { fromMs, toMs } = duration;
  return Math.round(fromMs * (toMs / fromMs) ** uniformFloat64(generator(seed, 'delay')));
}

function whole(seed: string, what: string, from: number, to: number): number {
  return uniformInt(generator(seed, what), from, to);
}

function generator(seed: string, what: string): ReturnType<typeof xoroshiro128plusFromState> {
  const digest = createHash('sha256').update(`${seed}\0${what}\0`).digest();
  return xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32BE(at)));
}
