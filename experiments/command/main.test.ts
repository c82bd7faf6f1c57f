import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../record/manifest.ts';
import {
  fakeCampaign,
  fakeHosts,
  type FakeBehaviour,
  type FakeCampaign,
} from '../testing/fake-campaign.ts';
import { faultModels } from '../fault-models.ts';
import { temporaryDirectory } from '../testing/synthetic-run.ts';
import { main } from './main.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let fake: FakeCampaign;
let interrupt: () => void;
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'here'));
});
afterEach(() => directory.remove());

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

async function experiment(line: string | string[], behaviour: FakeBehaviour = {}): Promise<Result> {
  fake = fakeCampaign(behaviour);
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written) => ({
    write: (text: string) => void (written[name] += text),
  });
  const code = await main({
    stdout: into('stdout'),
    stderr: into('stderr'),
    loadCampaign: () => Promise.resolve(fake.open),
    resultsDirectory: join(directory.path, 'results'),
    workingDirectory: join(directory.path, 'here'),
    argv: typeof line === 'string' ? line.split(' ') : line,
    onInterrupt: (handler) => {
      interrupt = handler;
      return () => {};
    },
    colour: false,
  });
  return { code, ...written };
}

const small = 'timeout-sweep --seed 5 --workloads counter --timeouts 100ms,1s --repeat 2';
/** As many trials, fewer figures to draw. */
const plain =
  'timeout-sweep --seed 5 --workloads counter --timeouts 100ms,1s --faults none --repeat 10';
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;
const manifestOf = (run: string): Manifest =>
  JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8')) as Manifest;
const trialsOf = (run: string): Record<string, string>[] =>
  parse(readFileSync(join(run, 'trials.csv')), { columns: true });

describe('experiment timeout-sweep', () => {
  it('writes a complete run directory, its path on the last line, the seed first and last', async () => {
    const { code, stdout } = await experiment(small);
    const run = lastLine(stdout);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seed 5\n/);
    expect(stdout.trimEnd().split('\n').at(-2)).toBe('seed 5');
    expect(run).toMatch(/results\/timeout-sweep\/\d{8}T\d{6}Z-5$/);
    expect(readdirSync(run).sort()).toEqual([
      'columns.json',
      'figures',
      'golden.json',
      'manifest.json',
      'plan.jsonl',
      'summary.csv',
      'trials.csv',
      'trials.jsonl',
      'verdict.json',
    ]);
    expect(readlinkSync(join(directory.path, 'results', 'latest'))).toMatch(/^timeout-sweep\//);
    const trials = trialsOf(run);
    expect(trials).toHaveLength(2 * 5 * 2 * 2);
    expect(trials.map((row) => row['trial'])).toEqual(trials.map((_, index) => String(index)));
    expect(fake.closed).toBe(1);
  });

  it('records what was asked, on what, and what was executed', async () => {
    const { stdout } = await experiment(`${plain} --keep failed --tsc trap`);
    const manifest = manifestOf(lastLine(stdout));
    expect(manifest).toMatchObject({
      seed: 5,
      state: 'complete',
      keep: 'failed',
      plannedTrials: 40,
      argv: expect.arrayContaining(['--keep', 'failed']) as string[],
      design: { timeoutsMs: [100, 1000], tsc: 'trap', workloads: ['counter'], repetitions: 10 },
      machine: { node: process.version },
    });
    expect(manifest.endedAt).not.toBeNull();
    expect(Object.keys(manifest.workloadBinaries)).toEqual(['counter']);
    expect(fake.options[0]).toMatchObject({ keep: 'failed', tsc: 'trap', jobs: 1 });
  });

  it('runs the same plan for the same seed, and another for another', async () => {
    const plan = async (seed: number): Promise<string> => {
      const { stdout } = await experiment(
        `timeout-sweep --workloads counter --timeouts 1s --repeat 1 --quiet --seed ${seed}`,
      );
      return readFileSync(join(lastLine(stdout), 'plan.jsonl'), 'utf8');
    };
    expect(await plan(1)).toBe(await plan(1));
    expect(await plan(1)).not.toBe(await plan(2));
  }, 60_000);

  it('plans without writing anything', async () => {
    const { code, stdout } = await experiment('timeout-sweep --preset paper --dry-run --seed 1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/240 cells x 30 repetitions = 7200 trials\nabout [\d.]+ h .* MiB/);
    expect(existsSync(join(directory.path, 'results'))).toBe(false);
    expect(fake.options).toEqual([]);
  });

  it('takes a program of the user, with a copy of the current directory and without the results', async () => {
    const here = join(directory.path, 'here');
    writeFileSync(join(here, 'input.dat'), 'data');
    mkdirSync(join(here, 'out'));
    const { code } = await experiment([
      ...'timeout-sweep --seed 1 --repeat 1 --out out --faults none --workload-command'.split(' '),
      "sha256sum 'input.dat'",
    ]);
    expect(code).toBe(0);
    const workload = fake.options[0]!.workloads[0]!;
    expect(fake.options[0]!.workloads).toHaveLength(1);
    expect(workload).toMatchObject({
      name: 'custom',
      command: ['sha256sum', 'input.dat'],
      deterministic: false,
    });
    const volume = join(directory.path, 'volume');
    mkdirSync(volume);
    await workload.fillVolume(volume);
    expect(readdirSync(volume)).toEqual(['input.dat']);
  });

  it('leaves disqualified workloads out, and is unknown then', async () => {
    const { code, stdout, stderr } = await experiment(
      `${plain.replace('counter', 'counter,sha256sum')} --quiet`,
      {
        golden: (info) =>
          info.workload === 'counter' ? { ...info, disqualified: 'golden runs differ' } : info,
      },
    );
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(new Set(trialsOf(lastLine(stdout)).map((row) => row['workload']))).toEqual(
      new Set(['sha256sum']),
    );
  });
});

describe('experiment --hosts docker', () => {
  it('hands the options of containers to the harness, paths from the directory of the user', async () => {
    writeFileSync(join(directory.path, 'here', 'data'), '');
    const { code, stdout } = await experiment(
      `${plain} --hosts docker --engines unix:///a.sock=10.0.0.1,tcp://b:2375 --base-image debian:12 ` +
        '--session-ports 41000-41100 --transfer copy --image-include data --image-include /etc/hosts ' +
        '--container-memory 512m --container-cpus 0.5',
    );
    expect(code).toBe(0);
    const docker = {
      engines: ['unix:///a.sock=10.0.0.1', 'tcp://b:2375'],
      baseImage: 'debian:12',
      include: [join(directory.path, 'here', 'data'), '/etc/hosts'],
      sessionPorts: '41000-41100',
      transfer: 'copy',
      limits: { memoryBytes: 512 * 2 ** 20, cpus: 0.5 },
    };
    expect(fake.options[0]).toMatchObject({ hosts: ['docker'], docker });
    expect(manifestOf(lastLine(stdout))).toMatchObject({ docker, hosts: fakeHosts });
  });

  it('takes all as the faults that all chosen hosts can have', async () => {
    const planned = async (hosts: string): Promise<string> =>
      (await experiment(`timeout-sweep --faults all --dry-run --seed 1 --hosts ${hosts}`)).stdout;
    expect(await planned('docker')).toContain('container-kill');
    expect(await planned('local,docker')).not.toContain('container-kill');
  });

  it('compares hosts, and says what was alike, what it took, and where that is written', async () => {
    const { code, stdout } = await experiment(
      'hosts-compare --seed 5 --workloads counter --timeouts 1s',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/10 of 10 pairs decided alike, with comparable latencies\.\n/);
    expect(stdout).toMatch(/Median ratio docker \/ local of the run time: [\d.]+ \(95 %/);
    expect(stdout).toMatch(/Overhead of counter without a fault: local [\d.]+ .*, docker [\d.]+ /);
    const verdict = readFileSync(join(lastLine(stdout), 'verdict.json'), 'utf8');
    const { remarks } = JSON.parse(verdict) as { remarks: string[] };
    expect(stdout).toContain(remarks.join('\n'));
  });
});

describe('experiment policy-compare', () => {
  it('runs the same faults under all readings, tells what each survives, and replays one', async () => {
    const { code, stdout } = await experiment(
      'policy-compare --seed 5 --workloads counter --faults vote-loss,replica-kill --repeat 1',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/vote-loss +│ +1\/1 │ +0\/1 │ +0\/1 │ +0\/1 │/);
    expect(stdout).toContain('agreed: 2 of 2 visible faults survived.');
    const run = lastLine(stdout);
    const trials = trialsOf(run);
    expect(new Set(trials.map((row) => row['seed'])).size).toBe(2);
    const own = trials.find((row) => row['timeout_from'] === 'own')!;
    expect(own).toMatchObject({ policy: 'paper' });
    const again = await experiment(['replay', run, own['trial']!]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('"timeoutFrom": "own"');
  });
});

describe('experiment two-fault-map', () => {
  const line =
    'two-fault-map --seed 5 --faults vote-loss --second-faults replica-kill,early-vote --gaps 3 --repeat 1';

  it('runs every pair of kinds at every distance in both sorts of parts, and replays one', async () => {
    const { code, stdout } = await experiment(line);
    expect(code).toBe(0);
    expect(stdout).toContain('A wrong output got out in 0 of 4 trials');
    const run = lastLine(stdout);
    const trials = trialsOf(run);
    expect(trials).toHaveLength(4);
    for (const { trigger, second_spec: second } of trials) {
      const [first, other] = [trigger!, second!].map((text) =>
        Number(/rendezvous:(\d+)/.exec(text)![1]),
      );
      expect(other! - first!).toBe(3);
    }
    const again = await experiment(['replay', run, '2']);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain(`"faultSpec": "${trials[2]!['second_spec']}"`);
  });

  it('is violated by one wrong output, and names the trial and its replay', async () => {
    const { stdout } = await experiment(line);
    const run = lastLine(stdout);
    const log = join(run, 'trials.jsonl');
    writeFileSync(log, readFileSync(log, 'utf8').replace('"detected-stopped"', '"sdc"'));
    const { code, stdout: said } = await experiment(['report', run]);
    expect(code).toBe(1);
    expect(said).toMatch(
      /P6, trial \d: vote-loss and, 3 rendezvous later, [a-z-]+: a wrong output/,
    );
    expect(said).toMatch(/replay: npm run experiment -- replay \S+ \d\n/);
  });

  it('takes all but none as kinds, and plans without writing', async () => {
    const { stdout } = await experiment('two-fault-map --second-faults all --dry-run --seed 1');
    expect(stdout).toMatch(/second +signature-bit-flip.*link-reset/);
    expect(stdout).not.toContain('none');
    expect(stdout).toMatch(/gaps +0, 8\n/);
  });
});

describe('breaking off', () => {
  it('after one Ctrl-C ends the running trial, reports what there is, and exits 130', async () => {
    const { code, stdout } = await experiment(plain, {
      beforeTrial: (trial) => trial === 10 && interrupt(),
    });
    expect(code).toBe(130);
    expect(fake.trialsRun).toHaveLength(11);
    expect(fake.closed).toBe(1);
    const run = lastLine(stdout);
    expect(trialsOf(run)).toHaveLength(11);
    expect(manifestOf(run).state).toBe('interrupted');
  });

  it('after a second Ctrl-C aborts the running trial, which leaves no record', async () => {
    const { code, stdout } = await experiment(plain, {
      stuck: (trial) => trial === 3,
      beforeTrial: (trial) => {
        if (trial !== 3) return;
        interrupt();
        interrupt();
      },
    });
    expect(code).toBe(130);
    expect(fake.closed).toBe(1);
    expect(trialsOf(lastLine(stdout))).toHaveLength(3);
  });

  it('by an error of the harness closes the campaign, says so in the manifest, and exits 70', async () => {
    const { code, stderr } = await experiment(plain, {
      beforeTrial: (trial) => {
        if (trial === 2) throw new Error('no ptrace here');
      },
    });
    expect(code).toBe(70);
    expect(stderr).toContain('no ptrace here');
    expect(fake.closed).toBe(1);
    const run = join(directory.path, 'results', 'latest');
    expect(manifestOf(run).state).toBe('failed');
    expect(readFileSync(join(run, 'trials.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('report and replay', () => {
  it('draws all again from the directory alone', async () => {
    const { stdout } = await experiment(plain);
    const run = lastLine(stdout);
    const before = readFileSync(join(run, 'summary.csv'), 'utf8');
    writeFileSync(join(run, 'summary.csv'), 'lost');
    const again = await experiment(['report', run]);
    expect(again.code).toBe(0);
    expect(lastLine(again.stdout)).toBe(run);
    expect(readFileSync(join(run, 'summary.csv'), 'utf8')).toBe(before);
    expect(fake.options).toEqual([]);
  });

  it('gives the exit code of the verdict, and a line to replay each violation', async () => {
    const { stdout } = await experiment(plain);
    const run = lastLine(stdout);
    const log = join(run, 'trials.jsonl');
    writeFileSync(log, readFileSync(log, 'utf8').replace('"masked"', '"sdc"'));
    const { code, stdout: said } = await experiment(['report', run]);
    expect(code).toBe(1);
    expect(said).toMatch(/P1, trial \d+: output or volume differ/);
    expect(said).toMatch(/replay: npm run experiment -- replay \S+ \d+\n/);
    expect(said).toContain('violated (40 trials judged)');
  });

  it('runs one trial of the plan once more', async () => {
    const { stdout } = await experiment(plain);
    const { code, stdout: said } = await experiment(['replay', lastLine(stdout), '7']);
    expect(code).toBe(0);
    expect(fake.trialsRun).toEqual([7]);
    expect(said).toContain('"trial": 7');
    expect((await experiment(['replay', lastLine(stdout), '40'])).stderr).toContain('from 0 to 39');
  });
});

describe('wrong usage', () => {
  it.each([
    ['timeout-swep', "unknown command 'timeout-swep'. Did you mean 'timeout-sweep'?"],
    ['timeout-sweep --faults replica-kil', "Did you mean 'replica-kill'?"],
    ['timeout-sweep --workloads sha256sun', "Did you mean 'sha256sum'?"],
    ['timeout-sweep --policy papper', "Did you mean 'paper'?"],
    ['timeout-sweep --preset qick', "Did you mean 'quick'?"],
    ['timeout-sweep --timeout 1s', 'Did you mean --timeouts?'],
    ['timeout-sweep --timeouts 100', "'100' is no duration; write a number and ms, s or min"],
    ['timeout-sweep --timeouts 1ms', 'a time-out is 20 ms to 24 h'],
    ['timeout-sweep --timeouts 1s,,2s', 'empty item'],
    ['timeout-sweep --repeat 0', 'expected a whole number from 1'],
    ['timeout-sweep --repeat 1.5', 'expected a whole number from 1'],
    ['timeout-sweep --seed abc', '--seed: expected a whole number'],
    ['timeout-sweep --keep all,none', 'takes one of'],
    ['timeout-sweep extra', 'too many arguments'],
    ['timeout-sweep --workload-command a|b', 'needs a shell'],
    ['describe jacoby', "Did you mean 'jacobi'?"],
    ['report /nowhere', 'is no run directory'],
    [
      'timeout-sweep --faults container-kill',
      'container-kill acts on containers; expected --hosts docker, got local',
    ],
    [
      'timeout-sweep --hosts local,docker --faults cpu-quota',
      'expected --hosts docker, got local, docker',
    ],
    [
      'timeout-sweep --engines unix:///a.sock',
      '--engines is for containers; expected --hosts docker, got local',
    ],
    ['timeout-sweep --base-image debian:12', '--base-image is for containers'],
    ['timeout-sweep --image-include /etc/hosts', '--image-include is for containers'],
    ['timeout-sweep --session-ports 41000-41100', '--session-ports is for containers'],
    ['timeout-sweep --transfer copy', '--transfer is for containers'],
    ['timeout-sweep --container-cpus 1', '--container-cpus is for containers'],
    [
      'timeout-sweep --hosts docker --container-memory 10m',
      "--container-memory: expected 256m or more, such as 512m or 2g, got '10m'",
    ],
    [
      'timeout-sweep --hosts docker --container-pids few',
      "--container-pids: expected a whole number from 64 on, got 'few'",
    ],
    [
      'timeout-sweep --hosts docker --engines unix:///a=10.0.0.1,tcp://b:2375 --faults link-partition',
      '--faults: link-partition cuts the network of one link, which several engines do not have',
    ],
    ['timeout-sweep --hosts dokcer', "Did you mean 'docker'?"],
    ['timeout-sweep --hosts docker --transfer cpoy', "Did you mean 'copy'?"],
    [
      'timeout-sweep --hosts docker --engines /run/docker.sock',
      '--engines: expected an engine as unix:///PATH or tcp://HOST:PORT',
    ],
    [
      'timeout-sweep --hosts docker --engines unix:///a.sock,tcp://b:2375',
      '--engines: expected unix:///a.sock=ADDRESS',
    ],
    ['timeout-sweep --hosts docker --session-ports 41000', '--session-ports: expected a range A-B'],
    ['timeout-sweep --hosts docker --image-include nowhere', 'here/nowhere'],
    [
      'timeout-sweep --timeout-from first',
      "--timeout-from is a reading of the paper's rule; expected --policy paper, got agreed",
    ],
    ['policy-compare --timeout-from frist', "Did you mean 'first'?"],
    ['two-fault-map --gaps 1,x', '--gaps: expected a whole number from 0'],
    ['two-fault-map --parts both', '--parts: unknown name'],
    ['two-fault-map --second-faults none', 'a pair needs two faults'],
    ['two-fault-map --second-faults cpu-quota', '--second-faults: cpu-quota acts on containers'],
    ['timeout-sweep --gaps 1', "unknown option '--gaps'"],
    ['list --jason', 'Did you mean --json?'],
  ])('%s: exit 64 and %s', async (line, message) => {
    const { code, stderr, stdout } = await experiment(line);
    expect(code).toBe(64);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(existsSync(join(directory.path, 'results'))).toBe(false);
  });

  it('shows the help when nothing is asked', async () => {
    const { code, stderr } = await experiment([]);
    expect(code).toBe(64);
    expect(stderr).toContain('Commands:');
  });
});

describe('help', () => {
  it('names every option with its default and an example, without colours', async () => {
    const { code, stdout } = await experiment('timeout-sweep --help');
    expect(code).toBe(0);
    const options = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
    expect(options).toEqual(
      'preset timeouts faults workloads workload-command detect policy timeout-from hosts engines base-image image-include session-ports transfer container-memory container-pids container-cpus tsc repeat seed jobs keep out dry-run quiet'.split(
        ' ',
      ),
    );
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit status: 0 the claim holds');
    expect(stdout).not.toContain('\x1b');
  });

  it('lists and describes what the registries hold', async () => {
    const { stdout } = await experiment('list --json');
    const list = JSON.parse(stdout) as Record<string, { name: string }[]>;
    expect(list['experiments']!.map((item) => item.name)).toEqual([
      'timeout-sweep',
      'hosts-compare',
      'policy-compare',
      'two-fault-map',
    ]);
    expect(list['faults']!.length).toBe(faultModels.length);
    expect(list['faults']!.length).toBeGreaterThan(20);
    for (const { name } of [...list['experiments']!, ...list['faults']!, ...list['workloads']!]) {
      const { code, stdout: words } = await experiment(`describe ${name}`);
      expect(code).toBe(0);
      expect(words).toMatch(new RegExp(`^${name}: `));
    }
  });
});

describe('progress', () => {
  it('is plain lines when piped, with counts and time left, and nothing with --quiet', async () => {
    const { stderr } = await experiment(plain);
    expect(stderr).toMatch(/^40 trials, about \d+ s\n/);
    expect(stderr).toMatch(/40\/40 trials, 0 s left: .*masked \d+/);
    expect(stderr).not.toContain('\x1b');
    expect((await experiment(`${plain} --quiet`)).stderr).toBe('');
  });
});
