import { describe, expect, test } from 'vitest';
import type { ProcessState } from '../process-state.ts';
import { advanceVirtualClock, Clock, instant, programElapsedNs, readClock } from './clock.ts';
import { virtualClockBases } from './clock.ts';

const stateWith = (part: Partial<ProcessState>): ProcessState =>
  ({
    pid: 1000,
    clock: 'real',
    virtualElapsedNs: 0,
    clockBases: {
      realtimeNs: 1_700_000_000_999_999_999n,
      monotonicNs: 5_000_000_001n,
      bootNs: 6_000_000_000n,
    },
    ...part,
  }) as ProcessState;

describe('the program sees', () => {
  const state = stateWith({});

  test('base plus elapsed time on each clock, exact to the nanosecond', () => {
    expect(readClock(Clock.realtime, state, 2)).toEqual({
      seconds: 1_700_000_001,
      nanoseconds: 1,
    });
    expect(readClock(Clock.monotonic, state, 1_999_999_999)).toEqual({
      seconds: 7,
      nanoseconds: 0,
    });
    expect(readClock(Clock.boottime, state, 5)).toEqual({ seconds: 6, nanoseconds: 5 });
  });

  test('the elapsed time on CPU clocks, its own alone', () => {
    const expected = { seconds: 3, nanoseconds: 5 };
    expect(readClock(Clock.processCpu, state, 3_000_000_005)).toEqual(expected);
    const cpuClockOf = (pid: number): number => (~pid << 3) | 2;
    expect(readClock(cpuClockOf(0), state, 3_000_000_005)).toEqual(expected);
    expect(readClock(cpuClockOf(1000), state, 3_000_000_005)).toEqual(expected);
    expect(readClock(cpuClockOf(1001), state, 3_000_000_005)).toBeUndefined();
  });

  test('no clock that Linux does not have', () => {
    expect(readClock(99, state, 0)).toBeUndefined();
    expect(readClock(10, state, 0)).toBeUndefined();
  });

  test('a clock made of rendezvous alone with --clock virtual', () => {
    const virtual = stateWith({ clock: 'virtual' });
    advanceVirtualClock(virtual);
    advanceVirtualClock(virtual);
    expect(programElapsedNs(virtual, { elapsedNs: 77, marks: 0 })).toBe(2000);
    expect(programElapsedNs(state, { elapsedNs: 77, marks: 0 })).toBe(77);
  });
});

test('the virtual clock starts in the year 2000, at a second that the seed chooses', () => {
  const one = virtualClockBases(Buffer.alloc(32, 1));
  const two = virtualClockBases(Buffer.alloc(32, 2));
  expect(new Date(Number(one.realtimeNs / 1_000_000n)).getUTCFullYear()).toBe(2000);
  expect(one.realtimeNs).not.toBe(two.realtimeNs);
  expect(one).toEqual(virtualClockBases(Buffer.alloc(32, 1)));
});

test('times before the epoch have positive nanoseconds', () => {
  expect(instant(-1n)).toEqual({ seconds: -1, nanoseconds: 999_999_999 });
});
