/** Each fault kind where it must show: real sessions, the injector's word read back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFault } from '../faults/text.ts';
import { recordGolden, type Golden } from './golden.ts';
import { LocalHosts } from './local-hosts.ts';
import { makeRunDirectory, removeTree } from './run-directory.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import { runTrial } from './trial.ts';
import type { TrialRecord, TrialSpec } from './types.ts';
import { WorkloadRoom } from './workload-room.ts';

const { signal } = new AbortController();
const options = campaignOptions();
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

async function trial(fault: string, overrides: Partial<TrialSpec> = {}, hosts = three) {
  const spec = trialSpec({ fault: parseFault(fault), timeoutMs: amplyMs, ...overrides });
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
    expect(await trial('none')).toMatchObject({
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
  const flip = 'signature-bit-flip:replica=2,bit=40,at=fraction:0.5';
  const onLink = 'link-bit-flip:link=2-1,bit=40,at=fraction:0.5';

  it('at the sender gets its replica flagged by the two others, for the signature', async () => {
    const record = await trial(flip);
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
    const record = await withReplicas(2, (hosts) => trial(flip, {}, hosts));
    expect(record).toMatchObject({ ...active, outcome: 'detected-stopped', exitStatus: 125 });
  });

  it('on one link flags nobody', async () => {
    expect(await trial(onLink)).toMatchObject({
      ...active,
      outcome: 'masked',
      flagged: [],
      fenced: [],
      target: 'link:2-1',
    });
  });

  it('on one link shows under the paper’s policy: a healthy replica is flagged', async () => {
    const record = await trial(onLink, { policy: 'paper', timeoutMs: 1000 });
    expect(record).toMatchObject({ ...active, outcome: 'wrong-flagged' });
    // The one that misses the vote, or the one whose vote is missing, whoever is accused first.
    expect([1, 2]).toContain(record.flagged[0]);
  });
});

describe('replica-kill', () => {
  const kill = 'replica-kill:replica=3,at=fraction:0.5';
  const killTracer = 'replica-kill:replica=3,process=tracer,at=fraction:0.5';

  it('of the replica is masked, and its own tracer’s word is acted on', async () => {
    expect(await trial(kill)).toMatchObject({
      ...active,
      outcome: 'detected-masked',
      mechanism: 'replica-dead',
      flagged: [3],
      target: 'replica:3',
    });
  });

  it('of the tracer is masked, and the closed connection is acted on', async () => {
    expect(await trial(killTracer)).toMatchObject({
      ...active,
      outcome: 'detected-masked',
      mechanism: 'connection-closed',
      flagged: [3],
      target: 'tracer:3',
    });
  });

  it('is found by the time-out alone where that is asked for', async () => {
    const record = await trial(killTracer, { detect: 'timeout-only', timeoutMs: 1000 });
    expect(record).toMatchObject({ ...active, mechanism: 'time-out', flagged: [3] });
    expect(record.detectionLatencyNs).toBeGreaterThan(0.9e9);
  });

  it('shows where nothing masks it: one replica ends with 125', async () => {
    const record = await withReplicas(1, (hosts) =>
      trial('replica-kill:replica=1,at=fraction:0.5', {}, hosts),
    );
    expect(record).toMatchObject({ ...active, outcome: 'detected-stopped', exitStatus: 125 });
  });
});

describe('tracer-delay', () => {
  const delay = 'tracer-delay:replica=1,at=fraction:0.5';

  it('below the time-out is masked', async () => {
    expect(await trial(`${delay},delay=100ms`)).toMatchObject({
      ...active,
      outcome: 'masked',
      delayMs: 100,
    });
  });

  it('above the time-out gets its replica late-flagged', async () => {
    expect(await trial(`${delay},delay=60s`, { timeoutMs: 1000 })).toMatchObject({
      ...active,
      outcome: 'late-flagged',
      mechanism: 'time-out',
      flagged: [1],
    });
  });
});

describe('false-flag-notice', () => {
  const notice = 'false-flag-notice:accuser=1,accused=3,at=fraction:0.5';

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
    expect(await trial('replica-kill:replica=1,at=rendezvous:1000000')).toMatchObject({
      outcome: 'not-activated',
      injected: false,
      effective: null,
      injectionNs: null,
      trigger: 'rendezvous:1000000',
    });
  });
});
