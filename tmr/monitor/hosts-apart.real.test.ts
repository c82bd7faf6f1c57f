/** Sessions whose second tracer lives in namespaces of its own: a host with other files or time. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { report as reportSchema, type Report } from './report-schema.ts';

const tmr = fileURLToPath(new URL('../../dist/tmr.js', import.meta.url));
const program = '/usr/bin/touch';
const AHEAD_S = 1000;
/** An ordinary user gets namespaces in a user namespace. */
const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])];
const can = (...flags: string[]): boolean =>
  spawnSync(unshare[0]!, [...unshare.slice(1), ...flags, 'true']).status === 0;
const canMount = can('--mount');
const canTime = can('--time', '--fork', '--monotonic', String(AHEAD_S));

let directory: string;
let children: ChildProcess[] = [];
let parts: { nfs: string; tracers: string[] };

/** Starts a part; resolves with the address that it says it listens on. */
async function part(prefix: readonly string[], ...args: string[]): Promise<string> {
  const secret = ['--secret-file', join(directory, 'secret')];
  const command = [...prefix, process.execPath, tmr, ...args, '--listen', '127.0.0.1:0', ...secret];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  for await (const bytes of child.stdout) {
    said += String(bytes);
    const address = /listening on (\S+)\n/.exec(said)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`expected ${command.join(' ')} to listen, it said: ${said}`);
}

interface Ended {
  status: number | null;
  stderr: string;
  report: Report;
}

/** `touch made` on the tracers given. */
function session(tracers: readonly string[]): Ended {
  const file = join(directory, 'report.json');
  const command = ['monitor', '--secret-file', join(directory, 'secret'), '--report', file];
  const where = ['--tracers', tracers.join(','), '--nfs', parts.nfs, '--volume', '/=/data'];
  const args = [tmr, ...command, ...where, '--', program, '/data/made'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stderr, report: reportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
}

const made = (): boolean => existsSync(join(directory, 'export', 'made'));

beforeAll(async () => {
  directory = mkdtempSync('/tmp/tmr-test-hosts-');
  mkdirSync(join(directory, 'export'));
  writeFileSync(join(directory, 'secret'), 'a secret of some length', { mode: 0o600 });
  const nfs = part([], 'nfs', '--export', join(directory, 'export'));
  const tracers = [1, 2, 3].map(() => part([], 'tracer'));
  parts = { nfs: await nfs, tracers: await Promise.all(tracers) };
});
afterAll(async () => {
  await end(children);
  rmSync(directory, { recursive: true, force: true });
});
let standing = 0;
beforeEach(() => {
  standing = children.length;
  rmSync(join(directory, 'export', 'made'), { force: true });
});
afterEach(async () => {
  await end(children.slice(standing));
  children = children.slice(0, standing);
});

async function end(processes: readonly ChildProcess[]): Promise<void> {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    // unshare --fork lets no other signal pass; --kill-child takes the tracer with it.
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

describe('three tracers on one machine', () => {
  it('run the program, and their clocks are known to be one', () => {
    const { status, report } = session(parts.tracers);
    expect({ status, made: made() }).toEqual({ status: 0, made: true });
    expect(report.clocks.map(({ party }) => party)).toEqual([
      'file-server',
      'tracer 1',
      'tracer 2',
      'tracer 3',
    ]);
    for (const clock of report.clocks) {
      expect(clock).toMatchObject({ offsetNs: 0, uncertaintyNs: 0 });
      expect(clock.clockId).toMatch(new RegExp(`^${report.bootId}/`));
      expect(Math.abs(clock.measuredOffsetNs)).toBeLessThanOrEqual(clock.roundTripNs / 2);
    }
  });
});

describe.skipIf(!canMount)('a tracer with another program file (needs mount namespaces)', () => {
  it('is refused by name: nothing runs, and nobody is flagged', async () => {
    const other = join(directory, 'touch');
    copyFileSync(program, other);
    appendFileSync(other, 'patched');
    const script = 'mount --bind "$0" "$1" && shift && exec "$@"';
    const inside = [...unshare, '--mount', 'sh', '-c', script, other, program];
    const [first, , third] = parts.tracers as [string, string, string];
    const { status, stderr, report } = session([first, await part(inside, 'tracer'), third]);
    expect(status).toBe(125);
    expect(stderr).toMatch(
      /^tmr: cannot start: replica 2 has another \/usr\/bin\/touch \(sha256 [0-9a-f]{12}\.\.\., the others [0-9a-f]{12}\.\.\.\): install the same bytes everywhere\n$/,
    );
    expect(report).toMatchObject({ outcome: 'failed-to-start', flags: [], notices: [] });
    expect(made()).toBe(false);
  });
});

describe.skipIf(!canTime)('a tracer with another clock (needs time namespaces)', () => {
  it('takes part, and how far its clock is ahead is in the report', async () => {
    const time = ['--time', '--fork', '--kill-child', '--monotonic', String(AHEAD_S)];
    const [first, , third] = parts.tracers as [string, string, string];
    const inside = await part([...unshare, ...time], 'tracer');
    const { status, report } = session([first, inside, third]);
    expect({ status, made: made() }).toEqual({ status: 0, made: true });
    const clocks = new Map(report.clocks.map((clock) => [clock.party, clock]));
    const ahead = clocks.get('tracer 2');
    if (ahead === undefined) throw new Error('expected the clock of tracer 2');
    expect(ahead.clockId).not.toBe(clocks.get('tracer 1')?.clockId);
    expect(Math.abs(ahead.offsetNs - AHEAD_S * 1e9)).toBeLessThanOrEqual(ahead.uncertaintyNs);
    expect(ahead.uncertaintyNs).toBe(ahead.roundTripNs / 2);
    expect(clocks.get('tracer 3')).toMatchObject({ offsetNs: 0, uncertaintyNs: 0 });
  });
});
