/** Sessions a second: `tmr monitor -- /bin/true` one after the other, as a user would, on running daemons. */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { median } from 'simple-statistics';
import { startDaemons, tmrCommand } from './daemons.ts';

export interface SessionsResult {
  perSecond: number;
  medianMs: number;
  count: number;
  /** Every session's wall time, the monitor's own Node start included. */
  milliseconds: number[];
  loadAverage: number[];
}

const WARM_UP = 3;

export async function sessions(count: number): Promise<SessionsResult> {
  const daemons = await startDaemons();
  try {
    const args = ['monitor', '--tracers', daemons.tracers.join(','), '--nfs', daemons.nfs];
    args.push('--secret-file', daemons.secretFile, '--', '/bin/true');
    const run = () => {
      const since = process.hrtime.bigint();
      const { status, stderr } = spawnSync(process.execPath, [tmrCommand, ...args], {
        cwd: daemons.directory,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`a session gave ${status}: ${stderr}`);
      return Number(process.hrtime.bigint() - since) / 1e6;
    };
    for (let i = 0; i < WARM_UP; i++) run();
    const milliseconds = Array.from({ length: count }, run);
    const total = milliseconds.reduce((sum, ms) => sum + ms, 0);
    return {
      perSecond: (count * 1000) / total,
      medianMs: median(milliseconds),
      count,
      milliseconds,
      loadAverage: loadavg(),
    };
  } finally {
    daemons.stop();
  }
}
