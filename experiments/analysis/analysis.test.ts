import { describe, expect, it } from 'vitest';
import type { TrialRecord } from '../../harness/types.ts';
import { expandPlan } from '../plan/expand.ts';
import { syntheticRecord } from '../testing/synthetic-run.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import { latenciesMs } from './cells.ts';
import { fateOf, healthyLost } from './fate.ts';
import { ratioSentence } from './paired-ratio.ts';

const [plain] = expandPlan(timeoutSweep.presets.quick, 1).map(syntheticRecord);
const record = (change: Partial<TrialRecord>): TrialRecord => ({ ...plain!, ...change });

describe('a detection latency', () => {
  it('is that of a faulty replica: a healthy one that was flagged has none', () => {
    const of = (outcome: TrialRecord['outcome']): number[] =>
      latenciesMs([record({ outcome, detectionLatencyNs: 5e6 })]);
    expect(of('detected-masked')).toEqual([5]);
    expect(of('late-flagged')).toEqual([5]);
    expect(of('wrong-flagged')).toEqual([]);
    expect(of('detected-stopped')).toEqual([]);
  });
});

describe('a replica that is gone', () => {
  const second = (injected: boolean): TrialRecord['second'] => ({
    fault: 'replica-kill',
    target: 'replica:3',
    faultSpec: 'replica-kill:replica=3,at=rendezvous:9',
    injected,
    activated: injected,
    injectionNs: null,
  });
  const gone = {
    outcome: 'detected-masked',
    exitStatus: 0,
    injected: true,
    faultSpec: 'signature-bit-flip:replica=1,bit=3,at=rendezvous:7',
  } as const;

  it('is no healthy one where its fault acted, of two the second too', () => {
    const both = record({ ...gone, flagged: [1, 3], fenced: [], second: second(true) });
    expect([healthyLost(both), fateOf(both)]).toEqual([[], 'survived']);
  });

  it('is a healthy one where its fault never acted', () => {
    const one = record({ ...gone, flagged: [1, 3], fenced: [], second: second(false) });
    expect([healthyLost(one), fateOf(one)]).toEqual([[3], 'healthy-lost']);
    const none = record({ ...gone, flagged: [1], fenced: [], injected: false, second: null });
    expect(healthyLost(none)).toEqual([1]);
  });
});

it('a paired ratio is docker over local', () => {
  const pairs = Array.from({ length: 9 }, () => ({
    first: record({ runNs: 2e9 }),
    second: record({ runNs: 5e9 }),
  }));
  expect(ratioSentence(pairs, 'run time', 1)).toContain('docker / local of the run time: 2.50 (');
});
