import { inputBytes, type Workload } from './types.ts';

const program = `
{ words += NF; for (i = 1; i <= NF; i++) seen[substr($i, 1, 1)]++ }
END {
  print NR, words
  for (c = 97; c < 123; c++) { k = sprintf("%c", c); print k, seen[k] + 0 > "letters.txt" }
}`;
const command = ['awk', program, 'input.txt'];

export const awk: Workload = {
  name: 'awk',
  title: 'awk',
  about: 'An interpreter that counts the words of a text by their first letter.',
  needs: [{ program: 'awk', package: 'mawk' }],
  command: { small: command, large: command },
  environment: { LC_ALL: 'C' },
  input: { file: 'input.txt', kind: 'text', bytes: inputBytes },
  volume: 'input.txt, letters.txt',
  deterministic: true,
  nominalSeconds: { small: 0.3, large: 1.2 },
};
