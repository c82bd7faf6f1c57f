import { describe, expect, it } from 'vitest';
import type { SlotOp } from '../wire/messages.ts';
import { SlotQuorum } from './slots.ts';
import type { SlotDecision } from './slots.ts';

const hello: SlotOp = { type: 'output', fd: 1, bytes: Buffer.from('hello') };
const wrong: SlotOp = { type: 'output', fd: 1, bytes: Buffer.from('hallo') };
/** Most that tracers move in one slot. */
const CHUNK_BYTES = 2 ** 20;
const ok = { result: 5, bytes: Buffer.alloc(0) };

describe('the vote on slots', () => {
  it('lets nothing out on one vote, and the agreed request out on two', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    expect(slots.arrive(1, 0, hello, 'a')).toEqual([]);
    expect(slots.arrive(2, 0, hello, 'a')).toEqual([{ type: 'execute', n: 0, op: hello }]);
    expect(slots.done(0, ok)).toEqual([
      { type: 'reply', to: 1, n: 0, result: ok },
      { type: 'reply', to: 2, n: 0, result: ok },
    ]);
  });

  it('carries a slot out once and gives a straggler the same result', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    slots.arrive(1, 0, hello, 'a');
    slots.arrive(3, 0, hello, 'a');
    slots.done(0, ok);
    expect(slots.arrive(2, 0, hello, 'a')).toEqual([{ type: 'reply', to: 2, n: 0, result: ok }]);
    expect(slots.completed).toBe(1);
  });

  it('names the odd one, before and after the slot was carried out', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    slots.arrive(2, 0, wrong, 'b');
    slots.arrive(1, 0, hello, 'a');
    expect(slots.arrive(3, 0, hello, 'a')).toEqual([{ type: 'execute', n: 0, op: hello }]);
    expect(slots.done(0, ok)).toContainEqual({ type: 'odd', replica: 2, n: 0 });
    slots.arrive(1, 1, hello, 'a');
    slots.arrive(3, 1, hello, 'a');
    slots.done(1, ok);
    expect(slots.arrive(2, 1, wrong, 'b')).toContainEqual({ type: 'odd', replica: 2, n: 1 });
  });

  it('says so when no two can be equal any more', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    slots.arrive(1, 0, hello, 'a');
    expect(slots.arrive(2, 0, wrong, 'b')).toEqual([]);
    expect(slots.arrive(3, 0, wrong, 'c')).toEqual([{ type: 'no-quorum', n: 0 }]);
  });

  it('finds the quorum lost when the third replica leaves and the two others differ', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    slots.arrive(1, 0, hello, 'a');
    slots.arrive(2, 0, wrong, 'b');
    expect(slots.remove(3)).toEqual([{ type: 'no-quorum', n: 0 }]);
  });

  it('does not count a replica that is out', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    slots.arrive(1, 0, wrong, 'b');
    slots.remove(1);
    expect(slots.arrive(1, 0, wrong, 'b')).toEqual([]);
    expect(slots.arrive(2, 0, hello, 'a')).toEqual([]);
    expect(slots.arrive(3, 0, hello, 'a')).toEqual([{ type: 'execute', n: 0, op: hello }]);
  });

  it('keeps nobody waiting for a slot that a faulty replica runs ahead to', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    expect(slots.arrive(1, 1, hello, 'a')).toEqual([
      { type: 'violation', replica: 1, expected: 0, got: 1 },
    ]);
    slots.arrive(1, 0, hello, 'a');
    expect(slots.arrive(1, 1, hello, 'a')).toEqual([
      { type: 'violation', replica: 1, expected: 1, got: 1 },
    ]);
  });

  it('keeps the results of the longest call for one that is behind, but not of a whole program', () => {
    const slots = new SlotQuorum([1, 2, 3], 2);
    const next = (bytes: Buffer): SlotDecision[] => {
      const n = slots.completed;
      for (const replica of [1, 2]) slots.arrive(replica, n, hello, 'a');
      return slots.done(n, { result: bytes.length, bytes });
    };
    // One write(2) of the most that Linux takes, in pieces.
    for (let i = 0; i < 2 ** 31 / CHUNK_BYTES; i++) expect(next(Buffer.alloc(0))).toHaveLength(2);
    expect(slots.arrive(3, 0, hello, 'a')).toHaveLength(1);
    const behind = Array.from({ length: 1000 }, () => next(Buffer.alloc(CHUNK_BYTES))).flat();
    expect(behind.find(({ type }) => type !== 'reply')).toEqual({
      type: 'behind',
      replica: 3,
      n: 1,
    });
    slots.remove(3);
    expect(next(Buffer.alloc(CHUNK_BYTES))).toHaveLength(2);
  });

  it('needs one vote where one replica was started', () => {
    const slots = new SlotQuorum([1], 1);
    expect(slots.arrive(1, 0, hello, 'a')).toEqual([{ type: 'execute', n: 0, op: hello }]);
  });
});
