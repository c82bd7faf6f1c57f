import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { containersOf, everythingOf } from '../containers/testing/owned.ts';
import { describeWithEngines } from '../containers/testing/test-engine.ts';
import type { Report } from '../monitor/report-schema.ts';
import { temporaryDirectory, tmrCommand } from './testing/under-test.ts';

const FIRST_PORT = 42_100;
/** NFS server, three tracers; monitor and three replicas of one session. */
const PORTS = 8;
const PATIENCE = { timeout: 120_000, interval: 50 };
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

describeWithEngines('tmr run --engines', (engines) => {
  it('spreads the parts, reaches them by published ports, and leaves nothing', async () => {
    const { path, remove } = temporaryDirectory();
    writeFileSync(join(path, 'in'), 'from a file\n');
    const where = engines.map(({ url, address }) => `${url}=${address}`).join(',');
    const ports = `${FIRST_PORT}-${FIRST_PORT + PORTS - 1}`;
    const options = ['--engines', where, '--session-ports', ports, '--report', 'report.json'];
    const talk = 'read x < in; read y; echo "$x $y"; echo "$y" > out; read z; exit 7';
    const args = ['run', '--hosts', 'docker', ...options, '--', 'sh', '-c', talk];
    const child = spawn(process.execPath, [tmrCommand, ...args], { cwd: path });
    const got = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (got.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (got.stderr += text));
    try {
      child.stdin.write('typed\n');
      await vi.waitFor(() => expect(got.stdout, got.stderr).toContain('typed'), PATIENCE);

      const standing = await Promise.all(engines.map((engine) => containersOf(engine, child.pid!)));
      const partOf = (name: string): string => name.replace(/^\/tmr-[0-9a-f]+-/, '');
      expect(standing.map((some) => some.map(({ Name }) => partOf(Name)).toSorted())).toEqual([
        ['monitor', 'nfs', 'tracer-1', 'tracer-3'],
        ['tracer-2'],
      ]);
      const published: number[] = [];
      for (const [index, { address }] of engines.entries()) {
        for (const { HostConfig } of standing[index]!) {
          const bindings = Object.values(HostConfig.PortBindings as Bindings).flat();
          for (const { HostIp, HostPort } of bindings) {
            expect(HostIp).toBe(address);
            published.push(Number(HostPort));
          }
        }
      }
      const all = Array.from({ length: PORTS }, (_, index) => FIRST_PORT + index);
      expect(published.toSorted((a, b) => a - b)).toEqual(all);

      child.stdin.end('end\n');
      expect(await once(child, 'close')).toEqual([7, null]);
      expect(got.stdout).toBe('from a file typed\n');
      expect(readFileSync(join(path, 'out'), 'utf8')).toBe('typed\n');
      const { clocks, flags } = JSON.parse(
        readFileSync(join(path, 'report.json'), 'utf8'),
      ) as Report;
      expect(flags).toEqual([]);
      expect(clocks.map(({ party }) => party)).toEqual([
        'file-server',
        ...[1, 2, 3].map((replica) => `tracer ${replica}`),
      ]);
      for (const { roundTripNs } of clocks) expect(roundTripNs).toBeGreaterThan(0);
    } finally {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      remove();
    }
    for (const engine of engines) expect(await everythingOf(engine, child.pid!)).toEqual([]);
  });
});

type Bindings = Record<string, { HostIp: string; HostPort: string }[]>;
