/** A campaign whose trials are invented: for tests of the command line, which must not need ptrace. */
import type { Campaign, CampaignOptions, GoldenInfo, OpenCampaign } from '../../harness/types.ts';
import { syntheticGolden, syntheticRecord } from './synthetic-run.ts';

/** What its hosts say of themselves. */
export const fakeHosts = { fake: { engine: 'none' } };

export interface FakeCampaign {
  open: OpenCampaign;
  options: CampaignOptions[];
  trialsRun: number[];
  closed: number;
}

export interface FakeBehaviour {
  /** Called before a trial; may interrupt, or throw as a broken harness would. */
  beforeTrial?: (trial: number) => void;
  /** Trials that wait until they are aborted. */
  stuck?: (trial: number) => boolean;
  golden?: (info: GoldenInfo) => GoldenInfo;
}

export function fakeCampaign(behaviour: FakeBehaviour = {}): FakeCampaign {
  const fake: FakeCampaign = {
    options: [],
    trialsRun: [],
    closed: 0,
    open: (options) => {
      fake.options.push(options);
      return Promise.resolve(campaign(options));
    },
  };
  const campaign = (options: CampaignOptions): Campaign => ({
    prepare: () => {
      const golden = options.workloads.map(({ name }) => syntheticGolden(name));
      return Promise.resolve(golden.map(behaviour.golden ?? ((info) => info)));
    },
    run: async (spec, signal) => {
      behaviour.beforeTrial?.(spec.trial);
      fake.trialsRun.push(spec.trial);
      if (behaviour.stuck?.(spec.trial)) await untilAborted(signal);
      return syntheticRecord(spec);
    },
    describeHosts: () => Promise.resolve(fakeHosts),
    close: () => {
      fake.closed++;
      return Promise.resolve();
    },
  });
  return fake;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
