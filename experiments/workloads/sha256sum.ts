import { inputBytes, type Workload } from './types.ts';

export const sha256sum: Workload = {
  name: 'sha256sum',
  title: 'sha256sum',
  about: 'Reads one file from end to end and prints a line.',
  needs: [{ program: 'sha256sum', package: 'coreutils' }],
  command: { small: ['sha256sum', 'input.txt'], large: ['sha256sum', 'input.txt'] },
  input: { file: 'input.txt', kind: 'text', bytes: inputBytes },
  volume: 'input.txt',
  deterministic: true,
  nominalSeconds: { small: 0.04, large: 0.15 },
};
