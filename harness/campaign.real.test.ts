import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { identifyProcess, isDead, type ProcessIdentity } from '../faults/process-state.ts';
import { parseFault } from '../faults/text.ts';
import { openCampaign } from './campaign.ts';
import { removeLeftovers } from './run-directory.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import type { RunnableWorkload } from './types.ts';

const { signal } = new AbortController();
const notes: string[] = [];
const onLine = (line: string): void => void notes.push(line);

describe('a campaign', () => {
  it('runs trials one after the other on the same hosts and leaves nothing behind', async () => {
    const runDirectory = mkdtempSync(join(tmpdir(), 'tmr-campaign-test-'));
    const campaign = await openCampaign(campaignOptions({ keep: 'all', runDirectory }));
    try {
      const [info] = await campaign.prepare(onLine, signal);
      expect(info).toMatchObject({ workload: 'awk', disqualified: null });
      expect(info!.nativeRunsNs).toHaveLength(3);
      expect(info!.goldenRunsNs).toHaveLength(2);
      const started = descendants(process.pid);
      const first = await campaign.run(trialSpec({ trial: 7, timeoutMs: 10_000 }), signal);
      const second = await campaign.run(trialSpec({ trial: 8, timeoutMs: 10_000 }), signal);
      expect(first).toMatchObject({ outcome: 'masked', rendezvous: info!.rendezvous });
      expect(second).toMatchObject({ outcome: 'masked', rendezvous: info!.rendezvous });
      expect(first.runNs).toBeGreaterThan(0);
      expect(first.keptPath).toBe('kept/7');
      expect(readdirSync(join(runDirectory, 'kept', '7'))).toContain('report.json');
      const all = [...started, ...descendants(process.pid)];
      expect(ownDirectories(process.pid)).toHaveLength(1);
      await campaign.close();
      await campaign.close();
      expect(all.filter((one) => !isDead(one))).toEqual([]);
      expect(ownDirectories(process.pid)).toEqual([]);
    } finally {
      await campaign.close();
      rmSync(runDirectory, { recursive: true });
    }
  });

  it('runs trials at the same time without one touching the other', async () => {
    const campaign = await openCampaign(campaignOptions({ jobs: 2 }));
    try {
      await campaign.prepare(onLine, signal);
      const kill = parseFault('replica-kill:replica=2,process=tracer,at=fraction:0.5');
      const [healthy, faulty] = await Promise.all([
        campaign.run(trialSpec({ timeoutMs: 10_000 }), signal),
        campaign.run(trialSpec({ trial: 1, timeoutMs: 10_000, fault: kill }), signal),
      ]);
      expect(healthy).toMatchObject({ outcome: 'masked', flagged: [], fenced: [] });
      expect(faulty).toMatchObject({ outcome: 'detected-masked', flagged: [2] });
    } finally {
      await campaign.close();
    }
  });

  it('has ended what a trial started when an abort is told, and runs the next one', async () => {
    const campaign = await openCampaign(campaignOptions());
    try {
      await campaign.prepare(onLine, signal);
      const fault = parseFault('tracer-delay:replica=1,delay=10m,at=rendezvous:20');
      const abort = new AbortController();
      const endless = campaign.run(trialSpec({ fault, timeoutMs: 600_000 }), abort.signal);
      const replicas = await vi.waitFor(() => {
        const found = descendants(process.pid).filter(({ pid }) =>
          commandOf(pid).startsWith('awk'),
        );
        expect(found).toHaveLength(3);
        return found;
      }, 30_000);
      abort.abort();
      await expect(endless).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      // The kernel kills a replica when its tracer has ended: that is not waited for.
      await vi.waitFor(() => expect(replicas.filter((one) => !isDead(one))).toEqual([]), 5000);
      expect(await campaign.run(trialSpec({ timeoutMs: 10_000 }), signal)).toMatchObject({
        outcome: 'masked',
      });
    } finally {
      await campaign.close();
    }
  });

  it('starts again what was killed between two trials', async () => {
    const campaign = await openCampaign(campaignOptions());
    try {
      await campaign.prepare(onLine, signal);
      const daemons = descendants(process.pid).filter(({ pid }) => / tracer /.test(commandOf(pid)));
      expect(daemons).toHaveLength(3);
      process.kill(daemons[1]!.pid, 'SIGKILL');
      await vi.waitFor(() => expect(isDead(daemons[1]!)).toBe(true), 10_000);
      const record = await campaign.run(trialSpec({ timeoutMs: 10_000 }), signal);
      expect(record).toMatchObject({ outcome: 'masked', flagged: [] });
    } finally {
      await campaign.close();
    }
  });

  it('disqualifies by name a workload whose replicated run is not as the native one', async () => {
    const pid: RunnableWorkload = {
      ...awkWorkload,
      name: 'pid',
      command: ['sh', '-c', 'echo $$'],
    };
    const absent: RunnableWorkload = { ...awkWorkload, name: 'absent', command: ['no-program'] };
    const campaign = await openCampaign(campaignOptions({ workloads: [pid, absent] }));
    try {
      const [info, other] = await campaign.prepare(onLine, signal);
      expect(other!.disqualified).toMatch(/cannot be started: spawn no-program ENOENT/);
      expect(info!.disqualified).toMatch(/differs from a native run: stdout differs at byte/);
      const record = await campaign.run(trialSpec({ workload: 'pid' }), signal);
      expect(record).toMatchObject({ outcome: 'harness-error', runNs: null });
      expect(record.reason).toMatch(/workload 'pid' is disqualified/);
    } finally {
      await campaign.close();
    }
  });
});

describe('the owner of a campaign in mid-trial', () => {
  // Beside a `dist` of its own, which is the project's: that may belong to somebody else.
  let directory: string;
  let script: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tmr-campaign-owner-'));
    script = join(directory, 'test', 'owner.mjs');
    for (const name of ['dist', 'node_modules']) {
      symlinkSync(join(import.meta.dirname, '..', name), join(directory, name));
    }
    await build({
      entryPoints: [join(import.meta.dirname, 'fixtures', 'campaign-owner.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // As in the project's own build.
      external: ['dockerode'],
      banner: {
        js: "import { createRequire as ownRequire } from 'node:module'; const require = ownRequire(import.meta.url);",
      },
      logLevel: 'error',
    });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('leaves neither process nor file when it is interrupted', async () => {
    const { owner, tree, output } = await inMidTrial(script);
    const exit = once(owner, 'exit');
    owner.kill('SIGINT');
    expect(await exit).toEqual([0, null]);
    expect(output()).toBe('ready\nAbortError\n');
    expect(tree.filter((one) => !isDead(one))).toEqual([]);
    expect(ownDirectories(owner.pid!)).toEqual([]);
  });

  it('leaves no process when it is killed, and the next start removes its files', async () => {
    const { owner, tree } = await inMidTrial(script);
    const exit = once(owner, 'exit');
    owner.kill('SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
    await vi.waitFor(() => expect(tree.filter((one) => !isDead(one))).toEqual([]), 30_000);
    const left = ownDirectories(owner.pid!);
    expect(left).toHaveLength(1);
    expect(removeLeftovers()).toEqual(expect.arrayContaining(left));
    expect(ownDirectories(owner.pid!)).toEqual([]);
  });
});

describe('removeLeftovers', () => {
  it('leaves alone what a living owner has, and files of other names', () => {
    const other = mkdtempSync(join(tmpdir(), 'tmr-other-'));
    const own = identifyProcess(process.pid)!;
    const living = mkdtempSync(join(tmpdir(), `tmr-harness-${own.pid}-${own.startTime}-`));
    // The same pid, used again since.
    const reused = mkdtempSync(join(tmpdir(), `tmr-harness-${own.pid}-1-`));
    writeFileSync(join(reused, 'file'), '');
    const removed = removeLeftovers();
    expect(removed).toContain(reused);
    expect(removed).not.toContain(living);
    expect(readdirSync(other)).toEqual([]);
    rmSync(living, { recursive: true });
    rmSync(other, { recursive: true });
  });
});

/** An owner whose trial has three replicas running, and all processes that are its descendants. */
async function inMidTrial(
  script: string,
): Promise<{ owner: ChildProcess; tree: ProcessIdentity[]; output: () => string }> {
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  owner.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const tree = await vi.waitFor(
    () => {
      expect(output).toBe('ready\n');
      const found = descendants(owner.pid!);
      expect(found.filter(({ pid }) => commandOf(pid).startsWith('awk'))).toHaveLength(3);
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
  return { owner, tree, output: () => output };
}

function ownDirectories(pid: number): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`tmr-harness-${pid}-`))
    .map((name) => join(tmpdir(), name));
}

/** All living processes below `root`, by the parents that /proc tells. */
function descendants(root: number): ProcessIdentity[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root).flatMap((pid) => identifyProcess(pid) ?? []);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Arguments joined by blanks. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
