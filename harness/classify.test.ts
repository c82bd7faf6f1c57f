import { describe, expect, it } from 'vitest';
import { classify, type Evidence } from './classify.ts';
import { outcomes, type Outcome } from './types.ts';

const active = { injected: true, effective: true, activated: true };
const well: Evidence = {
  harnessError: null,
  fault: { kind: 'none', faultyReplica: null, ...active },
  end: { type: 'completed' },
  differences: [],
  wrongOutput: false,
  flagged: [],
  lost: [],
};
const flip = { kind: 'signature-bit-flip', faultyReplica: 1, ...active } as const;
const linkFlip = { ...flip, faultyReplica: null };
const kill = { ...flip, kind: 'replica-kill' } as const;
const delay = { ...flip, kind: 'tracer-delay' } as const;
const pause = { ...flip, kind: 'container-pause' } as const;
const quota = { ...flip, kind: 'cpu-quota' } as const;
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
  ['flip, sender flagged', { fault: flip, flagged: [1] }, 'detected-masked'],
  ['flip, nobody flagged', { fault: flip }, 'masked'],
  ['flip, another flagged', { fault: flip, flagged: [2] }, 'wrong-flagged'],
  ['flip, sender and another flagged', { fault: flip, flagged: [1, 2] }, 'wrong-flagged'],
  ['flip, duplex stopped', { fault: flip, end: stopped }, 'detected-stopped'],
  ['flip, flagged, stopped', { fault: flip, flagged: [1], end: stopped }, 'detected-stopped'],
  ['flip, flagged, wrong output', { fault: flip, flagged: [1], differences }, 'sdc'],
  ['stopped after wrong bytes', { end: stopped, differences, wrongOutput: true }, 'sdc'],
  ['stopped after a part of the output', { end: stopped, differences }, 'detected-stopped'],
  ['flip on a link, vouched', { fault: linkFlip }, 'masked'],
  ['flip on a link, sender flagged', { fault: linkFlip, flagged: [1] }, 'wrong-flagged'],
  ['kill, flagged', { fault: kill, flagged: [1] }, 'detected-masked'],
  ['kill, lost without a flag', { fault: kill, lost: [1] }, 'degraded'],
  ['kill, flagged and fenced', { fault: kill, flagged: [1], lost: [1] }, 'detected-masked'],
  ['kill, hang', { fault: kill, end: hang }, 'hang', /5000 ms/],
  ['kill, tmr crashed', { fault: kill, end: crash }, 'crash', /SIGSEGV/],
  ['delay, in time', { fault: delay }, 'masked'],
  ['delay, flagged', { fault: delay, flagged: [1] }, 'late-flagged', /only late/],
  ['delay, flagged, stopped', { fault: delay, flagged: [1], end: stopped }, 'late-flagged'],
  ['delay, another flagged', { fault: delay, flagged: [3] }, 'wrong-flagged'],
  ['delay, fenced itself', { fault: delay, lost: [1] }, 'degraded'],
  ['pause, flagged', { fault: pause, flagged: [1] }, 'late-flagged', /only late/],
  ['pause, another flagged', { fault: pause, flagged: [2] }, 'wrong-flagged'],
  ['CPU quota, flagged', { fault: quota, flagged: [1] }, 'late-flagged', /only late/],
  ['CPU quota, in time', { fault: quota }, 'masked'],
  ['disconnection, flagged', { fault: disconnect, flagged: [1] }, 'detected-masked'],
  ['disconnection, fenced itself', { fault: disconnect, lost: [1] }, 'degraded'],
  ['container killed, flagged', { fault: gone, flagged: [1] }, 'detected-masked'],
  ['container restarted, flagged', { fault: restart, flagged: [1] }, 'detected-masked'],
  ['memory limit, flagged', { fault: outOfMemory, flagged: [1] }, 'detected-masked'],
  ['partition, nobody flagged', { fault: partition }, 'masked'],
  ['partition, an end flagged', { fault: partition, flagged: [1] }, 'wrong-flagged'],
  ['notice, not counted', { fault: notice }, 'masked'],
  ['notice, accused flagged', { fault: notice, flagged: [2] }, 'wrong-flagged'],
  ['notice, accuser flagged', { fault: notice, flagged: [1] }, 'detected-masked'],
  ['hang with a wrong flag', { end: hang, flagged: [2] }, 'hang'],
  ['never injected', { fault: { ...kill, ...never } }, 'not-activated', /trigger/],
  ['no effect', { fault: { ...kill, effective: false } }, 'not-activated', /no effect/],
  ['not visible', { fault: { ...flip, activated: false } }, 'not-activated', /visible/],
  [
    'never injected, but wrong output: not hidden',
    { fault: { ...kill, ...never }, differences },
    'sdc',
    /trigger was not reached; stdout/,
  ],
  [
    'never injected, but its replica flagged',
    { fault: { ...kill, ...never }, flagged: [1] },
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
