import { checkHostsCompare } from './hosts-compare-check.ts';
import { hostsCompareRemarks } from './hosts-compare-remarks.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import type { Design, Experiment } from './types.ts';

const quick: Design = {
  ...timeoutSweep.presets.quick,
  timeoutsMs: [250, 1000],
  detect: ['any'],
  hosts: ['local', 'docker'],
  repetitions: 2,
};

const paper: Design = {
  ...timeoutSweep.presets.paper,
  detect: ['any'],
  hosts: ['local', 'docker'],
};

export const hostsCompare: Experiment = {
  name: 'hosts-compare',
  title: 'The same trials in processes and in containers',
  question:
    'Does the same trial with the same seed give the same decisions in processes of one machine and in containers, and ' +
    'comparable latencies? Equal are outcome, flagged replicas, accusers and mechanism (which message of one death came first is a race). ' +
    'Latencies may differ by d, what the session allows for messages and handling (two ticks, T/8 up to T = 1.6 s); beyond d is told, ' +
    'beyond the stated detection bound (P3) is a violation. What does the run cost on each?',
  factors: [
    { name: 'hosts', unit: '', meaning: 'the members of a pair: equal seed, equal fault' },
    ...timeoutSweep.factors.filter(({ name }) => name !== 'hosts'),
  ],
  presets: { quick, paper },
  check: checkHostsCompare,
  remarks: hostsCompareRemarks,
  figures: async () => {
    const { hostsCompareFigure } = await import('./figures/hosts-compare.ts');
    return [hostsCompareFigure];
  },
};
