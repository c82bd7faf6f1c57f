import { expect, it } from 'vitest';
import { parseFault } from '../faults/text.ts';
import type { Engine } from '../tmr/containers/engine.ts';
import { everythingOf } from '../tmr/containers/testing/owned.ts';
import { describeWithEngine, describeWithEngines } from '../tmr/containers/testing/test-engine.ts';
import { openCampaign } from './campaign.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import type { DockerOptions, TrialRecord } from './types.ts';

type RunTrial = (fault: string) => Promise<TrialRecord>;

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
      campaign.run(
        trialSpec({ hosts: 'docker', fault: parseFault(fault), timeoutMs: 2000 }),
        signal,
      ),
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
        expect(await run('none')).toMatchObject({ outcome: 'masked', flagged: [] });
        expect(await run('container-kill:replica=2,at=fraction:0.3')).toMatchObject({
          outcome: 'detected-masked',
          flagged: [2],
          accusers: [[1, 3]],
          injected: true,
          effective: true,
          activated: true,
          clockUncertaintyNs: 0,
        });
        const cut = 'link-partition:link=1-3,duration=300ms,at=fraction:0.3';
        expect(await run(cut)).toMatchObject({ outcome: 'masked', flagged: [] });
      });
    },
    300_000,
  );
});

describeWithEngines('a campaign on several engines', (engines) => {
  it('masks faults on either, replaces what they broke, and leaves nothing on any', async () => {
    const docker = {
      engines: engines.map(({ url, address }) => `${url}=${address}`),
      sessionPorts: '42200-42299',
    };
    await inCampaign(engines, docker, async (run) => {
      expect(await run('none')).toMatchObject({ outcome: 'masked', flagged: [] });
      const masked = { outcome: 'detected-masked', injected: true, effective: true };
      const kill = 'replica-kill:replica=1,at=fraction:0.3';
      expect(await run(kill)).toMatchObject({ ...masked, flagged: [1] });
      // Tracer 2 is the one on the second engine.
      const kill2 = 'container-kill:replica=2,at=fraction:0.3';
      expect(await run(kill2)).toMatchObject({ ...masked, flagged: [2], accusers: [[1, 3]] });
      const off = 'network-disconnect:replica=3,duration=5s,at=fraction:0.3';
      expect(await run(off)).toMatchObject({ ...masked, flagged: [3] });
      // What was broken by the others is whole again.
      expect(await run('none')).toMatchObject({ outcome: 'masked', flagged: [] });
    });
  }, 300_000);
});
