/** When a fault strikes: logical, so that a trial replays (DESIGN.md 7). */
import * as z from 'zod';
import type { Draw } from '../draw.ts';
import { wholeNumber, type ParameterType } from './parameters.ts';

/** Never 0: that is the exec stop, where the session is not yet started (R0). */
const rendezvous = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

const struck = z.strictObject({ type: z.literal('rendezvous'), k: rendezvous });
const schema = z.discriminatedUnion('type', [
  struck,
  /** Drawn uniformly, both bounds included; without `to`: up to the last one of the golden run. */
  z
    .strictObject({
      type: z.literal('drawn'),
      from: rendezvous.optional(),
      to: rendezvous.optional(),
    })
    .refine(({ from, to }) => to === undefined || to >= (from ?? 1), 'a range that goes up'),
  /** Of the golden run's rendezvous: a plan is written before any run. 0 <= fraction < 1. */
  z.strictObject({ type: z.literal('fraction'), fraction: z.number().min(0).lt(1) }),
  /** So many rendezvous after the first fault of the same trial. */
  z.strictObject({ type: z.literal('after'), rendezvous: z.int().min(0).max(1e9) }),
]);

export type Trigger = z.infer<typeof schema>;
export type Struck = z.infer<typeof struck>;

export interface TriggerBounds {
  /** Rendezvous of the golden run, the exec stop (number 0) included. */
  rendezvous: number;
  /** Where the first fault of the trial strikes; only the second one may be placed relative to it. */
  first?: number;
}

export const trigger: Omit<ParameterType<Trigger>, 'draw'> = {
  values: 'rendezvous:N | rendezvous:N..M | drawn | fraction:F | after:N',
  schema,
  read: (text) => schema.safeParse(readTrigger(text)).data,
  write: writeTrigger,
  isOpen: ({ type }) => type !== 'rendezvous',
};

export const triggerMeaning =
  'the rendezvous (voted system call, from 1) at which the fault strikes: its number, drawn from a range, ' +
  "a fraction of the golden run's, or so many after the first fault of the trial";

export function drawTrigger(at: Trigger, source: Draw, bounds: TriggerBounds): Struck {
  return { type: 'rendezvous', k: rendezvousOf(at, source, bounds) };
}

/** @throws Error for `after` without a first fault. */
function rendezvousOf(at: Trigger, source: Draw, bounds: TriggerBounds): number {
  switch (at.type) {
    case 'rendezvous':
      return at.k;
    case 'drawn': {
      const from = at.from ?? 1;
      return source.whole(from, at.to ?? Math.max(from, bounds.rendezvous - 1));
    }
    case 'fraction':
      return 1 + Math.floor(at.fraction * Math.max(0, bounds.rendezvous - 1));
    case 'after':
      if (bounds.first === undefined) {
        throw new Error('expected a first fault for at=after:N, got none');
      }
      return bounds.first + at.rendezvous;
  }
}

function readTrigger(text: string): unknown {
  if (text === 'drawn') return { type: 'drawn' };
  const [, type, value = ''] = /^(rendezvous|fraction|after):(.*)$/.exec(text) ?? [];
  if (type === 'fraction') return { type, fraction: value === '' ? undefined : Number(value) };
  if (type === 'after') return { type, rendezvous: wholeNumber(value) };
  if (type === undefined) return undefined;
  const [from = '', to] = value.split('..');
  if (to === undefined) return { type, k: wholeNumber(from) };
  // An end that is left out is open; one that is no number is wrong.
  const bound = (end: string): number | undefined =>
    end === '' ? undefined : (wholeNumber(end) ?? NaN);
  const ends = { from: bound(from), to: bound(to) };
  return {
    type: 'drawn',
    ...(ends.from !== undefined && { from: ends.from }),
    ...(ends.to !== undefined && { to: ends.to }),
  };
}

/** `rendezvous:120`, `rendezvous:10..200`, `drawn`, `fraction:0.25`, `after:8`. */
function writeTrigger(at: Trigger): string {
  switch (at.type) {
    case 'rendezvous':
      return `rendezvous:${at.k}`;
    case 'drawn':
      return at.from === undefined && at.to === undefined
        ? 'drawn'
        : `rendezvous:${at.from ?? ''}..${at.to ?? ''}`;
    case 'fraction':
      return `fraction:${at.fraction}`;
    case 'after':
      return `after:${at.rendezvous}`;
  }
}
