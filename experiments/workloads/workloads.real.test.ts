import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeInput } from './input.ts';
import { workloads } from './registry.ts';
import { makeRunnable } from './runnable.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmr-workloads-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

describe('inputs', () => {
  it('are the same bytes on every machine', () => {
    makeInput(join(directory, 'text'), 'text', 100_000);
    makeInput(join(directory, 'table'), 'table', 100_000);
    expect(sha256(readFileSync(join(directory, 'text')))).toMatchInlineSnapshot(
      `"e742cbe6f69379521ea1fc1a0acd735ccb309b01ecf929d8918725392f209adc"`,
    );
    expect(sha256(readFileSync(join(directory, 'table')))).toMatchInlineSnapshot(
      `"5f4936a81a1d52ba493ff6fdf9d63b21023421a8f585bc83a7088c766ae7264d"`,
    );
  });
});

describe('each workload', () => {
  it.each(workloads.map((workload) => [workload.name, workload] as const))(
    '%s gives the same output and volume twice, from a volume of its own',
    async (_, workload) => {
      const runnable = makeRunnable(workload, 'small', join(directory, 'cache'));
      const runs: string[][] = [];
      for (const run of ['a', 'b']) {
        const volume = join(directory, `${workload.name}-${run}`);
        mkdirSync(volume);
        await runnable.fillVolume(volume);
        const [file, ...args] = runnable.command;
        const output = execFileSync(file!, args, {
          cwd: volume,
          env: { PATH: process.env['PATH'], ...runnable.environment },
        });
        const files = readdirSync(volume).sort();
        expect(files.join(', ')).toBe(workload.volume.split(', ').sort().join(', '));
        const { input } = workload;
        const size = input === undefined ? Infinity : statSync(join(volume, input.file)).size;
        expect(size).toBeGreaterThanOrEqual(8 * 1024 * 1024);
        runs.push([
          sha256(output),
          ...files.map((name) => sha256(readFileSync(join(volume, name)))),
        ]);
        rmSync(volume, { recursive: true });
      }
      expect(runs[0]).toEqual(runs[1]);
    },
  );
});
