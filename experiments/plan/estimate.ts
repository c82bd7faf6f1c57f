import { durationMs, type FaultSpec } from '../../faults/fault-spec.ts';
import { resolveFault } from '../../faults/resolve.ts';
import type { CampaignOptions, KeepPolicy, TrialSpec } from '../../harness/types.ts';

export interface Estimate {
  trials: number;
  seconds: number;
  bytes: number;
}

export interface EstimateOptions {
  /** Seconds of a native run, by workload. */
  nativeSeconds: ReadonlyMap<string, number>;
  /** Bytes of a volume after the run, by workload. */
  volumeBytes: ReadonlyMap<string, number>;
  keep: KeepPolicy;
  prepare: Pick<CampaignOptions, 'nativeRuns' | 'goldenRuns'>;
  jobs: number;
}

/** Session start, fresh volume, comparison and clean-up of one trial, seconds. */
const fixedSeconds = 0.3;
/** Three replicas on two cores take this many times a native run of the workloads here. */
const slowdown = 4;
/** A line in trials.jsonl, a row of trials.csv and a line of plan.jsonl. */
const bytesPerTrial = 3000;

/**
 * What a plan will cost, from the nominal times of the workloads and the waits that its faults
 * cause. A guide for choosing a design, within a factor of two; the progress line measures.
 */
export function estimate(plan: readonly TrialSpec[], options: EstimateOptions): Estimate {
  const { nativeSeconds, volumeBytes, keep, prepare, jobs } = options;
  let seconds = 0;
  let bytes = 0;
  for (const spec of plan) {
    seconds += fixedSeconds + slowdown * (nativeSeconds.get(spec.workload) ?? 1) + waits(spec);
    bytes += bytesPerTrial + (keep === 'all' ? (volumeBytes.get(spec.workload) ?? 0) : 0);
  }
  let preparing = 0;
  for (const native of nativeSeconds.values()) {
    preparing += native * prepare.nativeRuns;
    preparing += (fixedSeconds + slowdown * native) * prepare.goldenRuns;
  }
  return { trials: plan.length, seconds: seconds / jobs + preparing, bytes };
}

/** Seconds for which the faults hold the healthy replicas up. */
function waits({ secondFault, ...spec }: TrialSpec): number {
  const first = waitsFor(spec.fault, spec);
  return secondFault === undefined ? first : first + waitsFor(secondFault, spec);
}

function waitsFor(
  fault: FaultSpec,
  { timeoutMs, detect, seed }: Pick<TrialSpec, 'timeoutMs' | 'detect' | 'seed'>,
): number {
  const delayMs = durationMs(resolveFault(fault, { rendezvous: 2, first: 1, seed }));
  if (delayMs !== null) return Math.min(delayMs, timeoutMs) / 1000;
  if (fault.kind === 'replica-kill' && detect === 'timeout-only') return timeoutMs / 1000;
  return 0;
}
