/**
 * Sessions a second: `tmr monitor -- /bin/true` as a user would call it, on running daemons. As many
 * at once as there are cores by default, each in a directory of its own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { median } from 'simple-statistics';
import { startDaemons, tmrCommand, type Daemons } from './daemons.ts';

export interface SessionsResult {
  /** All sessions over the wall time of all. */
  perSecond: number;
  /** Sessions under way at the same time. */
  atOnce: number;
  /** Median wall time of one, the monitor's own Node start included. */
  medianMs: number;
  count: number;
  milliseconds: number[];
  loadAverage: number[];
}

const WARM_UP = 3;

export async function sessions(count: number, atOnce: number): Promise<SessionsResult> {
  const daemons = await startDaemons({ keepIdle: atOnce });
  try {
    const places = Array.from({ length: atOnce }, (_, i) => join(daemons.directory, String(i)));
    for (const place of places) mkdirSync(place);
    for (let i = 0; i < WARM_UP; i++) await Promise.all(places.map((p) => session(daemons, p)));
    const milliseconds: number[] = [];
    let left = count;
    const worker = async (place: string) => {
      while (left-- > 0) milliseconds.push(await session(daemons, place));
    };
    const since = process.hrtime.bigint();
    await Promise.all(places.map(worker));
    const seconds = Number(process.hrtime.bigint() - since) / 1e9;
    return {
      perSecond: count / seconds,
      atOnce,
      medianMs: median(milliseconds),
      count,
      milliseconds,
      loadAverage: loadavg(),
    };
  } finally {
    daemons.stop();
  }
}

/** Wall time of one session in ms. Rejects when it fails: a failed session has no time. */
function session(daemons: Daemons, cwd: string): Promise<number> {
  const args = ['monitor', '--tracers', daemons.tracers.join(','), '--nfs', daemons.nfs];
  args.push('--secret-file', daemons.secretFile, '--volume', `${cwd}=${cwd}`, '--', '/bin/true');
  const since = process.hrtime.bigint();
  const child = spawn(process.execPath, [tmrCommand, ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0) resolve(Number(process.hrtime.bigint() - since) / 1e6);
      else reject(new Error(`a session gave ${status}`));
    });
  });
}
