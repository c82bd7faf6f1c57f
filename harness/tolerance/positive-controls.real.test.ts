/** Each kind of fault of the exhaustive list where nothing masks it: it must show, or its injector does nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFault } from '../../faults/text.ts';
import { recordGolden, type Golden } from '../golden.ts';
import { LocalHosts } from '../local-hosts.ts';
import { makeRunDirectory, removeTree } from '../run-directory.ts';
import { campaignOptions, trialSpec } from '../test-support.ts';
import { runTrial } from '../trial.ts';
import type { TrialRecord, TrialSpec } from '../types.ts';
import { WorkloadRoom } from '../workload-room.ts';
import { probeSteps } from './parity.ts';
import { buildProbe } from './probe.ts';

const { signal } = new AbortController();
const options = campaignOptions();

let directory: string;
let built: string;
let golden: Golden;
let address: string;
const hosts = new Map<number, LocalHosts>();

beforeAll(async () => {
  directory = makeRunDirectory();
  built = mkdtempSync(join(tmpdir(), 'tmr-probe-'));
  for (const replicas of [1, 2, 3]) {
    hosts.set(replicas, new LocalHosts({ directory, replicas, jobs: 1 }));
  }
  const { workload, stateAddress } = buildProbe(built);
  address = stateAddress;
  const room = new WorkloadRoom(directory, workload);
  const recorded = await recordGolden(room, hosts.get(3)!, options, () => {}, signal);
  if (recorded.golden === null) throw new Error(`disqualified: ${recorded.info.disqualified}`);
  golden = recorded.golden;
}, 120_000);
afterAll(async () => {
  for (const one of hosts.values()) await one.close();
  removeTree(directory);
  rmSync(built, { recursive: true });
});

async function trial(
  fault: string,
  replicas: number,
  overrides: Partial<TrialSpec> = {},
): Promise<TrialRecord> {
  const spec = trialSpec({ fault: parseFault(fault), timeoutMs: 1000, ...overrides });
  const record = await runTrial(spec, golden, hosts.get(replicas)!, options, signal);
  if (record.outcome === 'harness-error') throw new Error(`harness error: ${record.reason}`);
  return record;
}

const acted = { injected: true, effective: true };

describe('with one replica', () => {
  it.each([
    ['output-bit-flip:replica=1,bit=2,at=rendezvous:25', 'sdc'],
    // The second reading of the clock comes at rendezvous 38; what was wrong shows in the last output.
    ['clock-error:replica=1,offset=60m,at=rendezvous:38', 'sdc'],
    ['request-bit-flip:replica=1,bit=9,at=rendezvous:20', 'detected-stopped'],
    ['service-link-loss:replica=1,service=nfs,at=rendezvous:20', 'detected-stopped'],
    ['service-link-loss:replica=1,service=monitor,at=rendezvous:20', 'detected-stopped'],
  ])('%s gives %s', async (fault, outcome) => {
    expect(await trial(fault, 1)).toMatchObject({ ...acted, outcome });
  });

  it('a wrong bit of memory gives wrong output', async () => {
    const fault = `memory-bit-flip:replica=1,address=${address},bit=5,at=rendezvous:22`;
    expect(await trial(fault, 1)).toMatchObject({ ...acted, outcome: 'sdc' });
  });
});

describe('with three replicas', () => {
  it('a replica that comes later than the time-out is late-flagged, and masked before it', async () => {
    const at = 'at=rendezvous:20';
    expect(await trial(`replica-delay:replica=2,delay=1500ms,${at}`, 3)).toMatchObject({
      ...acted,
      outcome: 'late-flagged',
      flagged: [2],
      mechanism: 'time-out',
    });
    expect(await trial(`replica-delay:replica=2,delay=100ms,${at}`, 3)).toMatchObject({
      ...acted,
      outcome: 'masked',
    });
  });
});

describe('votes forged for a healthy replica that is late', () => {
  // Believed, they let the third run on without it, to where nobody can tell it what was voted.
  it.each([1, 3])('by replica %i cost it nothing', async (forger) => {
    const secondFault = parseFault('replica-delay:replica=2,delay=300ms,at=rendezvous:20');
    const fault = `forged-relay:replica=${forger},of=2,at=rendezvous:5`;
    const { outcome, flagged, fenced } = await trial(fault, 3, { secondFault });
    expect(outcome).toMatch(/masked/);
    expect([...flagged, ...fenced].filter((replica) => replica !== forger)).toEqual([]);
  });
});

describe('votes without a seal', () => {
  const fault = (other: string): string =>
    `wrong-seal:replica=1,to=2,other=${other},at=rendezvous:20`;

  it.each(['badly-sealed', 'withheld'])(
    'are none: with the other one %s, time runs out',
    async (other) => {
      expect(await trial(fault(other), 3)).toMatchObject({
        ...acted,
        outcome: 'detected-masked',
        flagged: [1],
        mechanism: 'time-out',
        flagRendezvous: 20,
      });
    },
  );

  it('reach who got none by the peer that got good ones', async () => {
    expect(await trial(fault('good'), 3)).toMatchObject({ ...acted, outcome: 'masked' });
  });

  it('count all the same under the paper’s policy, which knows no seals', async () => {
    const record = await trial(fault('badly-sealed'), 3, { policy: 'paper' });
    expect(record).toMatchObject({ ...acted, outcome: 'masked', flagged: [] });
  });
});

describe('a tracer that lost the file server', () => {
  it('votes no further, though its next calls need no file server', async () => {
    const fault = 'service-link-loss:replica=2,service=nfs,at=rendezvous:4';
    const record = await trial(fault, 3, { timeoutMs: 4000 });
    expect(record).toMatchObject({ ...acted, outcome: 'detected-masked', flagged: [2] });
    // The next file call is at rendezvous 17; the grace of T/4 is long enough to come there.
    expect(record.flagRendezvous).toBeLessThan(10);
  });
});

describe('two faults', () => {
  it('stop the session when a killed tracer leaves two that ask for different writes', async () => {
    const at = `at=rendezvous:${probeSteps.indexOf('write')}`;
    const secondFault = parseFault(`request-bit-flip:replica=2,bit=9,${at}`);
    const fault = `replica-kill:replica=3,process=tracer,phase=before-effect,${at}`;
    expect(await trial(fault, 3, { secondFault })).toMatchObject({
      injected: true,
      outcome: 'detected-stopped',
      reason: 'no quorum at file server',
    });
  });
});

describe('with two replicas', () => {
  it.each([
    'early-vote:replica=1,at=rendezvous:20',
    'rogue-tracer:replica=2,at=rendezvous:20',
    'signature-bit-flip:replica=2,bit=3,votes=all,at=rendezvous:20',
  ])('%s stops the session safely', async (fault) => {
    expect(await trial(fault, 2)).toMatchObject({ injected: true, outcome: 'detected-stopped' });
  });
});

describe("under the paper's literal rule", () => {
  it.each([
    'link-bit-flip:link=1-2,bit=3,at=rendezvous:20',
    'link-bit-flip:link=1-2,bit=3,checksum=valid,at=rendezvous:20',
    'link-bit-flip:link=2-3,bit=3,votes=all,at=rendezvous:20',
    'vote-loss:link=1-2,at=rendezvous:20',
    'link-silence:link=3-1,at=rendezvous:20',
    'link-reset:link=1-3,at=rendezvous:20',
    'false-flag-notice:accuser=1,accused=2,at=rendezvous:20',
  ])('%s costs a healthy replica', async (fault) => {
    const record = await trial(fault, 3, { policy: 'paper' });
    expect(record).toMatchObject({ injected: true });
    expect(['wrong-flagged', 'detected-stopped']).toContain(record.outcome);
  });

  it('one peer alone flags a two-faced vote, and is obeyed', async () => {
    const fault = 'two-faced-vote:replica=1,to=2,bit=5,at=rendezvous:20';
    const record = await trial(fault, 3, { policy: 'paper' });
    expect(record).toMatchObject({ ...acted, flagged: [1], accusers: [[2]] });
    expect(await trial(fault, 3)).toMatchObject({ ...acted, flagged: [], outcome: 'masked' });
  });
});
