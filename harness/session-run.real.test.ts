import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalHosts } from './local-hosts.ts';
import { makeRunDirectory, removeTree } from './run-directory.ts';
import { runSession, splitNotes, type SessionRequest } from './session-run.ts';

let directory: string;
let hosts: LocalHosts;
let request: Omit<SessionRequest, 'command'>;

beforeAll(async () => {
  directory = makeRunDirectory();
  hosts = new LocalHosts({ directory, replicas: 3, jobs: 1 });
  const volume = join(directory, 'volume');
  mkdirSync(volume);
  writeFileSync(join(directory, 'input'), 'from a file\n');
  request = {
    hosts,
    environment: { PATH: '/usr/bin:/bin', MARK: 'seen' },
    cwd: volume,
    stdin: null,
    volumes: [
      { subtree: '/', path: '/', readOnly: true },
      { subtree: volume, path: volume },
    ],
    timeoutMs: 10_000,
    detect: 'any',
    policy: 'agreed',
    tsc: 'auto',
    seed: 'seed',
    directory,
    limitMs: 60_000,
    signal: new AbortController().signal,
  };
});
afterAll(async () => {
  await hosts.close();
  removeTree(directory);
});

describe('runSession', () => {
  it('gives the program its input and its environment, and tells streams, status and report', async () => {
    const command = ['awk', '{ print ENVIRON["MARK"] } END { exit 3 }'];
    const run = await runSession({ ...request, command, stdin: join(directory, 'input') });
    expect(run.end).toMatchObject({ type: 'exited', status: 3, signal: null });
    expect(run.stdout.toString()).toBe('seen\n');
    expect(run.stderr.toString()).toBe('');
    expect(run.report).toMatchObject({ outcome: 'completed', exit: { status: 3 }, flags: [] });
  });

  it('kills at its limit a session that hangs, and a restart of the hosts leaves nothing', async () => {
    const run = await runSession({ ...request, command: ['sleep', '54321'], limitMs: 1500 });
    expect(run.end.type).toBe('limit');
    expect(run.report).toBeNull();
    await hosts.restart();
    await vi.waitFor(() => expect(processesOf('sleep\x0054321')).toEqual([]), 10_000);
    const again = await runSession({ ...request, hosts, command: ['true'] });
    expect(again.report).toMatchObject({ outcome: 'completed', exit: { status: 0 } });
  });

  it('tells why a command does not start', async () => {
    const run = await runSession({
      ...request,
      hosts,
      command: ['no-such-program'],
    });
    expect(run.end.status).toBe(127);
    expect(run.notes).toMatch(/no-such-program/);
  });
});

describe('splitNotes', () => {
  it("takes tmr's own lines out of what the program wrote, byte for byte", () => {
    const bytes = Buffer.from('one\ntmr: replica 2 flagged\ntw\xff\ntmr: half', 'latin1');
    const { stderr, notes } = splitNotes(bytes);
    expect(stderr.toString('latin1')).toBe('one\ntw\xff\ntmr: half');
    expect(notes).toBe('tmr: replica 2 flagged\n');
  });
});

/** Pids whose command line begins so. */
function processesOf(commandLine: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').startsWith(commandLine);
    } catch {
      return false;
    }
  });
}
