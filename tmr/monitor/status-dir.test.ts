import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publicStatus, SessionStatusFile, StatusDirectory } from './status-dir.ts';
import type { SessionStatusEntry } from './status-dir.ts';

let runtime: string;
beforeEach(() => {
  runtime = mkdtempSync('/tmp/tmr-test-status-');
});
afterEach(() => rmSync(runtime, { recursive: true, force: true }));

function entry(session: string, pid: number): SessionStatusEntry {
  return {
    session,
    state: 'running',
    secretFile: '/x',
    monitor: { pid, address: { host: '127.0.0.1', port: 1 } },
    nfs: { pid: null, address: { host: '127.0.0.1', port: 2 } },
    replicas: [],
  };
}

describe('the status directory', () => {
  it('is private, and so is what it holds', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    expect(directory.path).toBe(join(runtime, 'tmr'));
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    const secret = directory.writeSecret('s1', Buffer.from('x'.repeat(16)));
    expect(statSync(secret).mode & 0o777).toBe(0o600);
  });

  it('is refused when others may write in it', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    chmodSync(directory.path, 0o770);
    expect(() => new StatusDirectory({ XDG_RUNTIME_DIR: runtime })).toThrow(/mode 0700/);
  });

  it('lists sessions that live and hides what is internal', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    directory.write(entry('s1', process.pid), { writes: ['/w'] });
    expect(directory.list().map(({ internal }) => internal.writes)).toEqual([['/w']]);
    expect(publicStatus(directory.list())).toEqual({
      version: 1,
      sessions: [entry('s1', process.pid)],
    });
    directory.remove('s1');
    expect(directory.list()).toEqual([]);
  });

  it('that cannot be written ends nothing, is said once, and may serve again later', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    const said: string[] = [];
    const status = new SessionStatusFile(directory, (line) => said.push(line));
    rmSync(directory.path, { recursive: true });
    for (let i = 0; i < 3; i++) status.write(entry('s1', process.pid), { writes: [] });
    expect(said).toEqual([expect.stringMatching(/^cannot write the session's status: ENOENT/)]);
    mkdirSync(directory.path, { mode: 0o700 });
    status.write(entry('s1', process.pid), { writes: [] });
    expect(directory.list()).toHaveLength(1);
    expect(said).toHaveLength(1);
  });

  it('forgets sessions of dead monitors and removes what they left, and nothing else', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    const dead = spawnSync('true').pid;
    const left = join(runtime, 'left');
    mkdirSync(left);
    directory.write(entry('s1', dead), { writes: [] });
    directory.writeSecret('s1', Buffer.from('x'.repeat(16)));
    const claim = { session: 's1', pid: dead, startTime: '1', temporary: [left] };
    writeFileSync(join(directory.path, 's1.owner'), JSON.stringify(claim));
    directory.claim('s2', [runtime]);
    expect(directory.list()).toEqual([]);
    expect(directory.clean()).toEqual([left, join(directory.path, 's1.json')]);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(join(directory.path, 's1.secret'))).toBe(false);
    expect(existsSync(join(directory.path, 's2.owner'))).toBe(true);
  });

  it('does not take a process with the same number for a dead one', () => {
    const directory = new StatusDirectory({ XDG_RUNTIME_DIR: runtime });
    const claim = { session: 's1', pid: process.pid, startTime: '1', temporary: [] };
    writeFileSync(join(directory.path, 's1.owner'), JSON.stringify(claim));
    expect(directory.clean()).toHaveLength(1);
  });
});
