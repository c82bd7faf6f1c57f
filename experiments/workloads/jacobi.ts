import type { Workload } from './types.ts';

export const jacobi: Workload = {
  name: 'jacobi',
  title: 'Jacobi relaxation',
  about:
    'A numerical simulation: computes long between calls, prints its residual, writes a result.',
  build: { source: 'jacobi.c', libraries: ['m'] },
  needs: [{ program: 'cc', package: 'gcc libc6-dev' }],
  command: {
    small: ['./jacobi', '128', '2000', 'plate.txt'],
    large: ['./jacobi', '512', '4000', 'plate.txt'],
  },
  volume: 'jacobi, plate.txt',
  deterministic: true,
  nominalSeconds: { small: 0.1, large: 2.5 },
};
