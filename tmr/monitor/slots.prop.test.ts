import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotOp } from '../wire/messages.ts';
import { SlotQuorum } from './slots.ts';
import type { SlotDecision } from './slots.ts';

const replicas = [1, 2, 3] as const;

/** Three replicas of a program with the outputs `program`; `faulty` sends `lies` instead. */
interface World {
  program: string[];
  faulty: number;
  lies: string[];
  /** Who moves next, as indices; those who wait or are through are passed over. */
  order: number[];
}

const world: fc.Arbitrary<World> = fc.record({
  program: fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 8 }),
  faulty: fc.constantFrom(0, 1, 2, 3),
  lies: fc.array(fc.string({ maxLength: 3 }), { maxLength: 8 }),
  order: fc.array(fc.nat(2), { minLength: 40, maxLength: 80 }),
});

/** Runs the world and gives what was let out, slot by slot, with how many had asked for it. */
function run({ program, faulty, lies, order }: World): { out: string[]; supporters: number[] } {
  const slots = new SlotQuorum(replicas, 2);
  const at = new Map<number, number>(replicas.map((r) => [r, 0]));
  const waiting = new Set<number>();
  const out: string[] = [];
  const supporters: number[] = [];
  const asked = new Map<string, Set<number>>();
  const apply = (decisions: SlotDecision[]): void => {
    for (const decision of decisions) {
      if (decision.type === 'reply') {
        waiting.delete(decision.to);
        at.set(decision.to, decision.n + 1);
      } else if (decision.type === 'execute') {
        const text = (decision.op as Extract<SlotOp, { type: 'output' }>).bytes.toString();
        out.push(text);
        supporters.push(asked.get(`${decision.n} ${text}`)?.size ?? 0);
        apply(slots.done(decision.n, { result: text.length, bytes: Buffer.alloc(0) }));
      }
    }
  };
  const complete = [...order, ...Array.from({ length: 60 }, (_, i) => i % 3)];
  for (const index of complete) {
    const replica = replicas[index] as number;
    const n = at.get(replica) ?? 0;
    const honest = program[n];
    if (waiting.has(replica) || honest === undefined) continue;
    const text = replica === faulty ? (lies[n] ?? honest) : honest;
    const supporting = asked.get(`${n} ${text}`) ?? new Set();
    asked.set(`${n} ${text}`, supporting.add(replica));
    waiting.add(replica);
    apply(slots.arrive(replica, n, { type: 'output', fd: 1, bytes: Buffer.from(text) }, text));
  }
  return { out, supporters };
}

describe('the vote on slots, in any order of arrival', () => {
  it('lets out exactly what the healthy replicas sent, whatever one faulty one sends', () => {
    fc.assert(
      fc.property(world, (w) => {
        expect(run(w).out).toEqual(w.program);
      }),
    );
  });

  it('never lets a slot out that fewer than two asked for', () => {
    fc.assert(
      fc.property(world, (w) => {
        expect(Math.min(...run(w).supporters)).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});
