import {
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  lstatSync,
  readlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  directoryOfTest,
  runReplicated,
  runToEnd,
  temporaryDirectory,
} from './testing/under-test.ts';

/** A time of the files, in seconds. */
const MADE_S = 1_700_000_000;

let directories: { path: string; remove: () => void }[] = [];

/** The same files in two directories of equal path length: one for the native run, one for ours. */
function twoDirectories(): [string, string] {
  const pair = [temporaryDirectory(), temporaryDirectory()] as const;
  directories.push(...pair);
  for (const { path } of pair) {
    const lines = Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 3001} line ${i}`);
    writeFileSync(join(path, 'text'), `${lines.join('\n')}\n`);
    writeFileSync(
      join(path, 'bytes'),
      Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i) >> 3)),
    );
    // gzip writes its input's time into its output.
    for (const name of ['text', 'bytes']) utimesSync(join(path, name), MADE_S, MADE_S);
  }
  return [pair[0].path, pair[1].path];
}

/** Names, types, modes, sizes and content; times are not compared. */
function tree(directory: string): Record<string, unknown> {
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => {
        const path = join(directory, name);
        const { mode, size } = lstatSync(path);
        if (lstatSync(path).isSymbolicLink()) return [name, readlinkSync(path)];
        if (statSync(path).isDirectory()) return [name, tree(path)];
        return [name, `${mode.toString(8)} ${size} ${readFileSync(path).toString('base64')}`];
      }),
  );
}

beforeEach(() => {
  directories = [];
});
afterEach(() => {
  for (const { remove } of directories) remove();
});

const commands: string[][] = [
  ['sha256sum', 'text', 'bytes'],
  ['sort', '-n', '-o', 'sorted', 'text'],
  ['gzip', '-k', '-9', 'text'],
  ['xz', '-k', 'bytes'],
  ['dd', 'if=bytes', 'of=copy', 'bs=1000', 'status=none'],
  ['cp', '-p', 'text', 'copy'],
  ['tar', 'cf', 'archive', '--mtime=@0', 'text', 'bytes'],
  ['awk', '{ n += $1 } END { print n, NR }', 'text'],
  ['sed', '-i', 's/line/LINE/', 'text'],
  ['grep', '-c', '7', 'text'],
  ['find', '.', '-type', 'f', '-name', 'b*'],
  ['ls', '-a'],
  ['mkdir', '-p', 'a/b/c'],
  ['ln', '-s', 'text', 'link'],
  ['mv', 'bytes', 'moved'],
  ['rm', 'bytes'],
  ['chmod', '640', 'text'],
  ['truncate', '-s', '100', 'text'],
  ['split', '-n', '3', 'bytes'],
  ['sqlite3', 'db', 'create table t(a); insert into t values (1), (2); select sum(a) from t;'],
  ['perl', '-e', 'open F, ">", "out"; print F $_ * $_, "\\n" for 1..1000; print "done\\n"'],
  ['/usr/bin/python3', '-c', 'import json; print(json.dumps({"a": [1, 2]}))'],
  ['env', 'GREETING=hello', 'printenv', 'GREETING'],
  ['sh', '-c', 'umask 077; echo private > secret; exec cat secret'],
  ['cat', 'text', 'missing'],
  ['false'],
];

describe('an ordinary program, replicated', () => {
  it.each(commands)(
    '%s %s: output, files and exit status are those of a native run',
    (...command) => {
      const [native, replicated] = twoDirectories();
      const program = command.filter((word): word is string => word !== undefined);
      const expected = runToEnd(program[0] ?? '', program.slice(1), { cwd: native });
      const got = runReplicated(program, { cwd: replicated });
      expect(got.stdout.equals(expected.stdout)).toBe(true);
      expect(got.stderr).toBe(expected.stderr);
      expect(got.status).toBe(expected.status);
      expect(tree(replicated)).toEqual(tree(native));
    },
  );

  it('reads a pipe to its end, in as many pieces as come', () => {
    const path = directoryOfTest();
    const input = Buffer.alloc(300_000, 'tmr\n');
    const got = runReplicated(['wc', '-c'], { cwd: path, input });
    expect(got.stdout.toString().trim()).toBe('300000');
  });

  it('is ended by the signal that ends it natively', () => {
    const path = directoryOfTest();
    const command = ['perl', '-e', 'kill 11, $$'];
    const expected = runToEnd('perl', command.slice(1), { cwd: path });
    const got = runReplicated(command, { cwd: path });
    expect(got.signal).toBe(expected.signal);
  });

  it('gets the errno of a native program for what it may not write, and the user one line', () => {
    const path = directoryOfTest();
    const got = runReplicated(['touch', '/etc/tmr-was-here'], { cwd: path });
    expect(got.status).toBe(1);
    expect(got.stderr).toContain('Read-only file system');
    expect(got.stderr.split('\n').filter((line) => line.startsWith('tmr: '))).toHaveLength(1);
  });

  it('leaves the offset of a seekable standard input where the program left it', () => {
    const path = directoryOfTest();
    writeFileSync(join(path, 'lines'), 'first\nsecond\nthird\n');
    const script = `(${process.execPath} "$TMR" run -- head -n 1 >/dev/null; cat) < lines`;
    const native = '(head -n 1 > /dev/null; cat) < lines';
    const env = {
      ...process.env,
      TMR: new URL('../../dist/tmr.js', import.meta.url).pathname,
    };
    const expected = runToEnd('sh', ['-c', native], { cwd: path });
    const got = runToEnd('sh', ['-c', script], { cwd: path, env });
    expect(got.stdout.toString()).toBe(expected.stdout.toString());
  });
});
