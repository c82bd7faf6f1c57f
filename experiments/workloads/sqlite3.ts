import { inputBytes, type Workload } from './types.ts';

const command = [
  'sqlite3',
  '-batch',
  'data.db',
  'CREATE TABLE t(id INTEGER PRIMARY KEY, grp INTEGER, value INTEGER, name TEXT);',
  '.mode csv',
  '.import input.csv t',
  'CREATE INDEX by_group ON t(grp);',
  'SELECT grp, count(*), sum(value), max(name) FROM t GROUP BY grp ORDER BY grp;',
  'DELETE FROM t WHERE value % 3 = 0;',
  'SELECT count(*) FROM t;',
];

export const sqlite3: Workload = {
  name: 'sqlite3',
  title: 'sqlite3',
  about: 'A database: locks, a journal, fsync, reads and writes at many offsets.',
  needs: [{ program: 'sqlite3', package: 'sqlite3' }],
  command: { small: command, large: command },
  input: { file: 'input.csv', kind: 'table', bytes: inputBytes },
  volume: 'input.csv, data.db',
  deterministic: true,
  nominalSeconds: { small: 0.5, large: 2.5 },
};
