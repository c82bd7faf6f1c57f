/**
 * What is published of a trial weakened: its class, its judgement, times, columns, ratios, in code that any test
 * runs through without looking at the values.
 */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

export const recordMutants: readonly Mutant[] = [
  ...mutantsOf(
    'harness/classify.ts',
    ['harness/classify.test.ts'],
    [
      [
        'classify: late where any fault was a delay',
        'faultsOf(replica).every(',
        'faultsOf(replica).some(',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/tolerance/judge.ts',
    ['harness/tolerance/judge.test.ts'],
    [
      [
        'judge: the last rendezvous is voted on',
        'fault.at.k >= lastRendezvous',
        'fault.at.k > lastRendezvous',
      ],
      [
        'judge: drift excuses any flag',
        "outcome === 'wrong-flagged' && mechanism === 'time-out'",
        "outcome === 'wrong-flagged' && mechanism !== null",
      ],
    ],
  ),
  ...mutantsOf(
    'harness/trial-record.ts',
    ['harness/trial-record.test.ts'],
    [
      [
        'record: flags are never apart',
        'tQuorumNs === null || tIsolatedNs === null',
        'tQuorumNs === null && tIsolatedNs === null',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/fault-evidence.ts',
    ['harness/fault-evidence.test.ts'],
    [
      ['reaction: who is flagged counts', ' && !flagged.includes(replica)', ''],
      [
        'reaction: the last, not the first',
        'times.length === 0 ? null : Math.min',
        'times.length === 0 ? null : Math.max',
      ],
    ],
  ),
  ...mutantsOf(
    'experiments/analysis/fate.ts',
    ['experiments/analysis/analysis.test.ts'],
    [
      [
        'fate: a fault that never acted excuses',
        '...(second?.injected === true ? [second.faultSpec] : [])',
        '...(second ? [second.faultSpec] : [])',
      ],
    ],
  ),
  ...mutantsOf(
    'experiments/record/columns.ts',
    ['experiments/record/record.test.ts'],
    [['columns: resume is isolation', '(r) => r.resumeNs,', '(r) => r.isolationNs,']],
  ),
  ...mutantsOf(
    'experiments/analysis/paired-ratio.ts',
    ['experiments/analysis/analysis.test.ts'],
    [['ratio: upside down', '[both[1] / both[0]]', '[both[0] / both[1]]']],
  ),
  ...mutantsOf(
    'experiments/figures/false-flag-rate.ts',
    ['experiments/figures/figures.test.ts'],
    [
      [
        'false flags: of all trials',
        'const shown = counted(records).filter(',
        'const shown = records.filter(',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/monitor-clock.ts',
    ['harness/monitor-clock.test.ts'],
    [['clock: the offset is added', 'event.tNs - (of(event)', 'event.tNs + (of(event)']],
  ),
  ...mutantsOf(
    'harness/tolerance/parity.ts',
    ['harness/tolerance/parity.test.ts'],
    [['parity: the rendezvous does not matter', ' &&\n    real.k === simulated.k', '']],
  ),
  ...mutantsOf(
    'experiments/analysis/cells.ts',
    ['experiments/analysis/analysis.test.ts'],
    [
      [
        'latency: of wrong flags too',
        "(outcome === 'detected-masked' || outcome === 'late-flagged')",
        "(outcome === 'detected-masked' || outcome === 'late-flagged' || outcome === 'wrong-flagged')",
      ],
    ],
  ),
  ...mutantsOf(
    'harness/trial-record.ts',
    ['harness/tolerance/judge.test.ts', 'harness/trial-record.test.ts'],
    [['record: who is left behind is not gone', '...record.fenced, ...lost', '...record.fenced']],
  ),
];
