import type { Workload } from './types.ts';

export const ledger: Workload = {
  name: 'ledger',
  title: 'Ledger',
  about: 'Writes, reads and prints in turn: every kind of fault finds its place all the way.',
  build: { source: 'ledger.c', libraries: [] },
  needs: [{ program: 'cc', package: 'gcc libc6-dev' }],
  command: {
    small: ['./ledger', '40', 'records.txt'],
    large: ['./ledger', '1000', 'records.txt'],
  },
  volume: 'ledger, records.txt',
  deterministic: true,
  nominalSeconds: { small: 0.01, large: 0.1 },
};
