/** Each fault kind where it must show: real sessions, the injector's word read back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordGolden, type Golden } from './golden.ts';
import { LocalHosts } from './local-hosts.ts';
import { makeRunDirectory, removeTree } from './run-directory.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import { runTrial } from './trial.ts';
import type { PlannedFault, TrialRecord, TrialSpec } from './types.ts';
import { WorkloadRoom } from './workload-room.ts';

const { signal } = new AbortController();
const options = campaignOptions();
const trigger = { type: 'rendezvous-fraction', fraction: 0.5 } as const;
/** Far beyond any skew of a crowded machine. */
const amplyMs = 10_000;

let directory: string;
let three: LocalHosts;
let golden: Golden;

beforeAll(async () => {
  directory = makeRunDirectory();
  three = new LocalHosts({ directory, replicas: 3, jobs: 1 });
  const room = new WorkloadRoom(directory, awkWorkload);
  const recorded = await recordGolden(room, three, options, () => {}, signal);
  if (recorded.golden === null) throw new Error(`disqualified: ${recorded.info.disqualified}`);
  golden = recorded.golden;
}, 120_000);
afterAll(async () => {
  await three.close();
  removeTree(directory);
});

async function trial(fault: PlannedFault, overrides: Partial<TrialSpec> = {}, hosts = three) {
  const spec = trialSpec({ fault, timeoutMs: amplyMs, ...overrides });
  const record = await runTrial(spec, golden, hosts, options, signal);
  if (record.outcome === 'harness-error') throw new Error(`harness error: ${record.reason}`);
  return record;
}

/** Runs with fewer replicas: nothing masks what the fault does. */
async function withReplicas(
  replicas: number,
  run: (hosts: LocalHosts) => Promise<TrialRecord>,
): Promise<TrialRecord> {
  const hosts = new LocalHosts({ directory, replicas, jobs: 1 });
  try {
    return await run(hosts);
  } finally {
    await hosts.close();
  }
}

const active = { injected: true, effective: true, activated: true };

describe('none', () => {
  it('flags nobody and gives the golden output', async () => {
    expect(await trial({ kind: 'none' })).toMatchObject({
      outcome: 'masked',
      flagged: [],
      fenced: [],
      injected: null,
      rendezvous: golden.rendezvous,
      exitStatus: 0,
    });
  });
});

describe('signature-bit-flip', () => {
  const flip = { kind: 'signature-bit-flip', replica: 2, bit: 40, trigger } as const;

  it('at the sender gets its replica flagged by the two others, for the signature', async () => {
    const record = await trial({ ...flip, link: 'sender' });
    expect(record).toMatchObject({
      ...active,
      outcome: 'detected-masked',
      mechanism: 'signature',
      flagged: [2],
      accusers: [[1, 3]],
      target: 'tracer:2',
    });
    expect(record.suspicionNs).toBeGreaterThan(record.injectionNs!);
    expect(record.quorumNs).toBeGreaterThanOrEqual(record.suspicionNs!);
    expect(record.isolationNs).toBeGreaterThan(record.suspicionNs!);
    expect(record.resumeNs).toBeGreaterThan(record.suspicionNs!);
    expect(record.detectionLatencyNs).toBe(record.quorumNs! - record.injectionNs!);
  });

  it('at the sender shows where nothing masks it: two replicas stop safely', async () => {
    const record = await withReplicas(2, (hosts) => trial({ ...flip, link: 'sender' }, {}, hosts));
    expect(record).toMatchObject({ ...active, outcome: 'detected-stopped', exitStatus: 125 });
  });

  it('on one link flags nobody', async () => {
    expect(await trial({ ...flip, link: 1 })).toMatchObject({
      ...active,
      outcome: 'masked',
      flagged: [],
      fenced: [],
      target: 'link:2-1',
    });
  });

  it('on one link shows under the paper’s policy: a healthy replica is flagged', async () => {
    const record = await trial({ ...flip, link: 1 }, { policy: 'paper', timeoutMs: 1000 });
    expect(record).toMatchObject({ ...active, outcome: 'wrong-flagged' });
    // The one that misses the vote, or the one whose vote is missing, whoever is accused first.
    expect([1, 2]).toContain(record.flagged[0]);
  });
});

describe('replica-kill', () => {
  const kill = { kind: 'replica-kill', replica: 3, trigger } as const;

  it('of the replica is masked, and its own tracer’s word is acted on', async () => {
    expect(await trial({ ...kill, victim: 'replica' })).toMatchObject({
      ...active,
      outcome: 'detected-masked',
      mechanism: 'replica-dead',
      flagged: [3],
      target: 'replica:3',
    });
  });

  it('of the tracer is masked, and the closed connection is acted on', async () => {
    expect(await trial({ ...kill, victim: 'tracer' })).toMatchObject({
      ...active,
      outcome: 'detected-masked',
      mechanism: 'connection-closed',
      flagged: [3],
      target: 'tracer:3',
    });
  });

  it('is found by the time-out alone where that is asked for', async () => {
    const record = await trial(
      { ...kill, victim: 'tracer' },
      { detect: 'timeout-only', timeoutMs: 1000 },
    );
    expect(record).toMatchObject({ ...active, mechanism: 'time-out', flagged: [3] });
    expect(record.detectionLatencyNs).toBeGreaterThan(0.9e9);
  });

  it('shows where nothing masks it: one replica ends with 125', async () => {
    const record = await withReplicas(1, (hosts) =>
      trial({ ...kill, replica: 1, victim: 'replica' }, {}, hosts),
    );
    expect(record).toMatchObject({ ...active, outcome: 'detected-stopped', exitStatus: 125 });
  });
});

describe('tracer-delay', () => {
  const delay = { kind: 'tracer-delay', replica: 1, trigger } as const;

  it('below the time-out is masked', async () => {
    expect(await trial({ ...delay, delayMs: 100 })).toMatchObject({
      ...active,
      outcome: 'masked',
      delayMs: 100,
    });
  });

  it('above the time-out gets its replica late-flagged', async () => {
    expect(await trial({ ...delay, delayMs: 60_000 }, { timeoutMs: 1000 })).toMatchObject({
      ...active,
      outcome: 'late-flagged',
      mechanism: 'time-out',
      flagged: [1],
    });
  });
});

describe('false-flag-notice', () => {
  const notice = { kind: 'false-flag-notice', replica: 1, accused: 3, trigger } as const;

  it('flags nobody where two notices are needed; the server has it as not counted', async () => {
    expect(await trial(notice)).toMatchObject({
      ...active,
      outcome: 'masked',
      flagged: [],
      noticesIgnored: 1,
      target: 'nfs',
    });
  });

  it('evicts a healthy replica under the paper’s policy', async () => {
    expect(await trial(notice, { policy: 'paper' })).toMatchObject({
      ...active,
      outcome: 'wrong-flagged',
      flagged: [3],
    });
  });
});

describe('a trial', () => {
  it('whose trigger is never reached is not-activated', async () => {
    const far = { type: 'rendezvous', k: 1_000_000 } as const;
    const fault = { kind: 'replica-kill', replica: 1, victim: 'replica', trigger: far } as const;
    expect(await trial(fault)).toMatchObject({
      outcome: 'not-activated',
      injected: false,
      effective: null,
      injectionNs: null,
      trigger: 'rendezvous:1000000',
    });
  });
});
