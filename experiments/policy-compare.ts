import { modelsFor } from './fault-models.ts';
import { checkPolicyCompare } from './policy-compare-check.ts';
import { policyCompareRemarks, policyCompareTable } from './policy-compare-remarks.ts';
import { timeoutSweep } from './timeout-sweep.ts';
import type { Design, Experiment } from './types.ts';

const quick: Design = {
  ...timeoutSweep.presets.quick,
  timeoutsMs: [1000],
  faults: modelsFor(['local']).map(({ name }) => name),
  workloads: ['ledger', 'jacobi'],
  detect: ['any'],
  policy: ['agreed', 'paper'],
  timeoutFrom: ['quorum', 'first', 'own'],
  samePolicyFaults: true,
  repetitions: 3,
  delayRangeMs: [50, 2000],
};

const paper: Design = {
  ...quick,
  timeoutsMs: [200, 1000],
  workloads: ['ledger', 'jacobi', 'sha256sum', 'sqlite3'],
  detect: ['any', 'timeout-only'],
  size: 'large',
  repetitions: 30,
  nativeRuns: 20,
  goldenRuns: 20,
};

export const policyCompare: Experiment = {
  name: 'policy-compare',
  title: "The same single faults under our agreement and under the paper's literal rule",
  question:
    'Which single faults does the protocol of the paper survive, taken literally, and which of them does ours? Each fault, with one ' +
    'seed, is injected under both; for the paper under three readings of when the time-out starts: at the second vote (quorum), at the ' +
    'first, at the own. Survived: output, files and exit status as without a fault, and no healthy replica flagged, fenced or left behind. Under ' +
    'agreed every one must be survived; under paper nothing is judged.',
  factors: [
    { name: 'policy', unit: '', meaning: 'members of a group: equal seed, equal fault' },
    {
      name: 'timeoutFrom',
      unit: '',
      meaning: 'under paper, which vote starts the time-out: the second, the first, the own',
    },
    ...timeoutSweep.factors.filter(({ name }) => name !== 'policy'),
  ],
  presets: { quick, paper },
  check: checkPolicyCompare,
  table: policyCompareTable,
  remarks: policyCompareRemarks,
  figures: async () => {
    const { policyCompareFigure } = await import('./figures/policy-compare.ts');
    return [policyCompareFigure];
  },
};
