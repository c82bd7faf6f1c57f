import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Engine } from '../containers/engine.ts';
import { removeContainerLeftovers } from '../containers/leftovers.ts';
import type { RoomStatus } from '../containers/rooms.ts';
import { seccompProfile } from '../containers/seccomp-profile.ts';
import { containersOf, everythingOf, networksOf } from '../containers/testing/owned.ts';
import { describeWithEngine } from '../containers/testing/test-engine.ts';
import { runToEnd, temporaryDirectory, tmrCommand } from './testing/under-test.ts';

const PATIENCE = { timeout: 120_000, interval: 50 };
/** Five containers start in each, on a machine that may be busy. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

describeWithEngine('tmr run --hosts docker', (engine) => {
  const env = { ...process.env, DOCKER_HOST: engine?.url };
  let directory: ReturnType<typeof temporaryDirectory>;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    child = undefined;
    directory.remove();
  });

  const run = (command: string[], flags: string[] = [], input = '') =>
    runToEnd(
      process.execPath,
      [tmrCommand, 'run', '--hosts', 'docker', ...flags, '--', ...command],
      {
        cwd: directory.path,
        env,
        input: Buffer.from(input),
      },
    );

  /** Starts a program that repeats its input line by line. */
  const start = (...flags: string[]) => {
    const echo = ['sh', '-c', 'while read x; do echo "$x"; done; echo end > made'];
    const args = [tmrCommand, 'run', '--hosts', 'docker', ...flags, '--', ...echo];
    const started = spawn(process.execPath, args, { cwd: directory.path, env });
    child = started;
    const got = { stdout: '', stderr: '' };
    started.stdout.setEncoding('utf8').on('data', (text: string) => (got.stdout += text));
    started.stderr.setEncoding('utf8').on('data', (text: string) => (got.stderr += text));
    const say = async (line: string): Promise<void> => {
      started.stdin.write(`${line}\n`);
      await vi.waitFor(() => expect(got.stdout).toContain(`${line}\n`), PATIENCE);
    };
    return { started, got, say };
  };

  /** Rooms of this owner, as a user is told of them. */
  const statusOf = (pid: number): RoomStatus[] => {
    const { stdout } = runToEnd(process.execPath, [tmrCommand, 'status', '--json', '--engine'], {
      cwd: '/',
      env,
    });
    const { rooms } = JSON.parse(stdout.toString()) as { rooms: RoomStatus[] };
    return rooms.filter(({ owner }) => owner.pid === pid);
  };

  it('gives output, status and files as a native run does', () => {
    writeFileSync(join(directory.path, 'in'), 'from a file\n');
    const end = run(
      ['sh', '-c', 'read x < in; read y; echo "$x $y"; echo "$y" > out; exit 7'],
      [],
      'typed\n',
    );
    expect(end).toMatchObject({ status: 7, signal: null });
    expect(end.stdout.toString()).toBe('from a file typed\n');
    expect(readFileSync(join(directory.path, 'out'), 'utf8')).toBe('typed\n');
    expect(run(['nosuch-program']).status).toBe(127);
  });

  it('refuses more CPUs than the engine has, before anything is made', () => {
    const greedy = run(['true'], ['--container-cpus', '4096']);
    expect([greedy.status, greedy.stderr]).toEqual([
      78,
      expect.stringMatching(
        /--container-cpus: expected at most \d+, which engine .* has, got 4096/,
      ),
    ]);
    expect(run(['sh', '-c', 'kill -TERM $$']).signal).toBe('SIGTERM');
  });

  it('has the least privilege that works, ends by a signal, and leaves nothing', async () => {
    const limits = ['--container-memory', '300m', '--container-pids', '80'];
    const { started, say, got } = start(...limits, '--container-cpus', '1');
    await say('one');
    const containers = await containersOf(engine, started.pid!);
    expect(containers).toHaveLength(5);
    for (const { Config, HostConfig, Name } of containers) {
      expect(Config.User, Name).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(HostConfig, Name).toMatchObject({
        CapDrop: ['ALL'],
        CapAdd: null,
        Privileged: false,
        ReadonlyRootfs: true,
        Init: true,
        SecurityOpt: ['no-new-privileges', `seccomp=${seccompProfile()}`],
        PidMode: '',
        IpcMode: 'private',
        Memory: 300 * 2 ** 20,
        MemorySwap: 300 * 2 ** 20,
        PidsLimit: 80,
        NanoCpus: 1e9,
      });
      expect(HostConfig.Devices ?? [], Name).toEqual([]);
      expect(HostConfig.PortBindings ?? {}, Name).toEqual({});
      expect(Config.Env.join()).not.toMatch(/secret/i);
    }
    const rooms = statusOf(started.pid!);
    expect(rooms).toMatchObject([
      {
        owner: { pid: started.pid, alive: true },
        parts: ['monitor', 'nfs', 'tracer-1', 'tracer-2', 'tracer-3'].map((part) => ({
          part,
          state: 'running',
        })),
        sessions: [{ state: 'running', replicas: [1, 2, 3].map((replica) => ({ replica })) }],
      },
    ]);
    const networks = await networksOf(engine, started.pid!);
    expect(networks).toHaveLength(4);
    expect(networks.every(({ Internal }) => Internal)).toBe(true);
    started.kill('SIGTERM');
    const [, signal] = (await once(started, 'exit')) as [number, string];
    expect(signal).toBe('SIGTERM');
    expect(got.stderr).not.toMatch(/flagged|cannot/);
    expect(await everythingOf(engine, started.pid!)).toEqual([]);
  });

  it('leaves no container when it is killed, and nothing once something else was started', async () => {
    const { started, say } = start();
    await say('one');
    started.kill('SIGKILL');
    await once(started, 'exit');
    await vi.waitFor(async () => {
      expect(await containersOf(engine, started.pid!)).toEqual([]);
    }, PATIENCE);
    await removeContainerLeftovers(engine);
    expect(await everythingOf(engine, started.pid!)).toEqual([]);
  });

  it.each([
    ['a killed container', 'connection-closed', (it: Acts) => it.tracer.kill()],
    ['a paused container', 'time-out', (it: Acts) => it.tracer.pause()],
    ['a container off its networks', 'time-out', (it: Acts) => it.disconnect()],
  ])('masks %s', async (_, mechanism, act) => {
    const { started, got, say } = start('--timeout', '500ms');
    await say('before');
    const acts = await actsOn(engine, started.pid!);
    await act(acts);
    await say('after');
    await vi.waitFor(() => expect(got.stderr).toMatch(`replica 2 flagged`), PATIENCE);
    expect(got.stderr).toContain(`${mechanism} (accused by 1 and 3)`);
    started.stdin.end();
    expect(await once(started, 'exit')).toEqual([0, null]);
    expect(got.stdout).toBe('before\nafter\n');
    expect(readFileSync(join(directory.path, 'made'), 'utf8')).toBe('end\n');
    expect(await everythingOf(engine, started.pid!)).toEqual([]);
  });

  it('flags nobody when one link between two tracers is cut', async () => {
    const { started, got, say } = start('--timeout', '500ms');
    await say('before');
    const { cutLink } = await actsOn(engine, started.pid!);
    await cutLink();
    // Each byte is a rendezvous: more votes than the socket of the dead link takes.
    const lines = Array.from({ length: 300 }, (_, index) => `${index + 1000}`);
    started.stdin.write(`${lines.join('\n')}\n`);
    await say('after');
    started.stdin.end();
    expect(await once(started, 'exit')).toEqual([0, null]);
    expect(got.stdout).toBe(`before\n${lines.join('\n')}\nafter\n`);
    expect(got.stderr).not.toContain('flagged');
  });
});

type Acts = Awaited<ReturnType<typeof actsOn>>;

/** What a user could do by hand to tracer 2 of a run. */
async function actsOn(engine: Engine, pid: number) {
  const containers = await containersOf(engine, pid);
  const two = containers.find(({ Name }) => Name.endsWith('-tracer-2'))!;
  const tracer = engine.docker.getContainer(two.Id);
  const leave = (name: string) =>
    engine.docker.getNetwork(name).disconnect({ Container: two.Id, Force: true });
  const networks = Object.keys(two.NetworkSettings.Networks);
  return {
    tracer,
    disconnect: () => Promise.all(networks.map(leave)),
    cutLink: () => leave(networks.find((name) => name.endsWith('-link-1-2'))!),
  };
}
