import { expect, it } from 'vitest';
import { describeWithEngine } from '../tmr/containers/testing/test-engine.ts';
import { openCampaign } from './campaign.ts';
import { awkWorkload, campaignOptions, trialSpec } from './test-support.ts';
import type { PlannedFault } from './types.ts';

const trigger = { type: 'rendezvous-fraction', fraction: 0.3 } as const;

describeWithEngine('a campaign on docker hosts', (engine) => {
  it.each(['bind', 'copy'] as const)(
    'masks faults of containers, replaces what they broke, and leaves nothing (%s)',
    async (transfer) => {
      const campaign = await openCampaign(
        campaignOptions({
          hosts: ['docker'],
          workloads: [{ ...awkWorkload, programs: ['/usr/bin/awk'] }],
          docker: {
            engines: [engine.url],
            baseImage: null,
            include: [],
            sessionPorts: '0',
            transfer,
          },
        }),
      );
      const { signal } = new AbortController();
      const run = (fault: PlannedFault) =>
        campaign.run(trialSpec({ hosts: 'docker', fault, timeoutMs: 2000 }), signal);
      try {
        const [golden] = await campaign.prepare(() => undefined, signal);
        expect(golden?.disqualified).toBeNull();
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
      } finally {
        await campaign.close();
      }
      const { Volumes } = await engine.docker.listVolumes();
      const networks = await engine.docker.listNetworks();
      const own = JSON.stringify([Volumes, networks]).includes(`\\"pid\\":${process.pid},`);
      expect(own).toBe(false);
    },
    120_000,
  );
});
