/** Runs cases of the exhaustive list on real processes, each as a trial of a campaign, and judges them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { parseFault } from '../../faults/text.ts';
import { openCampaign } from '../campaign.ts';
import type { Campaign, TrialRecord, TrialSpec } from '../types.ts';
import { SWEEP_TIMEOUT_MS, type ProgramUnderTest } from './cases.ts';
import { judgeSingleFault, type Finding } from './judge.ts';
import { decisionOf, parityOf, type Parity } from './parity.ts';
import { buildProbe } from './probe.ts';

const SEED = '5'.repeat(64);

export interface CaseResult {
  case: string;
  outcome: TrialRecord['outcome'];
  activated: boolean;
  flagged: number[];
  parity: Parity;
  /** `P2: healthy replica 1 was flagged`. */
  violations: string[];
  unknown: string | null;
}

export class Sweep {
  readonly program: ProgramUnderTest;
  readonly #campaign: Campaign;
  readonly #directory: string;

  private constructor(program: ProgramUnderTest, campaign: Campaign, directory: string) {
    this.program = program;
    this.#campaign = campaign;
    this.#directory = directory;
  }

  /** `jobs`: cases at the same time. Throws when the probe cannot be built or has no golden run. */
  static async open(jobs: number): Promise<Sweep> {
    const directory = mkdtempSync(join(tmpdir(), 'tmr-sweep-'));
    try {
      const { workload, stateAddress } = buildProbe(directory);
      const campaign = await openCampaign({
        workloads: [workload],
        hosts: ['local'],
        docker: { engines: [], baseImage: null, include: [], sessionPorts: '0', transfer: 'auto' },
        tsc: 'native',
        sessionSeed: SEED,
        goldenTimeoutMs: 10_000,
        goldenRuns: 2,
        nativeRuns: 3,
        keep: 'none',
        runDirectory: directory,
        jobs,
      });
      try {
        const [golden] = await campaign.prepare(() => {}, new AbortController().signal);
        if (!golden?.rendezvous)
          throw new Error(`no golden run of the probe: ${golden?.disqualified}`);
        return new Sweep({ rendezvous: golden.rendezvous, stateAddress }, campaign, directory);
      } catch (error) {
        await campaign.close();
        throw error;
      }
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** `onResult` gets each case when it is done, in any order. */
  async run(
    cases: readonly string[],
    jobs: number,
    onResult: (result: CaseResult) => void,
  ): Promise<void> {
    const limit = pLimit(jobs);
    const { signal } = new AbortController();
    const attempt = async (text: string, trial: number): Promise<CaseResult> => {
      const record = await this.#campaign.run(specOf(text, trial), signal);
      const lastRendezvous = this.program.rendezvous - 1;
      const findings = judgeSingleFault(record, { lastRendezvous, shortDelays: 'judged' });
      return resultOf(text, record, findings);
    };
    const run = async (text: string, trial: number): Promise<void> =>
      onResult(await settled(() => attempt(text, trial)));
    await Promise.all(cases.map((text, trial) => limit(() => run(text, trial))));
  }

  async close(): Promise<void> {
    await this.#campaign.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Runs of a case whose judgement is unknown. */
const ATTEMPTS = 3;

/**
 * The machine may be too slow for T once. It is not at the same case each time, but a protocol that loses a
 * healthy replica is: its others then wait for that one, and look just as far apart.
 */
export async function settled(attempt: () => Promise<CaseResult>): Promise<CaseResult> {
  let result = await attempt();
  for (let more = ATTEMPTS - 1; more > 0 && result.unknown !== null; more--) {
    result = await attempt();
  }
  if (result.unknown === null || result.outcome === 'harness-error') return result;
  const each = `${result.unknown}, in each of ${ATTEMPTS} runs`;
  return { ...result, violations: [...result.violations, each], unknown: null };
}

function specOf(text: string, trial: number): TrialSpec {
  return {
    trial,
    repetition: 0,
    workload: 'probe',
    fault: parseFault(text),
    timeoutMs: SWEEP_TIMEOUT_MS,
    detect: 'any',
    policy: 'agreed',
    hosts: 'local',
    tsc: 'native',
    seed: SEED,
  };
}

function resultOf(text: string, record: TrialRecord, findings: readonly Finding[]): CaseResult {
  const worded = (verdict: Finding['verdict']): string[] =>
    findings.filter((one) => one.verdict === verdict).map((one) => `${one.property}: ${one.text}`);
  const isRun = record.outcome !== 'harness-error';
  return {
    case: text,
    outcome: record.outcome,
    activated: record.activated === true,
    flagged: record.flagged,
    parity: isRun ? parityOf(text, decisionOf(record)) : { type: 'none' },
    violations: worded('violated'),
    unknown: isRun ? (worded('unknown')[0] ?? null) : record.reason,
  };
}
