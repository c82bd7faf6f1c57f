import { describe, expect, it } from 'vitest';
import { requireResolved } from '../faults/resolve.ts';
import { parseFault } from '../faults/text.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';
import { trialSpec } from './test-support.ts';
import { emptyRecord, fillRecord } from './trial-record.ts';
import type { TrialRecord } from './types.ts';

const flip = 'signature-bit-flip:replica=1,bit=3,at=rendezvous:7';
const flagOf = (change: Partial<Report['flags'][number]>): Report['flags'][number] => ({
  replica: 1,
  stream: 0,
  rendezvous: 7,
  mechanism: 'signature',
  accusers: [2, 3],
  tFirstSuspicionNs: 240.4,
  tSecondArrivalNs: 210,
  tQuorumNs: 300,
  tIsolatedNs: 350,
  consequence: false,
  ...change,
});

function recordWith(flags: Report['flags']): TrialRecord {
  const fault = requireResolved(parseFault(flip));
  const known = { startedAt: '', loadAverage: 0, nativeRunNs: null, goldenRunNs: null };
  const record = emptyRecord(trialSpec({ fault: parseFault(flip) }), [fault], known);
  const report = {
    outcome: 'completed',
    bounds: { wrongVoteMs: 47, absentVoteMs: 900 },
    fences: [],
    lost: [],
    placements: {},
    notices: [
      { at: 'monitor', counted: false },
      { at: 'file-server', counted: false },
      { at: 'file-server', counted: true },
    ],
    tStartNs: 10,
    tEndNs: 5010,
    rendezvous: 41,
    skewMaxMs: 1,
    burstMaxMs: 2,
  } as unknown as Report;
  fillRecord(record, {
    run: {
      end: { type: 'ended', status: 0, signal: null } as never,
      report,
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
      notes: '',
    },
    faults: [fault],
    evidence: [
      {
        injected: true,
        effective: true,
        activated: true,
        injectionNs: 200,
        clockUncertaintyNs: 0,
        failed: null,
      },
    ],
    reaction: { accusedNs: 250, resumeNs: 320 },
    flags,
    limitMs: 1000,
    differences: [],
    wrongOutput: false,
  });
  return record;
}

describe('the row of a trial', () => {
  it('has the times of the first flag, and the latency to where it counted', () => {
    expect(recordWith([flagOf({})])).toMatchObject({
      outcome: 'detected-masked',
      flagsApart: [],
      suspicionNs: 240,
      quorumNs: 300,
      isolationNs: 350,
      resumeNs: 320,
      detectionLatencyNs: 100,
      runNs: 5000,
      boundMs: 47,
      noticesIgnored: 1,
    });
  });

  it('names who is flagged at the monitor or at the file server alone', () => {
    expect(recordWith([flagOf({ tIsolatedNs: null })]).flagsApart).toEqual([1]);
    const atServer = recordWith([flagOf({ tQuorumNs: null })]);
    expect(atServer).toMatchObject({ flagsApart: [1], quorumNs: 350, detectionLatencyNs: 150 });
  });
});
