/** What the real tests of faults and harness share: small workloads and one campaign. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CampaignOptions, RunnableWorkload, TrialSpec } from './types.ts';

/** Reads 256 KiB, writes a file and standard output: some hundred rendezvous, a tenth of a second. */
export const awkWorkload: RunnableWorkload = {
  name: 'awk',
  command: ['awk', '{ sum += $1; print sum > "sums" } END { print sum }', 'numbers'],
  fillVolume: async (directory) => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${(i * 7919) % 10_007}\n`);
    writeFileSync(join(directory, 'numbers'), lines.join(''));
  },
  deterministic: true,
  programs: [],
};

export const sessionSeed = '5'.repeat(64);

export function campaignOptions(overrides: Partial<CampaignOptions> = {}): CampaignOptions {
  return {
    workloads: [awkWorkload],
    hosts: ['local'],
    docker: { engines: [], baseImage: null, include: [], sessionPorts: '0', transfer: 'auto' },
    tsc: 'auto',
    sessionSeed,
    goldenTimeoutMs: 10_000,
    goldenRuns: 2,
    nativeRuns: 3,
    keep: 'none',
    runDirectory: '/nonexistent',
    jobs: 1,
    ...overrides,
  };
}

export function trialSpec(overrides: Partial<TrialSpec> = {}): TrialSpec {
  return {
    trial: 0,
    repetition: 0,
    workload: 'awk',
    fault: { kind: 'none' },
    timeoutMs: 1000,
    detect: 'any',
    policy: 'agreed',
    hosts: 'local',
    tsc: 'auto',
    seed: 'a'.repeat(64),
    ...overrides,
  };
}
