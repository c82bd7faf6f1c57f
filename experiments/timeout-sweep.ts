import { checkTimeoutSweep } from './timeout-sweep-check.ts';
import type { Design, Experiment } from './types.ts';

const quick: Design = {
  timeoutsMs: [100, 250, 1000],
  faults: ['none', 'signature-bit-flip', 'replica-kill', 'tracer-delay', 'false-flag-notice'],
  workloads: ['jacobi', 'sha256sum'],
  detect: ['any', 'timeout-only'],
  policy: ['agreed'],
  hosts: ['local'],
  tsc: 'auto',
  // With two workloads: six trials a point of the latency figure, the fewest for an interval.
  repetitions: 3,
  size: 'small',
  delayRangeMs: [50, 2000],
  nativeRuns: 6,
  goldenRuns: 2,
};

const paper: Design = {
  ...quick,
  timeoutsMs: [50, 100, 200, 500, 1000, 2000, 5000, 10_000],
  workloads: ['jacobi', 'sha256sum', 'sqlite3'],
  repetitions: 30,
  size: 'large',
  delayRangeMs: [20, 20_000],
  nativeRuns: 20,
  goldenRuns: 20,
};

export const timeoutSweep: Experiment = {
  name: 'timeout-sweep',
  title: 'Detection latency, false flags and overhead against the time-out',
  question:
    'The time-out is user-definable. How fast is a faulty replica found, how often is a slow but correct one ' +
    'flagged by mistake, and what does the run cost, as the time-out grows?',
  factors: [
    { name: 'timeoutsMs', unit: 'ms', meaning: 'the time-out T' },
    { name: 'faults', unit: '', meaning: 'one fault a trial, drawn from its kind' },
    { name: 'workloads', unit: '', meaning: 'the replicated program' },
    {
      name: 'detect',
      unit: '',
      meaning: "any: a closed connection is acted on at once; timeout-only: the paper's behaviour",
    },
    {
      name: 'policy',
      unit: '',
      meaning: 'agreed: two notices, asks and views; paper: the literal rule, our reading',
    },
    { name: 'hosts', unit: '', meaning: 'where the replicas run' },
    { name: 'repetitions', unit: 'trials', meaning: 'trials a cell' },
  ],
  presets: { quick, paper },
  check: checkTimeoutSweep,
  figures: async () => {
    const { detectionLatency } = await import('./figures/detection-latency.ts');
    const { falseFlagRate } = await import('./figures/false-flag-rate.ts');
    const { overheadFigure } = await import('./figures/overhead.ts');
    return [detectionLatency, falseFlagRate, overheadFigure];
  },
};
