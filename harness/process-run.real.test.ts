import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { monotonicNs, runProcess } from './process-run.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmr-process-run-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const run = (command: string[], limitMs: number): ReturnType<typeof runProcess> =>
  runProcess({
    command,
    cwd: '/',
    environment: { PATH: '/usr/bin:/bin' },
    stdin: null,
    stdout: join(directory, 'stdout'),
    stderr: join(directory, 'stderr'),
    limitMs,
    signal: new AbortController().signal,
  });

it('kills what has not ended within the limit', async () => {
  expect(await run(['sleep', '60'], 200)).toMatchObject({ type: 'limit', signal: 'SIGKILL' });
});

it('takes no process for hung that ended while this one was busy', async () => {
  const ending = run(['true'], 300);
  const untilNs = monotonicNs() + 900e6;
  // What a campaign does that simulates, or draws figures, in between.
  while (monotonicNs() < untilNs);
  expect(await ending).toMatchObject({ type: 'exited', status: 0 });
});
