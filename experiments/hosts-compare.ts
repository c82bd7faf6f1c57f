import { checkHostsCompare } from './hosts-compare-check.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import type { Design, Experiment } from './types.ts';

const quick: Design = {
  ...timeoutSweep.presets.quick,
  timeoutsMs: [250, 1000],
  detect: ['any'],
  hosts: ['local', 'docker'],
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
    'latencies that differ by no more than d, what the session allows for messages and handling (T/8)? What does the run cost on each?',
  factors: [
    { name: 'hosts', unit: '', meaning: 'the members of a pair: equal seed, equal fault' },
    ...timeoutSweep.factors.filter(({ name }) => name !== 'hosts'),
  ],
  presets: { quick, paper },
  check: checkHostsCompare,
  figures: async () => {
    const { hostsCompareFigure } = await import('./figures/hosts-compare.ts');
    return [hostsCompareFigure];
  },
};
