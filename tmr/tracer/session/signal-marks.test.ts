import { describe, expect, it } from 'vitest';
import { SignalMarks } from './signal-marks.ts';

const SIGINT_BIT = 0b10;

describe('the marks of a vote', () => {
  it('stay until the signal is delivered', () => {
    const signals = new SignalMarks();
    signals.announced(2);
    expect(signals.marks).toBe(SIGINT_BIT);
    signals.delivered(0);
    expect(signals.marks).toBe(SIGINT_BIT);
    signals.delivered(SIGINT_BIT);
    expect(signals.marks).toBe(0);
  });

  it('are not set by an announcement that comes after its delivery', () => {
    const signals = new SignalMarks();
    signals.delivered(SIGINT_BIT);
    signals.announced(2);
    expect(signals.marks).toBe(0);
    signals.announced(2);
    expect(signals.marks).toBe(SIGINT_BIT);
  });

  it('keep two announcements apart as two deliveries', () => {
    const signals = new SignalMarks();
    signals.announced(15);
    signals.announced(15);
    signals.delivered(1 << 14);
    expect(signals.marks).toBe(1 << 14);
    signals.delivered(1 << 14);
    expect(signals.marks).toBe(0);
  });
});
