import { describe, expect, it } from 'vitest';
import { Recorder } from './recorder.ts';

const skewNs = (recorder: Recorder): number =>
  recorder.statistics({ tsc: 'native', placement: '' }).skewMaxNs;

describe('the skew', () => {
  it('is from the second to the third arrival, whoever comes first', () => {
    const recorder = new Recorder(1);
    recorder.arrival(1, 3, 100);
    recorder.arrival(1, 0, 1000);
    recorder.arrival(1, 2, 1300);
    recorder.decided(1, 3, 1400);
    expect(skewNs(recorder)).toBe(300);
  });

  it('of a vote that was not waited for is at least as long as it was waited for', () => {
    const recorder = new Recorder(1);
    recorder.arrival(1, 0, 1000);
    recorder.arrival(1, 2, 1100);
    recorder.decided(1, 3, 2700);
    expect(skewNs(recorder)).toBe(1600);
  });

  it('is none at the start, of two members, and of the rendezvous before', () => {
    const recorder = new Recorder(1);
    recorder.arrival(0, 0, 1);
    recorder.arrival(0, 2, 500);
    recorder.arrival(0, 3, 900);
    recorder.decided(0, 3, 900);
    recorder.arrival(1, 0, 1000);
    recorder.arrival(1, 2, 1500);
    recorder.decided(1, 2, 1500);
    expect(skewNs(recorder)).toBe(0);
    // Two rendezvous later the same places are used again.
    recorder.arrival(2, 0, 2000);
    recorder.arrival(2, 2, 2010);
    recorder.arrival(2, 3, 2020);
    recorder.decided(2, 3, 2020);
    expect(skewNs(recorder)).toBe(10);
  });
});
