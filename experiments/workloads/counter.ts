import type { Workload } from './types.ts';

export const counter: Workload = {
  name: 'counter',
  title: 'Counter',
  about: 'Thousands of small reads and writes: the most rendezvous for the least computing.',
  build: { source: 'counter.c', libraries: [] },
  needs: [{ program: 'cc', package: 'gcc libc6-dev' }],
  command: {
    small: ['./counter', '500', 'records.txt'],
    large: ['./counter', '20000', 'records.txt'],
  },
  volume: 'counter, records.txt',
  deterministic: true,
  nominalSeconds: { small: 0.01, large: 0.1 },
};
