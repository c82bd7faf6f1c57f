import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, parseSessionPorts, Routes } from './addresses.ts';
import { parseDurationMs } from './durations.ts';
import { sessionSettings } from './settings.ts';
import type { SettingsOptions } from './settings.ts';
import { ownVolumes, parseVolumes, runVolumes, sharesTree, workingDirectory } from './volumes.ts';

const defaults: SettingsOptions = {
  replicas: 3,
  timeout: '5s',
  timeoutFrom: 'quorum',
  detect: 'any',
  policy: 'agreed',
  startTimeout: '30s',
  tsc: 'auto',
  clock: 'real',
  caches: true,
  placement: 'auto',
};

describe('durations', () => {
  it.each([
    ['50ms', 50],
    ['5s', 5000],
    ['1.5s', 1500],
    ['2m', 120_000],
  ])('%s is %d ms', (text, ms) => expect(parseDurationMs(text, '--timeout')).toBe(ms));

  it('without a unit are refused with a hint', () => {
    expect(() => parseDurationMs('5', '--timeout')).toThrow(/--timeout.*did you mean 5s or 5ms/);
    expect(() => parseDurationMs('soon', '--timeout')).toThrow(/got 'soon'/);
  });
});

describe('addresses', () => {
  it('are read and written alike', () => {
    for (const text of ['127.0.0.1:7001', '[::1]:0', 'tracer-1:65535']) {
      expect(formatAddress(parseAddress(text, '--nfs'))).toBe(text);
    }
    for (const text of ['7001', '::1:7', 'h:65536', 'h:']) {
      expect(() => parseAddress(text, '--nfs')).toThrow(/--nfs: expected HOST:PORT/);
    }
  });

  it('give replica r port A+r-1, and refuse a range that is too short', () => {
    expect(parseSessionPorts('41001-41003', 3)).toEqual([41001, 41002, 41003]);
    expect(parseSessionPorts('0', 3)).toEqual([0, 0, 0]);
    expect(() => parseSessionPorts('41001-41002', 3)).toThrow(/expected 3 ports/);
    expect(() => parseSessionPorts('41001', 3)).toThrow(/range A-B/);
  });

  it('send one link through a proxy of the user and leave the others', () => {
    const own = { host: '127.0.0.1', port: 1 };
    const proxy = { host: '127.0.0.1', port: 9000 };
    const routes = new Routes(['1-2=127.0.0.1:9000', '3-monitor=127.0.0.1:9000'], 3);
    expect(routes.peer(1, 2, own)).toEqual(proxy);
    expect(routes.peer(1, 3, own)).toEqual(own);
    expect(routes.monitor(3, own)).toEqual(proxy);
    expect(routes.nfs(1, own)).toEqual(own);
  });

  it('without a port send a link to another host, on the port on which the party listens', async () => {
    const own = { host: '10.0.0.12', port: 41002 };
    const routes = new Routes(['1-2=tracer-2', '1-nfs=[fd00::2]', '2-monitor=10.1.0.20'], 3);
    await routes.resolve(({ host, port }) =>
      Promise.resolve({ host: host === 'tracer-2' ? '10.1.2.12' : host, port }),
    );
    expect(routes.peer(1, 2, own)).toEqual({ host: '10.1.2.12', port: 41002 });
    expect(routes.nfs(1, own)).toEqual({ host: 'fd00::2', port: 41002 });
    expect(routes.monitor(2, own)).toEqual({ host: '10.1.0.20', port: 41002 });
    expect(routes.peer(2, 3, own)).toEqual(own);
    expect(() => new Routes(['1-2=9000'], 3)).toThrow(/HOST or HOST:PORT, got the number 9000/);
    for (const text of ['1-2=h:', '1-2=::1', '1-2=', '1-2=h:65536']) {
      expect(() => new Routes([text], 3), text).toThrow(/--via: expected/);
    }
  });

  it('give detours by number, as session processes dial them', async () => {
    const routes = new Routes(['1-2=proxy:9000'], 3);
    await routes.resolve(({ port }) => Promise.resolve({ host: '10.0.0.1', port }));
    expect(routes.peer(1, 2, { host: 'x', port: 1 })).toEqual({ host: '10.0.0.1', port: 9000 });
  });

  it('refuse a detour on a link that nobody dials', () => {
    expect(() => new Routes(['2-1=h:1'], 3)).toThrow(/did you mean 1-2/);
    expect(() => new Routes(['1-4=h:1'], 3)).toThrow(/never dialled/);
    expect(() => new Routes(['4-nfs=h:1'], 3)).toThrow(/FROM in 1\.\.3/);
  });
});

describe('settings', () => {
  it('take tick, link and ask delay from the time-out', () => {
    const settings = sessionSettings(defaults);
    expect(settings).toMatchObject({ timeoutMs: 5000, linkDelayMs: 200, askDelayMs: 1250 });
    expect(settings.serviceTimeoutMs).toBe(5000);
    expect(sessionSettings({ ...defaults, timeout: '10s' }).serviceTimeoutMs).toBe(10_000);
  });

  it('refuse a time-out that flags the healthy', () => {
    expect(() => sessionSettings({ ...defaults, timeout: '10ms' })).toThrow(/at least 20ms/);
    expect(sessionSettings({ ...defaults, timeout: '20ms' }).timeoutMs).toBe(20);
    expect(() => sessionSettings({ ...defaults, timeout: '1s', linkDelay: '400ms' })).toThrow(
      /ask delay \+ 2 x link delay < time-out/,
    );
  });

  it('refuse waits in which nobody can start or answer, and those beyond a day', () => {
    for (const wait of ['startTimeout', 'serviceTimeout'] as const) {
      expect(() => sessionSettings({ ...defaults, [wait]: '99ms' })).toThrow(/at least 100ms/);
      expect(sessionSettings({ ...defaults, [wait]: '100ms' })[`${wait}Ms`]).toBe(100);
    }
    expect(() => sessionSettings({ ...defaults, timeout: '999999h' })).toThrow(
      /--timeout: expected at most 24h, got 999999h/,
    );
    expect(sessionSettings({ ...defaults, timeout: '24h' }).timeoutMs).toBe(86_400_000);
  });

  it('derive 256 bits from any seed, and draw them when none is given', () => {
    const a = sessionSettings({ ...defaults, seed: '42' });
    expect(a.seed).toBe(sessionSettings({ ...defaults, seed: '42' }).seed);
    expect(a).toMatchObject({ seedGiven: true });
    const drawn = sessionSettings(defaults);
    expect(drawn.seed).toMatch(/^[0-9a-f]{64}$/);
    expect(drawn.seed).not.toBe(sessionSettings(defaults).seed);
  });
});

describe('volumes of tmr run', () => {
  const paths = (volumes: { path: string; access: string; consistency: string }[]): string[] =>
    volumes.map(({ path, access, consistency }) => `${path} ${access} ${consistency}`);

  it('are the current directory and /tmp to write, and the rest to read', () => {
    expect(paths(runVolumes({ cwd: '/home/u/w', tmp: '/tmp', othersWrite: [] }))).toEqual([
      '/ ro close-to-open',
      '/home/u/w rw session',
      '/tmp rw close-to-open',
    ]);
  });

  it('hold each directory once: in /tmp, and in the root', () => {
    expect(paths(runVolumes({ cwd: '/tmp', tmp: '/tmp', othersWrite: [] }))).toEqual([
      '/ ro close-to-open',
      '/tmp rw close-to-open',
    ]);
    expect(paths(runVolumes({ cwd: '/', tmp: '/tmp', othersWrite: [] }))).toEqual([
      '/ rw session',
      '/tmp rw close-to-open',
    ]);
  });

  it('are not cached where another session writes', () => {
    const othersWrite = ['/home/u/w/deep'];
    const volumes = runVolumes({ cwd: '/home/u/w', tmp: '/tmp', othersWrite });
    expect(paths(volumes)).toContain('/home/u/w rw close-to-open');
    expect(sharesTree(volumes, othersWrite)).toBe(true);
    expect(sharesTree(volumes, ['/srv'])).toBe(false);
  });

  it('put a private directory in the place of /tmp', () => {
    const volumes = runVolumes({ cwd: '/w', tmp: '/tmp', privateTmp: '/tmp/p', othersWrite: [] });
    expect(volumes.at(-1)).toEqual({
      subtree: '/tmp/p',
      path: '/tmp',
      access: 'rw',
      consistency: 'session',
    });
  });
});

describe('volumes of tmr monitor', () => {
  it('are as listed, and the system is there to read', () => {
    const volumes = parseVolumes(['/=/data', '/in/=/data/in:ro'], '/w');
    expect(volumes.map(({ subtree, path, access }) => [subtree, path, access])).toEqual([
      ['/', '/', 'ro'],
      ['/', '/data', 'rw'],
      ['/in', '/data/in', 'ro'],
    ]);
    expect(ownVolumes(volumes)).toHaveLength(2);
    expect(workingDirectory(volumes, '/elsewhere')).toBe('/data');
    expect(workingDirectory(volumes, '/data/x')).toBe('/data/x');
  });

  it('refuse what is no pair of absolute paths, and a path twice', () => {
    expect(() => parseVolumes(['data=/data'], '/w')).toThrow(/SUBTREE=PATH/);
    expect(() => parseVolumes(['/a=/x', '/b=/x/'], '/w')).toThrow(/\/x twice/);
  });
});
