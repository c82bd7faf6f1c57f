import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from 'esbuild';
import type { StandardStream } from '../wire/session-plan.ts';

let directory: string;
let script: string;
beforeEach(async () => {
  directory = mkdtempSync('/tmp/tmr-test-describe-');
  script = join(directory, 'describe.mjs');
  await build({
    stdin: {
      contents: `import { writeFileSync } from 'node:fs';
        import { describeStreams } from '${import.meta.dirname}/streams.ts';
        writeFileSync(process.argv[2], JSON.stringify(describeStreams({})));`,
      resolveDir: directory,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a process started by a shell with these redirections says of its descriptors. */
function describeUnder(redirections: string): StandardStream[] {
  const said = join(directory, 'said');
  const command = `${process.execPath} ${script} ${said} ${redirections}`;
  spawnSync('sh', ['-c', command], { cwd: directory });
  return JSON.parse(spawnSync('cat', [said], { encoding: 'utf8' }).stdout) as StandardStream[];
}

describe('the standard streams', () => {
  it('are told apart by kind', () => {
    writeFileSync(join(directory, 'in'), 'abc');
    const kinds = describeUnder('< in > /dev/null 2> /dev/full').map(({ kind }) => kind);
    expect(kinds).toEqual(['file', 'null', 'file']);
    expect(describeUnder('< /dev/null | cat')[1]?.kind).toBe('pipe');
  });

  it('have the flags, size and offset that the program would see', () => {
    writeFileSync(join(directory, 'in'), 'abc');
    writeFileSync(join(directory, 'out'), 'defg');
    const [input, output] = describeUnder('< in >> out');
    expect(input).toMatchObject({ flags: 0o100000, offset: 0, stat: { size: 3 } });
    expect(output).toMatchObject({ flags: 0o102001, stat: { size: 4 } });
  });

  it('that are one open file share their number, others do not', () => {
    expect(describeUnder('> out 2>&1 < /dev/null').map(({ shared }) => shared)).toEqual([0, 1, 1]);
    expect(describeUnder('> out 2> err < /dev/null').map(({ shared }) => shared)).toEqual([
      0, 1, 2,
    ]);
  });

  it('start at the offset at which the shell left them', () => {
    const path = join(directory, 'in');
    writeFileSync(path, 'line one\nline two\n');
    const fd = openSync(path, 'r');
    const said = join(directory, 'said');
    const command = `read line; exec ${process.execPath} ${script} ${said}`;
    spawnSync('bash', ['-c', command], { stdio: [fd, 'ignore', 'ignore'] });
    closeSync(fd);
    const text = spawnSync('cat', [said], { encoding: 'utf8' }).stdout;
    expect((JSON.parse(text) as StandardStream[])[0]?.offset).toBe('line one\n'.length);
  });
});
