import { describe, expect, it } from 'vitest';
import { parseFault } from '../../faults/text.ts';
import { requireResolved } from '../../faults/resolve.ts';
import { trialSpec } from '../test-support.ts';
import { emptyRecord } from '../trial-record.ts';
import type { TrialRecord } from '../types.ts';
import { judgeSingleFault } from './judge.ts';

const known = { startedAt: '', loadAverage: 0, nativeRunNs: null, goldenRunNs: null };
const LAST = 40;

function violations(fault: string, change: Partial<TrialRecord> = {}): string[] {
  const spec = trialSpec({ fault: parseFault(fault), timeoutMs: 500 });
  const record: TrialRecord = {
    ...emptyRecord(spec, [requireResolved(parseFault(fault))], known),
    injected: true,
    effective: true,
    activated: true,
    outcome: 'masked',
    reason: null,
    ...change,
  };
  const found = judgeSingleFault(record, { lastRendezvous: LAST, shortDelays: 'judged' });
  return found.map(({ verdict, property }) => (verdict === 'violated' ? property : verdict));
}

const flip = 'signature-bit-flip:replica=1,bit=3,at=rendezvous:7';
const loss = 'vote-loss:link=1-2,at=rendezvous:7';
const masked = { outcome: 'detected-masked', flagged: [1] } as const;

describe('the judgement of a single fault', () => {
  it('finds nothing where each is handled as promised', () => {
    expect(violations(flip, { ...masked, flagged: [1] })).toEqual([]);
    expect(violations(loss)).toEqual([]);
    expect(violations('clock-error:replica=2,offset=5s,at=rendezvous:7')).toEqual([]);
    const late = 'tracer-delay:replica=1,delay=900ms,at=rendezvous:7';
    expect(violations(late, { outcome: 'late-flagged', flagged: [1] })).toEqual([]);
    expect(violations(late)).toEqual([]);
  });

  it.each([
    ['P1', { ...masked, outcome: 'sdc' }],
    ['P1', { ...masked, outcome: 'crash' }],
    ['P1', { ...masked, outcome: 'detected-stopped' }],
    ['P5', { ...masked, outcome: 'hang' }],
    ['P4', { ...masked, flagsApart: [1] }],
    ['P3', { outcome: 'masked' }],
    ['P3', { ...masked, boundMs: 10, detectionLatencyNs: 11e6 }],
  ] as const)('finds %s in %o', (property, change) => {
    expect(violations(flip, change as unknown as Partial<TrialRecord>)).toEqual([property]);
  });

  it('finds P2 where a healthy replica is flagged, fences itself or is left behind', () => {
    expect(violations(flip, { ...masked, flagged: [1, 2] })).toEqual(['P2']);
    expect(violations(flip, { ...masked, flagged: [1], fenced: [3] })).toEqual(['P2']);
    // Both ends of a link are healthy.
    expect(violations(loss, { ...masked, flagged: [1] })).toEqual(['P2']);
    expect(violations(loss, { fenced: [2] })).toEqual(['P2']);
    // Left behind without a word.
    expect(violations(loss, { lost: [2] })).toEqual(['P2']);
    expect(violations(flip, { ...masked, flagged: [1], lost: [1] })).toEqual([]);
    // Nobody is faulty where nothing was injected.
    expect(
      violations(flip, { ...masked, flagged: [1], injected: false, activated: false }),
    ).toEqual(['P2']);
  });

  it('finds P2 where a replica is flagged for what its kind never is', () => {
    const wrongClock = 'clock-error:replica=1,offset=5s,at=rendezvous:7';
    expect(violations(wrongClock, { ...masked, flagged: [1] })).toEqual(['P2']);
    const short = 'tracer-delay:replica=1,delay=60ms,at=rendezvous:7';
    expect(violations(short, { outcome: 'late-flagged', flagged: [1] })).toEqual(['P2']);
  });

  it('wants a flag for the wrong vote that provokes a dispute, but none where a link is reset in it', () => {
    const delay = 'tracer-delay:replica=1,delay=60ms,phase=dispute,at=rendezvous:7';
    expect(violations(delay)).toEqual(['P3']);
    expect(violations(delay, { ...masked, flagged: [1] })).toEqual([]);
    expect(violations('link-reset:link=1-2,phase=dispute,at=rendezvous:7')).toEqual([]);
  });

  it('takes the tracer that closes a link in a dispute for the faulty one, and no end of it otherwise', () => {
    const reset = (phase: string): string => `link-reset:link=1-2,phase=${phase},at=rendezvous:7`;
    expect(violations(reset('dispute'), { ...masked, flagged: [1] })).toEqual([]);
    expect(violations(reset('dispute'), { lost: [1] })).toEqual([]);
    for (const healthy of [2, 3]) {
      expect(violations(reset('dispute'), { ...masked, flagged: [healthy] })).toEqual(['P2']);
    }
    for (const phase of ['before-vote', 'after-vote', 'before-effect']) {
      for (const healthy of [1, 2, 3]) {
        expect(violations(reset(phase), { ...masked, flagged: [healthy] })).toEqual(['P2']);
        expect(violations(reset(phase), { lost: [healthy] })).toEqual(['P2']);
      }
    }
  });

  it('wants a flag for wrong seals, unless one peer gets good votes', () => {
    const unsealed = (other: string): string =>
      `wrong-seal:replica=1,to=2,other=${other},at=rendezvous:7`;
    for (const other of ['badly-sealed', 'withheld']) {
      expect(violations(unsealed(other))).toEqual(['P3']);
      expect(violations(unsealed(other), { ...masked, flagged: [1] })).toEqual([]);
      expect(violations(unsealed(other), { ...masked, flagged: [1, 3] })).toEqual(['P2']);
    }
    expect(violations(unsealed('good'))).toEqual([]);
    expect(violations(unsealed('good'), { ...masked, flagged: [1] })).toEqual([]);
    expect(violations(unsealed('good'), { ...masked, flagged: [2] })).toEqual(['P2']);
  });

  it('wants no flag when nothing is voted any more, or the fault never showed', () => {
    const kill = (k: number, phase: string, process = 'replica'): string =>
      `replica-kill:replica=1,process=${process},phase=${phase},at=rendezvous:${k}`;
    expect(violations(kill(LAST, 'before-effect'))).toEqual([]);
    expect(violations(kill(LAST, 'before-vote'))).toEqual([]);
    expect(violations(kill(LAST, 'before-vote', 'tracer'))).toEqual(['P3']);
    expect(violations(kill(LAST - 1, 'before-vote'))).toEqual(['P3']);
    expect(violations(kill(LAST - 1, 'before-effect'))).toEqual(['P3']);
    expect(violations(flip, { activated: false })).toEqual([]);
  });

  it('gives no verdict on a bound whose assumption the machine did not keep', () => {
    const late = { ...masked, flagged: [1], boundMs: 100, detectionLatencyNs: 300e6 };
    expect(violations(flip, { ...late, skewMaxMs: 10 })).toEqual(['P3']);
    // Notices took 150 ms: more than d, 62.5 ms at T = 500 ms.
    expect(violations(flip, { ...late, resumeNs: 150e6, quorumNs: 300e6 })).toEqual(['unknown']);
    // Healthy replicas were apart for longer than what is beyond the bound.
    expect(violations(flip, { ...late, skewMaxMs: 250 })).toEqual(['unknown']);
  });

  it('gives no verdict on a healthy replica that missed T on a machine too slow for it', () => {
    const slow: Partial<TrialRecord> = {
      outcome: 'wrong-flagged',
      flagged: [2],
      mechanism: 'time-out',
    };
    expect(violations(loss, { ...slow, skewMaxMs: 60 })).toEqual(['unknown']);
    expect(violations(loss, { ...slow, skewMaxMs: 40 })).toEqual(['P2']);
    expect(violations(loss, { ...slow, mechanism: 'signature', skewMaxMs: 60 })).toEqual(['P2']);
    const fenced: Partial<TrialRecord> = { outcome: 'degraded', fenced: [2] };
    expect(violations(loss, { ...fenced, skewMaxMs: 260 })).toEqual(['unknown']);
    expect(violations(loss, { ...fenced, skewMaxMs: 240 })).toEqual(['P2']);
  });
});
