import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { report as reportSchema } from '../monitor/report-schema.ts';
import { temporaryDirectory, tmrCommand } from './testing/under-test.ts';

let directory: { path: string; remove: () => void };
let runtime: string;
beforeEach(() => {
  directory = temporaryDirectory();
  runtime = join(directory.path, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
});
afterEach(() => directory.remove());

interface Ended {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line in an own status directory. */
function tmr(args: string[], environment: Record<string, string> = {}): Ended {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [tmrCommand, ...args], {
    cwd: directory.path,
    encoding: 'utf8',
    env: { ...process.env, XDG_RUNTIME_DIR: runtime, ...environment },
  });
  return { status, signal, stdout, stderr };
}

const run = (...options: string[]): string[] => ['run', ...options, '--', 'true'];

describe('the command line', () => {
  it.each([
    ['an unknown command', ['rum'], /Did you mean run/],
    ['help on an unknown command', ['help', 'rum'], /Did you mean run/],
    ['an unknown command with --help', ['rum', '--help'], /Did you mean run/],
    ['a tracer that nobody could use', ['tracer', '--listen', '127.0.0.1:0'], /--secret-file/],
    ['a server that serves nobody', ['nfs', '--export', '/'], /--secret-file.*--plain/],
    ['an export without a name', ['nfs', '--export', '', '--plain', '/'], /expected a directory/],
    ['an unknown option', ['run', '--polcy', 'paper', '--', 'true'], /Did you mean --policy/],
    ['a number without a unit', ['run', '--timeout', '5', '--', 'true'], /did you mean 5s or 5ms/],
    ['a time-out that flags the healthy', ['run', '--timeout', '5ms', '--', 'true'], /20ms/],
    ['a detour on no link', ['run', '--via', '2-1=h:1', '--', 'true'], /did you mean 1-2/],
    ['too few ports', ['run', '--session-ports', '41001-41002', '--', 'true'], /3 ports/],
    ['limits of containers on local hosts', run('--container-cpus', '1'), /add --hosts docker/],
    ['too little memory', run('--hosts', 'docker', '--container-memory', '10m'), /256m or more/],
    ['too few pids', run('--hosts', 'docker', '--container-pids', '5'), /from 64 on/],
    ['no CPU', run('--hosts', 'docker', '--container-cpus', '0'), /such as 1.5/],
    [
      'too few ports for several engines',
      run(
        '--hosts',
        'docker',
        '--engines',
        'tcp://a:1,tcp://b:1',
        '--session-ports',
        '41000-41002',
      ),
      /expected 8 ports, such as 41000-41007, got 3/,
    ],
    ['a report that cannot be written', ['run', '--report', '/', '--', 'true'], /the directory \//],
    [
      'a monitor without a secret',
      ['monitor', '--tracers', 'h:1', '--nfs', 'h:1', '--', 'true'],
      /--secret-file/,
    ],
  ])('refuses %s with status 78 and says what to do', (_what, args, hint) => {
    const { status, stderr } = tmr(args);
    expect(status).toBe(78);
    expect(stderr).toMatch(hint);
  });

  it('refuses a secret file that others can read', () => {
    const secret = join(directory.path, 'secret');
    writeFileSync(secret, 'x'.repeat(32));
    chmodSync(secret, 0o644);
    const args = [
      'monitor',
      '--secret-file',
      secret,
      '--tracers',
      'h:1',
      '--nfs',
      'h:1',
      '--',
      'true',
    ];
    expect(tmr(args)).toMatchObject({ status: 78, stderr: expect.stringContaining('chmod 600') });
  });

  it('ends as env(1) for commands that are not there or not executable, and leaves nothing', () => {
    const plain = join(directory.path, 'plain');
    writeFileSync(plain, 'text');
    expect(tmr(['run', '--', 'no-such-command'])).toMatchObject({ status: 127 });
    expect(tmr(['run', '--', plain])).toMatchObject({ status: 126 });
    expect(readdirSync(join(runtime, 'tmr'))).toEqual([]);
  });

  it('says what cannot be reached, within its deadline', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const bound = taken.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    taken.close();
    const secret = join(directory.path, 'secret');
    writeFileSync(secret, 'x'.repeat(32), { mode: 0o600 });
    const at = `127.0.0.1:${port}`;
    const ended = tmr([
      'monitor',
      '--secret-file',
      secret,
      '--tracers',
      at,
      '--nfs',
      at,
      '--',
      'true',
    ]);
    expect(ended).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/cannot reach .*is it running/),
    });
  });

  it('shows help that names every option', () => {
    const { status, stdout } = tmr(['run', '--help']);
    expect(status).toBe(0);
    for (const option of [
      '--replicas',
      '--timeout',
      '--policy',
      '--detect',
      '--seed',
      '--private-tmp',
      '--progress',
      '--report',
      '--via',
    ]) {
      expect(stdout).toContain(option);
    }
    // Defaults are as they are typed.
    expect(tmr(['nfs', '--help']).stdout).toMatch(/default:\s+127\.0\.0\.1:2049\)/);
    expect(tmr(['--version']).stdout).toMatch(/^tmr \d+\.\d+\.\d+\n$/);
  });
});

describe('a session from outside', () => {
  it('writes a report that follows its schema, and leaves no status behind', () => {
    expect(tmr(['run', '--report', 'r.json', '--', 'false']).status).toBe(1);
    const report = reportSchema.parse(
      JSON.parse(readFileSync(join(directory.path, 'r.json'), 'utf8')),
    );
    expect(report).toMatchObject({
      outcome: 'completed',
      exit: { status: 1 },
      flags: [],
      random: 'secret',
    });
    expect(readdirSync(join(runtime, 'tmr'))).toEqual([]);
  });

  it('tells once of writes that were refused', () => {
    const { status, stderr } = tmr(['run', '--', 'touch', '/etc/tmr-test-refused']);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'tmr: 1 write outside the volumes was refused (EROFS), first: /etc/tmr-test-refused',
    );
    expect(existsSync('/etc/tmr-test-refused')).toBe(false);
  });

  it('is listed while it runs, and what a killed monitor leaves is removed by the next start', async () => {
    const child = spawn(process.execPath, [tmrCommand, 'run', '--private-tmp', '--', 'cat'], {
      cwd: directory.path,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    });
    const echoed = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('hello\n');
    await echoed;
    const { sessions } = JSON.parse(tmr(['status', '--json']).stdout) as {
      sessions: { session: string; state: string; monitor: { pid: number }; replicas: unknown[] }[];
    };
    expect(sessions).toMatchObject([{ state: 'running', monitor: { pid: child.pid } }]);
    expect(sessions[0]?.replicas).toHaveLength(3);
    const privateTmp = `/tmp/tmr-private-${sessions[0]?.session}`;
    expect(existsSync(privateTmp)).toBe(true);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    expect(tmr(['status']).stdout).toMatch(/^no session is running \(in containers: .*\)\n$/);
    expect(tmr(['clean']).stdout).toContain(`removed ${privateTmp}`);
    expect(existsSync(privateTmp)).toBe(false);
    expect(readdirSync(join(runtime, 'tmr'))).toEqual([]);
  });

  it.each(['SIGUSR1', 'SIGQUIT'] as const)('ends by %s and puts its status away', async (name) => {
    const child = spawn(process.execPath, [tmrCommand, 'run', '--report', 'r.json', '--', 'cat'], {
      cwd: directory.path,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    });
    const echoed = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('hello\n');
    await echoed;
    const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    child.kill(name);
    expect(await exited).toBe(name);
    expect(readdirSync(join(runtime, 'tmr'))).toEqual([]);
    const report = JSON.parse(readFileSync(join(directory.path, 'r.json'), 'utf8')) as object;
    expect(report).toMatchObject({ outcome: 'interrupted' });
  });

  it('says so when the current directory is gone', () => {
    const command = `mkdir gone; cd gone; rmdir ../gone; ${process.execPath} ${tmrCommand} run -- true`;
    const { status, stderr } = spawnSync('sh', ['-c', command], {
      cwd: directory.path,
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^tmr: expected a current directory that exists.*\n$/);
  });

  it('passes a full device on to the program', () => {
    const command = `${process.execPath} ${tmrCommand} run -- echo hi > /dev/full`;
    const ended = spawnSync('sh', ['-c', command], { cwd: directory.path, encoding: 'utf8' });
    expect(ended).toMatchObject({
      status: 1,
      stderr: 'echo: write error: No space left on device\n',
    });
  });

  it('lets the program name its terminal', () => {
    const command = `tty; ${process.execPath} ${tmrCommand} run -- tty`;
    const ended = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: directory.path,
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    });
    expect(ended.stdout).toMatch(/^(\/dev\/\S+)\r\n\1\r\n$/);
  });

  it('gives a script its name as typed, and runs one without #! by the shell', () => {
    writeFileSync(join(directory.path, 's'), '#!/bin/sh\necho $0 $1\n', { mode: 0o755 });
    writeFileSync(join(directory.path, 'plain'), 'echo $0 $1\n', { mode: 0o755 });
    expect(tmr(['run', '--', './s', 'x']).stdout).toBe('./s x\n');
    expect(tmr(['run', '--', './plain', 'x']).stdout).toBe('./plain x\n');
  });

  it('leaves standard input where the program left it', () => {
    writeFileSync(join(directory.path, 'in'), 'one\ntwo\nthree\n');
    const command = `(${process.execPath} ${tmrCommand} run -- head -n 1; cat) < in`;
    const { stdout } = spawnSync('sh', ['-c', command], {
      cwd: directory.path,
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    });
    expect(stdout).toBe('one\ntwo\nthree\n');
  });
});
