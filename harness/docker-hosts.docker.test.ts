import { expect, it } from 'vitest';
import type { Engine } from '../tmr/containers/engine.ts';
import { everythingOf } from '../tmr/containers/testing/owned.ts';
import { describeWithEngine, describeWithEngines } from '../tmr/containers/testing/test-engine.ts';
import { openCampaign } from './campaign.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import type { DockerOptions, PlannedFault, TrialRecord } from './types.ts';

const trigger = { type: 'rendezvous-fraction', fraction: 0.3 } as const;

type RunTrial = (fault: PlannedFault) => Promise<TrialRecord>;

/** Runs trials of one campaign, closes it, and looks that nothing is left on its engines. */
async function inCampaign(
  engines: readonly Engine[],
  docker: Partial<DockerOptions>,
  trials: (run: RunTrial) => Promise<void>,
): Promise<void> {
  const campaign = await openCampaign(
    campaignOptions({
      hosts: ['docker'],
      workloads: [{ ...awkWorkload, programs: ['/usr/bin/awk'] }],
      docker: { ...campaignOptions().docker, ...docker },
    }),
  );
  const { signal } = new AbortController();
  try {
    const [golden] = await campaign.prepare(() => undefined, signal);
    expect(golden?.disqualified).toBeNull();
    await trials((fault) =>
      campaign.run(trialSpec({ hosts: 'docker', fault, timeoutMs: 2000 }), signal),
    );
  } finally {
    await campaign.close();
  }
  for (const engine of engines) expect(await everythingOf(engine, process.pid)).toEqual([]);
}

describeWithEngine('a campaign on docker hosts', (engine) => {
  it.each(['bind', 'copy'] as const)(
    'masks faults of containers, replaces what they broke, and leaves nothing (%s)',
    async (transfer) => {
      await inCampaign([engine], { engines: [engine.url], transfer }, async (run) => {
        expect(await run({ kind: 'none' })).toMatchObject({ outcome: 'masked', flagged: [] });
        expect(await run({ kind: 'container-kill', replica: 2, trigger })).toMatchObject({
          outcome: 'detected-masked',
          flagged: [2],
          accusers: [[1, 3]],
          injected: true,
          effective: true,
          activated: true,
          clockUncertaintyNs: 0,
        });
        const cut = { kind: 'link-partition', replica: 1, peer: 3, durationMs: 300 } as const;
        expect(await run({ ...cut, trigger })).toMatchObject({ outcome: 'masked', flagged: [] });
      });
    },
    120_000,
  );
});

describeWithEngines('a campaign on several engines', (engines) => {
  it('masks faults on either, replaces what they broke, and leaves nothing on any', async () => {
    const docker = {
      engines: engines.map(({ url, address }) => `${url}=${address}`),
      sessionPorts: '42200-42299',
    };
    await inCampaign(engines, docker, async (run) => {
      expect(await run({ kind: 'none' })).toMatchObject({ outcome: 'masked', flagged: [] });
      const masked = { outcome: 'detected-masked', injected: true, effective: true };
      const kill = { kind: 'replica-kill', victim: 'replica', trigger } as const;
      expect(await run({ ...kill, replica: 1 })).toMatchObject({ ...masked, flagged: [1] });
      // Tracer 2 is the one on the second engine.
      const kill2 = { kind: 'container-kill', replica: 2, trigger } as const;
      expect(await run(kill2)).toMatchObject({ ...masked, flagged: [2], accusers: [[1, 3]] });
      const off = { kind: 'network-disconnect', replica: 3, durationMs: 5000, trigger } as const;
      expect(await run(off)).toMatchObject({ ...masked, flagged: [3] });
      // What was broken by the others is whole again.
      expect(await run({ kind: 'none' })).toMatchObject({ outcome: 'masked', flagged: [] });
    });
  }, 120_000);
});
