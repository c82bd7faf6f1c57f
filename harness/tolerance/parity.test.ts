import { describe, expect, it } from 'vitest';
import { RENDEZVOUS_MIN } from './floors.ts';
import { explain, isSame, probeSteps, simulatedDecision, type Decision } from './parity.ts';

const flip = 'signature-bit-flip:replica=2,bit=3,at=rendezvous:20';
const flagged: Decision = { flagged: 2, accusers: [1, 3], mechanism: 'signature', k: 20 };
const nobody: Decision = { flagged: null, accusers: [], mechanism: null, k: null };

describe('the decision of the simulator', () => {
  it('has a step for each rendezvous of the probe', () => {
    expect(probeSteps).toHaveLength(RENDEZVOUS_MIN);
  });

  it.each([
    [flip, flagged],
    ['vote-loss:link=1-2,at=rendezvous:20', nobody],
    ['link-reset:link=1-2,phase=dispute,at=rendezvous:20', nobody],
    ['wrong-seal:replica=1,to=2,other=good,at=rendezvous:20', nobody],
    [
      'wrong-seal:replica=1,to=2,other=withheld,at=rendezvous:20',
      { flagged: 1, accusers: [2, 3], mechanism: 'time-out', k: 20 },
    ],
    [
      'replica-kill:replica=3,process=tracer,phase=before-effect,at=rendezvous:20',
      { flagged: 3, accusers: [1, 2], mechanism: 'connection-closed', k: 21 },
    ],
    [
      'tracer-delay:replica=1,delay=900ms,at=rendezvous:20',
      { flagged: 1, accusers: [2, 3], mechanism: 'time-out', k: 20 },
    ],
  ] as const)('for %s is %o', (text, decision) => {
    expect(simulatedDecision(text)).toEqual(decision);
  });
});

describe('two decisions', () => {
  it('are the same whoever accused first', () => {
    expect(isSame(flagged, { ...flagged, accusers: [3, 1] })).toBe(true);
    for (const other of [
      { ...flagged, flagged: 1 },
      { ...flagged, accusers: [1] },
      { ...flagged, mechanism: 'time-out' },
      { ...flagged, k: 21 },
      nobody,
    ]) {
      expect(isSame(flagged, other)).toBe(false);
      expect(explain(flip, flagged, other)).toBeNull();
    }
  });

  it.each([
    'early-vote:replica=2,at=rendezvous:20',
    'memory-bit-flip:replica=2,address=0x1,bit=0,at=rendezvous:20',
    'request-bit-flip:replica=2,bit=0,at=rendezvous:20',
    'service-link-loss:replica=2,service=nfs,at=rendezvous:20',
    'output-bit-flip:replica=2,bit=0,at=rendezvous:20',
  ])('of %s may differ, but never in who is faulty', (text) => {
    const other = { ...flagged, flagged: 3 };
    expect(explain(text, other, flagged)).toBeNull();
    expect(explain(text, flagged, other)).toBeNull();
  });

  it('of an early vote may differ in the mechanism alone', () => {
    const text = 'early-vote:replica=2,at=rendezvous:20';
    expect(explain(text, { ...flagged, mechanism: 'call-number' }, flagged)).not.toBeNull();
    expect(explain(text, { ...flagged, mechanism: 'call-number', k: 21 }, flagged)).toBeNull();
    expect(explain(text, nobody, flagged)).toBeNull();
  });
});
