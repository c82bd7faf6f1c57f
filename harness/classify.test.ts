import { describe, expect, it } from 'vitest';
import { classify, type Evidence } from './classify.ts';
import { outcomes, type Outcome } from './types.ts';

const active = { injected: true, effective: true, activated: true };
const well: Evidence = {
  harnessError: null,
  faults: [{ kind: 'none', finiteDelay: false, faultyReplica: null, ...active }],
  end: { type: 'completed' },
  differences: [],
  wrongOutput: false,
  flagged: [],
  lost: [],
};
const flip = {
  kind: 'signature-bit-flip',
  finiteDelay: false,
  faultyReplica: 1,
  ...active,
} as const;
const linkFlip = { ...flip, faultyReplica: null };
const kill = { ...flip, kind: 'replica-kill' } as const;
const delay = { ...flip, kind: 'tracer-delay', finiteDelay: true } as const;
const pause = { ...flip, kind: 'container-pause', finiteDelay: true } as const;
const quota = { ...flip, kind: 'cpu-quota', finiteDelay: true } as const;
const disconnect = { ...flip, kind: 'network-disconnect' } as const;
const gone = { ...flip, kind: 'container-kill' } as const;
const outOfMemory = { ...flip, kind: 'memory-limit' } as const;
const restart = { ...flip, kind: 'container-restart' } as const;
const partition = { ...linkFlip, kind: 'link-partition' } as const;
/** The accuser is the faulty one. */
const notice = { ...flip, kind: 'false-flag-notice' } as const;
const stopped = { type: 'stopped', reason: 'no agreement' } as const;
const crash = { type: 'crash', reason: 'killed by SIGSEGV' } as const;
const hang = { type: 'hang', limitMs: 5000 } as const;
const differences = ['stdout differs at byte 7'];
const never = { ...active, injected: false, effective: false, activated: false };

const table: [string, Partial<Evidence>, Outcome, RegExp?][] = [
  ['nothing happened', {}, 'masked'],
  ['no fault, a flag', { flagged: [2] }, 'wrong-flagged', /replica 2 without a fault/],
  ['no fault, a fence', { lost: [2] }, 'degraded', /replica 2 lost without a flag/],
  ['no fault, stopped', { end: stopped }, 'detected-stopped', /no agreement/],
  ['no fault, wrong output', { differences }, 'sdc', /byte 7/],
  ['flip, sender flagged', { faults: [flip], flagged: [1] }, 'detected-masked'],
  ['flip, nobody flagged', { faults: [flip] }, 'masked'],
  ['flip, another flagged', { faults: [flip], flagged: [2] }, 'wrong-flagged'],
  ['flip, sender and another flagged', { faults: [flip], flagged: [1, 2] }, 'wrong-flagged'],
  ['flip, duplex stopped', { faults: [flip], end: stopped }, 'detected-stopped'],
  ['flip, flagged, stopped', { faults: [flip], flagged: [1], end: stopped }, 'detected-stopped'],
  ['flip, flagged, wrong output', { faults: [flip], flagged: [1], differences }, 'sdc'],
  ['stopped after wrong bytes', { end: stopped, differences, wrongOutput: true }, 'sdc'],
  ['stopped after a part of the output', { end: stopped, differences }, 'detected-stopped'],
  ['flip on a link, vouched', { faults: [linkFlip] }, 'masked'],
  ['flip on a link, sender flagged', { faults: [linkFlip], flagged: [1] }, 'wrong-flagged'],
  ['kill and delay of one, flagged', { faults: [kill, delay], flagged: [1] }, 'detected-masked'],
  ['kill, flagged', { faults: [kill], flagged: [1] }, 'detected-masked'],
  ['kill, lost without a flag', { faults: [kill], lost: [1] }, 'degraded'],
  ['kill, flagged and fenced', { faults: [kill], flagged: [1], lost: [1] }, 'detected-masked'],
  ['kill, hang', { faults: [kill], end: hang }, 'hang', /5000 ms/],
  ['kill, tmr crashed', { faults: [kill], end: crash }, 'crash', /SIGSEGV/],
  ['delay, in time', { faults: [delay] }, 'masked'],
  ['delay, flagged', { faults: [delay], flagged: [1] }, 'late-flagged', /only late/],
  ['delay, flagged, stopped', { faults: [delay], flagged: [1], end: stopped }, 'late-flagged'],
  ['delay, another flagged', { faults: [delay], flagged: [3] }, 'wrong-flagged'],
  ['delay, fenced itself', { faults: [delay], lost: [1] }, 'degraded'],
  ['pause, flagged', { faults: [pause], flagged: [1] }, 'late-flagged', /only late/],
  ['pause, another flagged', { faults: [pause], flagged: [2] }, 'wrong-flagged'],
  ['CPU quota, flagged', { faults: [quota], flagged: [1] }, 'late-flagged', /only late/],
  ['CPU quota, in time', { faults: [quota] }, 'masked'],
  ['disconnection, flagged', { faults: [disconnect], flagged: [1] }, 'detected-masked'],
  ['disconnection, fenced itself', { faults: [disconnect], lost: [1] }, 'degraded'],
  ['container killed, flagged', { faults: [gone], flagged: [1] }, 'detected-masked'],
  ['container restarted, flagged', { faults: [restart], flagged: [1] }, 'detected-masked'],
  ['memory limit, flagged', { faults: [outOfMemory], flagged: [1] }, 'detected-masked'],
  ['partition, nobody flagged', { faults: [partition] }, 'masked'],
  ['partition, an end flagged', { faults: [partition], flagged: [1] }, 'wrong-flagged'],
  ['notice, not counted', { faults: [notice] }, 'masked'],
  ['notice, accused flagged', { faults: [notice], flagged: [2] }, 'wrong-flagged'],
  ['notice, accuser flagged', { faults: [notice], flagged: [1] }, 'detected-masked'],
  ['hang with a wrong flag', { end: hang, flagged: [2] }, 'hang'],
  ['never injected', { faults: [{ ...kill, ...never }] }, 'not-activated', /trigger/],
  ['no effect', { faults: [{ ...kill, effective: false }] }, 'not-activated', /no effect/],
  ['not visible', { faults: [{ ...flip, activated: false }] }, 'not-activated', /visible/],
  [
    'never injected, but wrong output: not hidden',
    { faults: [{ ...kill, ...never }], differences },
    'sdc',
    /trigger was not reached; stdout/,
  ],
  [
    'never injected, but its replica flagged',
    { faults: [{ ...kill, ...never }], flagged: [1] },
    'wrong-flagged',
  ],
  ['harness error over all', { harnessError: 'disk full', differences }, 'harness-error', /disk/],
];

describe('classify', () => {
  it.each(table)('%s', (_title, evidence, outcome, reason) => {
    const verdict = classify({ ...well, ...evidence });
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.reason ?? '').toMatch(reason ?? /.*/);
  });

  it('can give every class, and each has a row here', () => {
    const seen = new Set(table.map(([, evidence]) => classify({ ...well, ...evidence }).outcome));
    expect([...outcomes].filter((outcome) => !seen.has(outcome))).toEqual([]);
  });
});
