import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultSpecSchema, type FaultSpec, type ResolvedFault } from './fault-spec.ts';
import { requireResolved, resolveFault } from './resolve.ts';
import { formatFault, parseFault } from './text.ts';

const replica = fc.integer({ min: 1, max: 7 });
const other = fc.uniqueArray(replica, { minLength: 2, maxLength: 2 });
const rising = (max: number) =>
  fc.tuple(fc.integer({ min: 1, max }), fc.nat({ max: 1000 })).map(([a, b]) => [a, a + b] as const);
const trigger = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }).map((k) => ({ type: 'rendezvous' as const, k })),
  rising(1e6).map(([from, to]) => ({ type: 'drawn' as const, from, to })),
  fc.integer({ min: 1, max: 1e6 }).map((from) => ({ type: 'drawn' as const, from })),
  fc.integer({ min: 1, max: 1e6 }).map((to) => ({ type: 'drawn' as const, to })),
  fc.constant({ type: 'drawn' as const }),
);
const seed = fc.option(fc.stringMatching(/^[0-9a-f]{1,64}$/), { nil: undefined });
const common = fc.tuple(trigger, seed).map(([at, its]) => ({
  trigger: at,
  ...(its !== undefined && { seed: its }),
}));

const spec: fc.Arbitrary<FaultSpec> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc
    .tuple(
      fc.oneof(
        replica.map((r) => ({ type: 'tracer' as const, replica: r })),
        other.map(([from, to]) => ({ type: 'link' as const, from: from!, to: to! })),
      ),
      fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('drawn' as const)),
      common,
    )
    .map(([target, bit, rest]) => ({
      kind: 'signature-bit-flip' as const,
      target,
      location: { bit },
      ...rest,
    })),
  fc
    .tuple(fc.constantFrom('replica' as const, 'tracer' as const), replica, common)
    .map(([type, r, rest]) => ({
      kind: 'replica-kill' as const,
      target: { type, replica: r },
      ...rest,
    })),
  fc
    .tuple(
      replica,
      fc.oneof(
        fc.integer({ min: 1, max: 1e6 }),
        rising(1e6).map(([fromMs, toMs]) => ({ fromMs, toMs })),
      ),
      common,
    )
    .map(([r, duration, rest]) => ({
      kind: 'tracer-delay' as const,
      target: { type: 'tracer' as const, replica: r },
      duration,
      ...rest,
    })),
  fc
    .tuple(
      fc.constantFrom(
        'container-kill' as const,
        'container-restart' as const,
        'memory-limit' as const,
      ),
      replica,
      common,
    )
    .map(([kind, r, rest]) => ({
      kind,
      target: { type: 'container' as const, replica: r },
      ...rest,
    })),
  fc
    .tuple(
      fc.constantFrom('container-pause' as const, 'network-disconnect' as const),
      replica,
      fc.integer({ min: 1, max: 1e6 }),
      common,
    )
    .map(([kind, r, duration, rest]) => ({
      kind,
      target: { type: 'container' as const, replica: r },
      duration,
      ...rest,
    })),
  fc
    .tuple(replica, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1e6 }), common)
    .map(([r, percent, duration, rest]) => ({
      kind: 'cpu-quota' as const,
      target: { type: 'container' as const, replica: r },
      percent,
      duration,
      ...rest,
    })),
  fc.tuple(other, fc.integer({ min: 1, max: 1e6 }), common).map(([ends, duration, rest]) => ({
    kind: 'link-partition' as const,
    target: { type: 'link' as const, from: Math.min(...ends), to: Math.max(...ends) },
    duration,
    ...rest,
  })),
  fc.tuple(other, common).map(([[accuser, accused], rest]) => ({
    kind: 'false-flag-notice' as const,
    target: { type: 'nfs' as const, accuser: accuser! },
    accused: accused!,
    ...rest,
  })),
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
    );
  });
});

describe('resolving a fault', () => {
  it('draws inside the bounds, and the same from the same seed', () => {
    fc.assert(
      fc.property(spec, fc.integer({ min: 2, max: 1e6 }), (fault, rendezvous) => {
        const bounds = { rendezvous, seed: 'abc' };
        const resolved = resolveFault(fault, bounds);
        expect(resolveFault(fault, bounds)).toEqual(resolved);
        expect(requireResolved(parseFault(formatFault(resolved)))).toEqual(resolved);
        expect(insideBounds(fault, resolved, rendezvous)).toBe(true);
      }),
    );
  });

  it('gives different seeds different rendezvous', () => {
    const fault = parseFault('replica-kill:replica=1,at=drawn');
    const drawn = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const resolved = resolveFault(fault, { rendezvous: 1e6, seed: i.toString(16) });
      if (resolved.kind !== 'none') drawn.add(resolved.trigger.k);
    }
    expect(drawn.size).toBeGreaterThan(15);
  });
});

function insideBounds(fault: FaultSpec, resolved: ResolvedFault, rendezvous: number): boolean {
  if (fault.kind === 'none' || resolved.kind === 'none') return fault.kind === resolved.kind;
  const { trigger } = fault;
  const { k } = resolved.trigger;
  const from = trigger.type === 'drawn' ? (trigger.from ?? 1) : trigger.k;
  const last = trigger.type === 'drawn' ? (trigger.to ?? rendezvous - 1) : trigger.k;
  if (k < from || k > Math.max(from, last)) return false;
  if (fault.kind !== 'tracer-delay' || resolved.kind !== 'tracer-delay') return true;
  const { duration } = fault;
  return typeof duration === 'number'
    ? resolved.duration === duration
    : resolved.duration >= duration.fromMs && resolved.duration <= duration.toMs;
}
