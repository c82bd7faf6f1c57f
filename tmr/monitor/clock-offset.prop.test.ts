import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateOffset, partyClock, probeClock } from './clock-offset.ts';
import type { ClockSample } from './clock-offset.ts';

const HOUR_NS = 3.6e12;
/** Up to a second each way, and how long the other took to answer. */
const delays = fc.record({
  there: fc.integer({ min: 0, max: 1e9 }),
  back: fc.integer({ min: 0, max: 1e9 }),
  pause: fc.integer({ min: 0, max: 1e9 }),
});

function sampleOf(
  tSentNs: number,
  offsetNs: number,
  { there, back }: { there: number; back: number },
): ClockSample {
  return {
    tSentNs,
    tRemoteNs: tSentNs + there + offsetNs,
    tReceivedNs: tSentNs + there + back,
  };
}

describe('the offset between two clocks', () => {
  it('lies within the stated uncertainty, however unequal the ways there and back are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e15, max: 1e15 }),
        fc.integer({ min: 0, max: 1000 * HOUR_NS }),
        fc.array(delays, { minLength: 1, maxLength: 8 }),
        (trueOffsetNs, startNs, ways) => {
          let nowNs = startNs;
          const samples = ways.map((way) => {
            const sample = sampleOf(nowNs, trueOffsetNs, way);
            nowNs = sample.tReceivedNs + way.pause;
            return sample;
          });
          const estimate = estimateOffset(samples);
          if (estimate === undefined) throw new Error('expected an estimate');
          const { offsetNs, uncertaintyNs, roundTripNs } = estimate;
          expect(Math.abs(offsetNs - trueOffsetNs)).toBeLessThanOrEqual(uncertaintyNs);
          expect(roundTripNs).toBe(Math.min(...ways.map(({ there, back }) => there + back)));
        },
      ),
    );
  });

  it('is exact where the ways are equal, and unknown without an answer', () => {
    const sample = sampleOf(5e12, -7e9, { there: 1000, back: 1000 });
    expect(estimateOffset([sample])).toEqual({
      offsetNs: -7e9,
      uncertaintyNs: 1000,
      roundTripNs: 2000,
    });
    expect(estimateOffset([])).toBe(undefined);
    expect(partyClock('tracer 1', undefined, 'boot/time')).toBe(undefined);
  });

  it('is 0 for parts that read one clock, and what was measured is kept', () => {
    const samples = [sampleOf(5e12, 0, { there: 1000, back: 3000 })];
    const measured = { measuredOffsetNs: -1000, roundTripNs: 4000 };
    expect(partyClock('tracer 1', { clockId: 'a', samples }, 'a')).toEqual({
      party: 'tracer 1',
      clockId: 'a',
      offsetNs: 0,
      uncertaintyNs: 0,
      ...measured,
    });
    expect(partyClock('file-server', { clockId: 'b', samples }, 'a')).toEqual({
      party: 'file-server',
      clockId: 'b',
      offsetNs: -1000,
      uncertaintyNs: 2000,
      ...measured,
    });
  });
});

describe('asking for the time', () => {
  const clock = () => {
    let nowNs = 0;
    const ask = () => {
      nowNs += 10;
      return Promise.resolve({ tNs: nowNs, clockId: 'c', tReceivedNs: nowNs });
    };
    return { now: () => nowNs, ask };
  };

  it('takes at most eight answers, and one even where the start is over', async () => {
    const { ask, now } = clock();
    expect((await probeClock(ask, now, () => true))?.samples).toHaveLength(8);
    expect(await probeClock(ask, now, () => false)).toEqual({
      clockId: 'c',
      samples: [{ tSentNs: 80, tReceivedNs: 90, tRemoteNs: 90 }],
    });
  });

  it('ends with a party that does not answer, and keeps what it had said', async () => {
    const { ask, now } = clock();
    let asked = 0;
    const fails = () => (++asked > 2 ? Promise.reject(new Error('gone')) : ask());
    expect((await probeClock(fails, now, () => true))?.samples).toHaveLength(2);
    expect(
      await probeClock(
        () => fails(),
        now,
        () => true,
      ),
    ).toBe(undefined);
  });
});
