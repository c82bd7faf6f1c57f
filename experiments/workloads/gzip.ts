import { inputBytes, type Workload } from './types.ts';

export const gzip: Workload = {
  name: 'gzip',
  title: 'gzip',
  about: 'Reads a file, computes, writes a second one and keeps the first.',
  needs: [{ program: 'gzip', package: 'gzip' }],
  // -n: no name and time stamp in the header, which would differ between runs.
  command: {
    small: ['gzip', '-1', '-n', '-k', 'input.txt'],
    large: ['gzip', '-n', '-k', 'input.txt'],
  },
  input: { file: 'input.txt', kind: 'text', bytes: inputBytes },
  volume: 'input.txt, input.txt.gz',
  deterministic: true,
  nominalSeconds: { small: 0.2, large: 2 },
};
