import { inputBytes, type Workload } from './types.ts';

// One thread, a fixed buffer: sort would else size both by the machine.
const command = ['sort', '--parallel=1', '-S', '64M', '-o', 'sorted.txt', 'input.txt'];

export const sort: Workload = {
  name: 'sort',
  title: 'sort',
  about: 'Reads all, computes, then writes all at once.',
  needs: [{ program: 'sort', package: 'coreutils' }],
  command: { small: command, large: command },
  environment: { LC_ALL: 'C' },
  input: { file: 'input.txt', kind: 'text', bytes: inputBytes },
  volume: 'input.txt, sorted.txt',
  deterministic: true,
  nominalSeconds: { small: 0.15, large: 0.7 },
};
