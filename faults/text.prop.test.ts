import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  faultSpecSchema,
  type ActiveFault,
  type FaultSpec,
  type ResolvedFault,
} from './fault-spec.ts';
import type { FaultKind } from './kinds/define.ts';
import {
  address,
  duration,
  durationOrRange,
  link,
  offset,
  pair,
  replica,
  type ParameterType,
} from './kinds/parameters.ts';
import { activeKinds } from './kinds/registry.ts';
import { requireResolved, resolveFault } from './resolve.ts';
import { formatFault, parseFault } from './text.ts';

const replicas = fc.integer({ min: 1, max: 7 });
const ends = fc.uniqueArray(replicas, { minLength: 2, maxLength: 2 });
const rising = (max: number) =>
  fc.tuple(fc.integer({ min: 1, max }), fc.nat({ max: 1000 })).map(([a, b]) => [a, a + b] as const);
const milliseconds = fc.integer({ min: 1, max: 1e6 });

const ofType = new Map<unknown, fc.Arbitrary<unknown>>([
  [replica, replicas],
  [link, ends.map(([from, to]) => ({ from, to }))],
  [pair, ends.map(([a, b]) => ({ from: Math.min(a!, b!), to: Math.max(a!, b!) }))],
  [duration, milliseconds],
  [
    offset,
    fc.oneof(
      milliseconds,
      milliseconds.map((ms) => -ms),
    ),
  ],
  [
    durationOrRange,
    fc.oneof(
      milliseconds,
      rising(1e6).map(([fromMs, toMs]) => ({ fromMs, toMs })),
    ),
  ],
  [address, fc.integer({ min: 0, max: 2 ** 47 }).map((at) => `0x${at.toString(16)}`)],
]);

/** Bits and counts are `A to B`, also drawn; all else is a choice. */
function arbitraryOf(type: ParameterType<unknown, unknown>): fc.Arbitrary<unknown> {
  const known = ofType.get(type);
  if (known !== undefined) return known;
  const values = type.values.split(' | ').map((value) => {
    const [, min, max] = /^(\d+) to (\d+)$/.exec(value) ?? [];
    return max === undefined
      ? fc.constant(value)
      : fc.integer({ min: Number(min), max: Number(max) });
  });
  return fc.oneof(...values);
}

const trigger = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }).map((k) => ({ type: 'rendezvous' as const, k })),
  rising(1e6).map(([from, to]) => ({ type: 'drawn' as const, from, to })),
  fc.integer({ min: 1, max: 1e6 }).map((from) => ({ type: 'drawn' as const, from })),
  fc.integer({ min: 1, max: 1e6 }).map((to) => ({ type: 'drawn' as const, to })),
  fc.constant({ type: 'drawn' as const }),
  fc
    .double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    .map((fraction) => ({ type: 'fraction' as const, fraction: Math.abs(fraction) })),
  fc.nat({ max: 1e6 }).map((after) => ({ type: 'after' as const, rendezvous: after })),
);
const seed = fc.option(fc.stringMatching(/^[0-9a-f]{1,64}$/), { nil: undefined });

function faultOf(kind: FaultKind): fc.Arbitrary<ActiveFault> {
  const values = Object.entries(kind.parameters).map(
    ([name, { type }]) => [name, arbitraryOf(type)] as const,
  );
  return fc
    .tuple(fc.record(Object.fromEntries(values)), trigger, seed)
    .map(([its, at, its2]) => ({
      kind: kind.name,
      ...its,
      at,
      ...(its2 !== undefined && { seed: its2 }),
    }))
    .filter(
      (fault) => kind.contradiction?.(fault) === undefined,
    ) as unknown as fc.Arbitrary<ActiveFault>;
}

const kinds = activeKinds as unknown as readonly FaultKind[];
const active: fc.Arbitrary<ActiveFault> = fc.oneof(...kinds.map(faultOf));
const spec: fc.Arbitrary<FaultSpec> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'none' as const }) },
  { weight: 30, arbitrary: active },
);

describe('the short text of a fault', () => {
  it('is read back as the same fault, and is canonical', () => {
    fc.assert(
      fc.property(spec, (fault) => {
        expect(faultSpecSchema.parse(fault)).toEqual(fault);
        const text = formatFault(fault);
        expect(parseFault(text)).toEqual(fault);
        expect(formatFault(parseFault(text))).toBe(text);
        expect(parseFault(JSON.stringify(fault))).toEqual(fault);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('resolving a fault', () => {
  it('draws inside the bounds, and the same from the same seed', () => {
    fc.assert(
      fc.property(active, fc.integer({ min: 2, max: 1e6 }), (fault, rendezvous) => {
        const bounds = { rendezvous, seed: 'abc', first: 3 };
        const resolved = resolveFault(fault, bounds);
        expect(resolveFault(fault, bounds)).toEqual(resolved);
        expect(requireResolved(parseFault(formatFault(resolved)))).toEqual(resolved);
        if (resolved.kind === 'none') throw new Error('expected an active fault');
        const [from, to] = placesOf(fault, rendezvous);
        expect(resolved.at.k).toBeGreaterThanOrEqual(from);
        expect(resolved.at.k).toBeLessThanOrEqual(Math.max(from, to));
        expect(isInside(fault, resolved)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives different seeds different rendezvous', () => {
    const fault = parseFault('replica-kill:replica=1,at=drawn');
    const drawn = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const resolved = resolveFault(fault, { rendezvous: 1e6, seed: i.toString(16) });
      if (resolved.kind !== 'none') drawn.add(resolved.at.k);
    }
    expect(drawn.size).toBeGreaterThan(15);
  });

  it('draws each value by itself: giving one does not change another', () => {
    const bounds = { rendezvous: 1000, seed: 'abc' };
    const open = resolveFault(parseFault('signature-bit-flip:replica=1'), bounds);
    const given = resolveFault(parseFault('signature-bit-flip:replica=1,bit=3'), bounds);
    if (open.kind === 'none' || given.kind === 'none') throw new Error('expected active faults');
    expect(given.at).toEqual(open.at);
  });
});

/** The delay, where there is one that is drawn. */
function isInside(fault: ActiveFault, resolved: ResolvedFault): boolean {
  if (fault.kind !== 'tracer-delay' || resolved.kind !== 'tracer-delay') return true;
  const { delay } = fault;
  return typeof delay === 'number'
    ? resolved.delay === delay
    : resolved.delay >= delay.fromMs && resolved.delay <= delay.toMs;
}

/** First and last rendezvous at which it may strike. */
function placesOf({ at }: ActiveFault, rendezvous: number): [number, number] {
  switch (at.type) {
    case 'rendezvous':
      return [at.k, at.k];
    case 'drawn':
      return [at.from ?? 1, at.to ?? rendezvous - 1];
    case 'fraction':
      return [1, rendezvous - 1];
    case 'after':
      return [3 + at.rendezvous, 3 + at.rendezvous];
  }
}
