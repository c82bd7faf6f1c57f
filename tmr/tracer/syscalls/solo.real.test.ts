import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compileGuest, environment, runNatively, snapshot, Workplace } from './testing/native.ts';
import { machineTrapsTsc } from '../../ptrace-napi/test-guests.ts';
import { runSolo, type SoloOptions, type SoloResult } from './testing/solo.ts';

type Command = [string, ...string[]];

const words = Array.from({ length: 5000 }, (_, i) => `w${(i * 7919) % 5003} ${i % 13}`).join('\n');
const place = new Workplace((directory) => {
  const write = (name: string, content: string | Buffer): void =>
    writeFileSync(join(directory, name), content);
  write('words', `${words}\n`);
  write('a', 'one\ntwo\nthree\n');
  write('b', 'one\n2\nthree\nfour\n');
  write('random', randomBytes(200_000));
  write('c.c', 'int f(int n) { int s = 0; while (n) s += n--; return s; }\n');
  write('script', '#!/bin/sh\nread line < a\necho "$0 $1 $line" > made\nexec cat made\n');
  chmodSync(join(directory, 'script'), 0o755);
  mkdirSync(join(directory, 'tree/x'), { recursive: true });
  for (let i = 0; i < 12; i++) write(`tree/x/f${i}`, `file ${i}\n`.repeat(i));
  symlinkSync('x/f3', join(directory, 'tree/link'));
  linkSync(join(directory, 'tree/x/f4'), join(directory, 'tree/hard'));
  for (const guest of ['file-calls', 'process-calls', 'refused-calls', 'start-values']) {
    compileGuest(guest, directory);
  }
});
afterAll(() => place.remove());

function both(command: Command, stdin = Buffer.alloc(0)) {
  const run = (traced: boolean) => {
    const cwd = place.fresh();
    const result = traced
      ? runSolo({ command, cwd, stdin, env: environment(cwd) })
      : { ...runNatively(command, cwd, stdin), aborted: undefined };
    return {
      aborted: result.aborted,
      // As a shell says it.
      status: result.status ?? 128 + Number((result as SoloResult).signal),
      stdout: result.stdout.toString('latin1'),
      stderr: result.stderr.toString('latin1'),
      files: snapshot(cwd),
    };
  };
  return { native: run(false), traced: run(true) };
}

describe('a replica does what a native run does', () => {
  const gcc = '/usr/lib/gcc/x86_64-linux-gnu';
  const cc1 = ['12', '13', '14'].map((v) => `${gcc}/${v}/cc1`).find((path) => existsSync(path));
  const commands: Command[] = [
    ['/usr/bin/cat', 'a', 'b'],
    ['/usr/bin/sort', '-o', 'sorted', 'words'],
    ['/usr/bin/sha256sum', 'words', 'random'],
    ['/usr/bin/sed', '-i', 's/one/uno/', 'a'],
    ['/usr/bin/gzip', '-9', '-n', 'words'],
    ['/usr/bin/tar', '-cf', 'made.tar', '--mtime=@1', 'tree'],
    ['/usr/bin/find', 'tree', '-type', 'f', '-name', 'f1*'],
    ['/usr/bin/ls', '-l', '--time-style=+', 'tree'],
    ['/usr/bin/cp', '-r', 'tree', 'copy'],
    ['/usr/bin/rm', '-r', 'tree'],
    ['/usr/bin/dd', 'if=random', 'of=made', 'bs=1000', 'skip=5', 'count=70', 'status=none'],
    ['/usr/bin/diff', 'a', 'b'],
    ['/usr/bin/awk', '{ n[$2] += length($1) } END { for (k in n) print k, n[k] }', 'words'],
    ['/usr/bin/perl', '-e', 'open F, ">made"; print F "x" x 100000; close F; print -s "made"'],
    ['/usr/bin/cat', 'none'],
    ['/usr/bin/cat', '/etc/passwd'],
    ['script', 'argument'],
    [...([cc1 ?? '/usr/bin/true', '-quiet', '-O2', 'c.c', '-o', 'c.s'] as Command)],
  ];
  test.each(commands.map((command) => [command.join(' '), command] as const))(
    '%s',
    (_name, [file, ...args]) => {
      const path = file.startsWith('/') ? file : `./${file}`;
      const { native, traced } = both([path, ...args]);
      expect(traced).toEqual(native);
    },
  );

  test.each([
    [['/usr/bin/tr', 'a-z', 'A-Z']],
    [['/usr/bin/tail', '-c', '100']],
    [['/usr/bin/cat', '/dev/stdin']],
  ] as [Command][])('standard input is read to its end: %s', (command) => {
    const { native, traced } = both(command, Buffer.from(words));
    expect(traced).toEqual(native);
  });

  test('each file call gives the result or errno of the kernel', () => {
    const { native, traced } = both(['./file-calls']);
    expect(native.stdout.split('\n').length).toBeGreaterThan(200);
    expect(traced).toEqual(native);
  });

  test('signals, clocks, limits and exec are those of a native process', () => {
    const { native, traced } = both(['./process-calls']);
    expect(native.status).toBe(128 + 15);
    expect(traced).toEqual({ ...native, stderr: '' });
  });
});

describe('a replica is determined by its inputs', () => {
  const signaturesOf = (command: Command, options: Partial<SoloOptions> = {}): string[] => {
    const cwd = place.fresh();
    return runSolo({ command, cwd, clock: 'virtual', ...options }).signatures;
  };

  test.each([
    ['/usr/bin/perl', '-e', 'print join(" ", map { rand } 1..10), time, $$'],
    ['/usr/bin/awk', 'BEGIN { srand(); print rand() }'],
    ['./process-calls'],
  ] as Command[])('the same seed gives the same signatures: %s', (...command) => {
    const first = signaturesOf(command);
    expect(first.length).toBeGreaterThan(20);
    expect(signaturesOf(command)).toEqual(first);
  });

  test('what a program is given at its start is equal, and of the session', () => {
    const start = (seed: string) => {
      const names: string[] = [];
      const result = runSolo({
        command: ['./start-values'],
        cwd: place.fresh(),
        clock: 'virtual',
        seed,
        onCall: (name) => names.push(name),
      });
      const text = result.stdout.toString();
      // Where the machine traps it for nobody, the counter is what no tracer can make equal.
      return { text: machineTrapsTsc() ? text : text.replace(/^tsc .*\n/m, ''), names };
    };
    const one = start('44'.repeat(32));
    expect(start('44'.repeat(32))).toEqual(one);
    const randomOf = (text: string) => /^AT_RANDOM (.*)$/m.exec(text)?.[1];
    expect(randomOf(start('55'.repeat(32)).text)).not.toBe(randomOf(one.text));
    expect(one.text).toContain('AT_SYSINFO_EHDR 0\n');
    expect(one.text).not.toMatch(/vdso|vvar|180000000000|tmr-exec/);
    expect(one.text).toContain(`${place.directory}/start-values\n`);
    // No clock is read behind the tracer's back.
    expect(one.names.filter((name) => name === 'clock_gettime').length).toBe(100);
  });

  test('another seed gives other random bytes', () => {
    const command: Command = ['/usr/bin/perl', '-e', 'print rand'];
    const run = (seed: string) =>
      runSolo({ command, cwd: place.fresh(), clock: 'virtual', seed }).stdout.toString();
    expect(run('22'.repeat(32))).not.toBe(run('33'.repeat(32)));
  });
});

describe('what is refused', () => {
  test('gets an errno that programs know, and is reported', () => {
    const result = runSolo({ command: ['./refused-calls'], cwd: place.fresh() });
    expect(result.stdout.toString()).toBe(
      [
        'socket EAFNOSUPPORT',
        'clone3 ENOSYS',
        'io_uring_setup ENOSYS',
        'mount EPERM',
        'open EROFS',
        'mkdir EROFS',
        'unlink EROFS',
        '',
      ].join('\n'),
    );
    expect(result.refused).toContain('path /usr/tmr-none EROFS');
    expect(result.refused).toContain('call socket 97');
  });

  test('a second process ends the session by name', () => {
    const result = runSolo({ command: ['/usr/bin/sh', '-c', '/bin/true; :'], cwd: place.fresh() });
    expect(result.aborted).toMatch(/fork|clone|vfork/);
  });
});
