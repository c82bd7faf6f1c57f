import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programImages } from './closure.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/tmp/tmr-test-images-');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sha256 = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');
const everywhere = (): boolean => true;
const program = (path: string) => ({ local: Buffer.from(path), seen: Buffer.from(path) });
const paths = (...args: Parameters<typeof programImages>): string[] =>
  programImages(...args).map(({ path }) => path);

/** What ldd(1) finds: resolved paths. */
function linked(path: string): string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map(([, file]) => realpathSync(file!));
}

function compile(source: string, output: string, ...flags: string[]): void {
  const file = `${output}.c`;
  writeFileSync(file, source);
  const { status, stderr } = spawnSync('cc', ['-o', output, file, ...flags], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
}

describe('the files of a program', () => {
  it.each(['/usr/bin/ls', '/bin/bash', '/usr/bin/env'])(
    'are for %s those that the linker loads, each with its SHA-256',
    (path) => {
      const files = programImages([program(path)], [], everywhere);
      const found = files.map((file) => realpathSync(file.path));
      expect(found).toEqual(expect.arrayContaining([realpathSync(path), ...linked(path)]));
      expect(new Set(found).size).toBe(found.length);
      for (const file of files) expect(file.sha256, file.path).toBe(sha256(file.path));
    },
  );

  it('begin with the scripts that lead to it, under the names that the replicas see', () => {
    writeFileSync(join(directory, 's'), '#!/usr/bin/env\n');
    const script = { local: Buffer.from(join(directory, 's')), seen: Buffer.from('/usr/bin/s') };
    expect(paths([script, program('/usr/bin/env')], [], everywhere).slice(0, 3)).toEqual([
      '/usr/bin/s',
      '/usr/bin/env',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });

  it('are found beside the program by RUNPATH and RPATH with $ORIGIN, needs of needs too', () => {
    mkdirSync(join(directory, 'lib'));
    const lib = join(directory, 'lib');
    compile('int inner(void) { return 0; }', join(lib, 'libinner.so'), '-shared', '-fPIC');
    const build = ['-shared', '-fPIC', `-L${lib}`, '-linner'];
    compile('int inner(void); int outer(void) { return inner(); }', `${lib}/libouter.so`, ...build);
    const main = 'int outer(void); int main(void) { return outer(); }';
    for (const [name, tags] of [
      ['rpath', '--disable-new-dtags'],
      ['runpath', '--enable-new-dtags'],
    ] as const) {
      const file = join(directory, name);
      const rpath = `-Wl,${tags},-rpath,$ORIGIN/./lib,--allow-shlib-undefined`;
      compile(main, file, `-L${lib}`, '-louter', rpath);
      const found = paths([program(file)], [], everywhere);
      expect(found, name).toContain(`${lib}/libouter.so`);
      // DT_RUNPATH is for the program's own needs, DT_RPATH for those of its libraries as well.
      expect(found.includes(`${lib}/libinner.so`), name).toBe(name === 'rpath');
      const env = [Buffer.from(`LD_LIBRARY_PATH=${lib}`)];
      expect(paths([program(file)], env, everywhere)).toContain(`${lib}/libinner.so`);
    }
  });

  it('leave out what lies on volumes, and a library that is nowhere', () => {
    const onlyLoader = (path: string): boolean => path.startsWith('/lib64/');
    expect(paths([program('/usr/bin/env')], [], onlyLoader)).toEqual([
      '/usr/bin/env',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
    const env = [Buffer.from('LD_PRELOAD=libnowhere.so /nowhere/lib.so')];
    expect(paths([program('/usr/bin/env')], env, everywhere)).toEqual(
      paths([program('/usr/bin/env')], [], everywhere),
    );
  });

  it('get another digest when the file changes, however often it was asked before', () => {
    const file = join(directory, 'true');
    copyFileSync('/usr/bin/true', file);
    symlinkSync(file, join(directory, 'link'));
    const digest = (): string | undefined =>
      programImages([program(join(directory, 'link'))], [], everywhere)[0]?.sha256;
    expect([digest(), digest()]).toEqual([sha256(file), sha256(file)]);
    appendFileSync(file, 'x');
    expect(digest()).toBe(sha256(file));
    rmSync(file);
    copyFileSync('/usr/bin/false', file);
    expect(digest()).toBe(sha256('/usr/bin/false'));
  });

  it.each([
    ['no ELF at all', Buffer.from('plain text')],
    ['nothing but the magic', Buffer.from('\x7fELF\x02\x01', 'latin1')],
    ['a header of garbage', Buffer.concat([Buffer.from('\x7fELF\x02\x01'), Buffer.alloc(90, 255)])],
  ])('are the file alone where it is %s', (_what, bytes) => {
    const file = join(directory, 'f');
    writeFileSync(file, bytes);
    expect(paths([program(file)], [], everywhere)).toEqual([file]);
  });
});
