import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadLink } from './testing/bad-link.ts';
import { compileGuest, symbolAddress, writeMemory } from './testing/guest.ts';
import {
  Conversation,
  gone,
  temporaryDirectory,
  type SessionStatus,
} from './testing/under-test.ts';

const NS_PER_MS = 1e6;
const noticeClient = fileURLToPath(new URL('../../docs/notice-client.py', import.meta.url));

let directory = '';
let remove: (() => void) | undefined;
let talk: Conversation | undefined;
let link: BadLink | undefined;

beforeEach(() => {
  ({ path: directory, remove } = temporaryDirectory());
});
afterEach(() => {
  talk?.destroy();
  link?.close();
  talk = undefined;
  link = undefined;
  remove?.();
});

/** A running session of `cat`, which has answered once. */
async function converse(
  ...flags: string[]
): Promise<{ talk: Conversation; status: SessionStatus }> {
  const conversation = new Conversation(directory, ['--timeout', '1s', ...flags], ['cat']);
  talk = conversation;
  await conversation.exchange('before');
  return { talk: conversation, status: conversation.status() };
}

function replica(status: SessionStatus, number: number): SessionStatus['replicas'][number] {
  const found = status.replicas.find((each) => each.replica === number);
  if (found === undefined) throw new Error(`expected replica ${number} in the status`);
  return found;
}

describe('three replicas', () => {
  it('run in three session processes, each the tracer of exactly one replica', async () => {
    const { talk: session, status } = await converse();
    const tracers = status.replicas.map(({ sessionPid }) => sessionPid);
    expect(new Set(tracers).size).toBe(3);
    for (const { sessionPid, replicaPids } of status.replicas) {
      expect(replicaPids).toHaveLength(1);
      const text = readFileSync(`/proc/${replicaPids[0]}/status`, 'latin1');
      expect(text).toContain(`TracerPid:\t${sessionPid}\n`);
    }
    const { report, status: exit } = await session.end();
    expect(exit).toBe(0);
    expect(report.flags).toEqual([]);
  });
});

describe('one fault from outside is masked, and the right replica is flagged', () => {
  it('when a replica is killed', async () => {
    const { talk: session, status } = await converse();
    process.kill(replica(status, 2).replicaPids[0] ?? 0, 'SIGKILL');
    await session.exchange('after');
    const { report, stdout, status: exit, stderr } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(exit).toBe(0);
    expect(report.flags.map((flag) => [flag.replica, flag.accusers])).toEqual([[2, [1, 3]]]);
    expect(report.flags[0]?.mechanism).toBe('replica-dead');
    expect(stderr).toMatch(/^tmr: replica 2 flagged at rendezvous \d+: replica-dead/);
  });

  it('when a session process is killed', async () => {
    const { talk: session, status } = await converse();
    process.kill(replica(status, 1).sessionPid, 'SIGKILL');
    await session.exchange('after');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(report.flags.map((flag) => flag.replica)).toEqual([1]);
    expect(report.flags[0]?.mechanism).toBe('connection-closed');
  });

  it('when a replica is killed and only the time-out may tell', async () => {
    const { talk: session, status } = await converse('--detect', 'timeout-only');
    process.kill(replica(status, 3).replicaPids[0] ?? 0, 'SIGKILL');
    await session.exchange('after');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    const [flag] = report.flags;
    expect([flag?.replica, flag?.mechanism]).toEqual([3, 'time-out']);
    const tookMs = ((flag?.tQuorumNs ?? NaN) - (flag?.tSecondArrivalNs ?? NaN)) / NS_PER_MS;
    expect(tookMs).toBeGreaterThanOrEqual(1000);
    expect(tookMs).toBeLessThanOrEqual(report.bounds.absentVoteMs);
  });

  it('when a session process is stopped; and it fences when it goes on', async () => {
    const { talk: session, status } = await converse();
    const { sessionPid } = replica(status, 3);
    process.kill(sessionPid, 'SIGSTOP');
    await session.exchange('after');
    process.kill(sessionPid, 'SIGCONT');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(report.flags.map((flag) => [flag.replica, flag.mechanism])).toEqual([[3, 'time-out']]);
    await gone([sessionPid]);
  });

  it('when a byte of a replica is changed', async () => {
    const parrot = compileGuest('parrot', directory);
    const session = new Conversation(directory, ['--timeout', '5s'], [parrot]);
    talk = session;
    await session.exchange('before');
    const { replicas } = session.status();
    const [pid] = replicas[0]?.replicaPids ?? [];
    writeMemory(pid ?? 0, symbolAddress(parrot, 'prefix'), Buffer.from('x'));
    await session.exchange('after');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(report.flags.map((flag) => [flag.replica, flag.mechanism])).toEqual([[1, 'signature']]);
  });

  it('when a replica votes early and wrong while the others compute', async () => {
    const parrot = compileGuest('parrot', directory);
    // Far shorter than the computation, so that a clock started by the early vote would accuse.
    const session = new Conversation(directory, ['--timeout', '1s'], [parrot]);
    talk = session;
    await session.exchange('before');
    const { replicas } = session.status();
    const [pid] = replicas[1]?.replicaPids ?? [];
    writeMemory(pid ?? 0, symbolAddress(parrot, 'hasty'), Buffer.from([1]));
    await session.exchange('compute');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\ncompute\n');
    expect(report.flags.map((flag) => flag.replica)).toEqual([2]);
  });
});

describe('a fault that concerns no replica flags nobody', () => {
  it('one erroneous notice to the file server', async () => {
    const { talk: session, status } = await converse();
    const { nfs, secretFile, session: id } = status;
    const args = [noticeClient, nfs.address.host, nfs.address.port, secretFile, id, 1, 2];
    const { stdout: answer } = await promisify(execFile)('python3', args.map(String));
    expect(answer).toContain('not counted');
    await session.exchange('after');
    const { report, stdout } = await session.end();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(report.flags).toEqual([]);
    expect(
      report.notices.map(({ accuser, accused, counted }) => [accuser, accused, counted]),
    ).toEqual([[1, 2, false]]);
  });

  it.each(['corrupt', 'withhold'] as const)(
    'one direction of one link that does %s its frames',
    async (spoil) => {
      const first = await freePorts(3);
      link = new BadLink(first + 1);
      const port = await link.listen();
      const ports = ['--session-ports', `${first}-${first + 2}`];
      const { talk: session } = await converse(...ports, '--via', `1-2=127.0.0.1:${port}`);
      link.forward = spoil;
      await session.exchange('after');
      await session.exchange('again');
      const { report, stdout } = await session.end();
      expect(stdout.toString()).toBe('before\nafter\nagain\n');
      expect(report.flags).toEqual([]);
      expect(report.linkSuspects.length).toBeGreaterThan(0);
    },
  );
});

/** Clock ticks of CPU that a process has used, its children left out; and its state. */
function usage(pid: number): { ticks: number; state: string } {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { ticks: Number(fields[11]) + Number(fields[12]), state: fields[0] ?? '' };
}

describe('a pause (Ctrl-Z)', () => {
  it('of any length holds the replicas at their next call, and flags nobody', async () => {
    const timeoutMs = 500;
    const busy = 'echo ready; while umask >/dev/null; do :; done';
    const flags = ['--timeout', `${timeoutMs}ms`];
    const session = new Conversation(directory, flags, ['sh', '-c', busy]);
    talk = session;
    await session.hear('ready\n');
    const { replicas, monitor } = session.status();
    const pids = replicas.flatMap(({ replicaPids }) => replicaPids);
    const ticks = (): number[] => pids.map((pid) => usage(pid).ticks);
    process.kill(monitor.pid, 'SIGTSTP');
    await vi.waitUntil(() => usage(monitor.pid).state === 'T');
    // Each is at its next call soon.
    await setTimeout(timeoutMs);
    const held = ticks();
    await setTimeout(3 * timeoutMs);
    expect(ticks()).toEqual(held);
    process.kill(monitor.pid, 'SIGCONT');
    await vi.waitUntil(() => ticks().every((now, at) => now > (held[at] ?? 0)), 10_000);
    process.kill(monitor.pid, 'SIGTERM');
    const { report, signal } = await session.end();
    expect(signal).toBe('SIGTERM');
    expect(report).toMatchObject({ outcome: 'interrupted', flags: [], fences: [] });
    await gone(pids);
  });
});

describe('the loss of a trusted party stops the session with nothing left running', () => {
  it('when the file server is killed', async () => {
    const { talk: session, status } = await converse();
    process.kill(status.nfs.pid, 'SIGKILL');
    const ended = await session.ended();
    expect(ended.status).toBe(125);
    expect(ended.stderr).toContain('file server lost');
    await gone(everyone(status));
  });

  it('when the monitor is killed', async () => {
    const { talk: session, status } = await converse();
    process.kill(status.monitor.pid, 'SIGKILL');
    const ended = await session.ended();
    expect(ended.signal).toBe('SIGKILL');
    await gone(everyone(status));
  });

  it('when the user presses Ctrl-C', async () => {
    const { talk: session, status } = await converse();
    process.kill(status.monitor.pid, 'SIGINT');
    const ended = await session.ended();
    expect(ended.signal).toBe('SIGINT');
    await gone(everyone(status));
  });
});

function everyone(status: SessionStatus): number[] {
  return [
    status.nfs.pid,
    ...status.replicas.flatMap(({ sessionPid, replicaPids }) => [sessionPid, ...replicaPids]),
  ];
}

/** The first of `count` consecutive ports that are free now. */
async function freePorts(count: number): Promise<number> {
  for (let first = 20_000 + (process.pid % 10_000); ; first += count) {
    const servers = Array.from({ length: count }, () => createServer());
    try {
      await Promise.all(
        servers.map(
          (server, i) =>
            new Promise<void>((resolve, reject) => {
              server.once('error', reject).listen(first + i, '127.0.0.1', resolve);
            }),
        ),
      );
      return first;
    } catch {
      // Taken: try further up.
    } finally {
      for (const server of servers) server.close();
    }
  }
}
