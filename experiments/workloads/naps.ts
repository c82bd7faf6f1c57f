import type { Workload } from './types.ts';

export const naps: Workload = {
  name: 'naps',
  title: 'Naps',
  about:
    'Sleeps 200 ms between calls, 1 s when large: with a shorter time-out it matters which vote starts it (--timeout-from).',
  build: { source: 'naps.c', libraries: [] },
  needs: [{ program: 'cc', package: 'gcc libc6-dev' }],
  command: { small: ['./naps', '15', '200'], large: ['./naps', '60', '1000'] },
  volume: 'naps',
  deterministic: true,
  nominalSeconds: { small: 3, large: 60 },
};
