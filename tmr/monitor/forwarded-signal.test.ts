import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ForwardedSignal } from './forwarded-signal.ts';

const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function forward(): { signals: ForwardedSignal; interrupted: number[] } {
  const interrupted: number[] = [];
  const link = { send: () => undefined, close: () => undefined };
  const signals = new ForwardedSignal({
    graceMs: 1000,
    live: () => [{ link }, { link }, { link }],
    after: (ms, due) => {
      const timer = setTimeout(due, ms);
      return () => clearTimeout(timer);
    },
    interrupt: (signal) => interrupted.push(signal),
  });
  return { signals, interrupted };
}

describe('a program that catches its signal', () => {
  it('is not killed by the patience with an earlier one of the same number', () => {
    const { signals, interrupted } = forward();
    const answer = (): void => {
      for (const replica of [1, 2]) signals.answer(replica, SIGTERM, 'caught');
    };
    signals.raise(SIGTERM);
    answer();
    vi.advanceTimersByTime(900);
    signals.raise(SIGTERM);
    // The first one's grace ends here, before the answers to the second are back.
    vi.advanceTimersByTime(200);
    answer();
    vi.advanceTimersByTime(5000);
    expect(interrupted).toEqual([]);
  });

  it('is killed for the second when nobody answers that one, once its own grace is over', () => {
    const { signals, interrupted } = forward();
    signals.raise(SIGTERM);
    vi.advanceTimersByTime(900);
    signals.raise(SIGTERM);
    vi.advanceTimersByTime(900);
    expect(interrupted).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(interrupted).toEqual([SIGTERM]);
  });
});

describe('two signals on their way', () => {
  it('are answered each by its own words: an answer to the first counts no longer', () => {
    const { signals, interrupted } = forward();
    signals.raise(SIGTERM);
    signals.answer(1, SIGTERM, 'default');
    signals.raise(SIGHUP);
    signals.answer(2, SIGHUP, 'default');
    expect(interrupted).toEqual([]);
    signals.answer(3, SIGHUP, 'default');
    expect(interrupted).toEqual([SIGHUP]);
  });

  it('do not make a first Ctrl-C a second one', () => {
    const { signals, interrupted } = forward();
    signals.raise(SIGTERM);
    for (const replica of [1, 2]) signals.answer(replica, SIGTERM, 'caught');
    signals.raise(SIGINT);
    for (const replica of [1, 2]) signals.answer(replica, SIGINT, 'caught');
    vi.advanceTimersByTime(5000);
    expect(interrupted).toEqual([]);
    signals.raise(SIGINT);
    expect(interrupted).toEqual([SIGINT]);
  });
});
