import pLimit from 'p-limit';
import type { Campaign, GoldenInfo, TrialRecord, TrialSpec } from '../../harness/types.ts';
import type { Progress } from './progress.ts';

export interface RunTrialsOptions {
  jobs: number;
  progress: Progress;
  onInterrupt: (handler: () => void) => () => void;
  /** `hosts`: what they say of themselves. */
  onGolden: (golden: GoldenInfo[], hosts: Record<string, unknown>) => void;
  onRecord: (record: TrialRecord) => void;
}

/**
 * Runs the plan in its order. The first Ctrl-C lets the running trials end and starts no more; the
 * second aborts them, and they leave no record. The campaign is closed in every case.
 */
export async function runTrials(
  open: () => Promise<Campaign>,
  plan: readonly TrialSpec[],
  { jobs, progress, onInterrupt, onGolden, onRecord }: RunTrialsOptions,
): Promise<{ interrupted: boolean }> {
  let interrupted = false;
  let prepared = false;
  const abort = new AbortController();
  const unsubscribe = onInterrupt(() => {
    // While preparing there is no trial whose end would be worth waiting for.
    if (interrupted || !prepared) abort.abort();
    else progress.line('ending after the running trial; Ctrl-C again to abort it');
    interrupted = true;
  });
  let campaign: Campaign | undefined;
  try {
    campaign = await open();
    const golden = await campaign.prepare((line) => progress.line(line), abort.signal);
    onGolden(golden, await campaign.describeHosts());
    prepared = true;
    const usable = withoutDisqualified(plan, golden, progress);
    progress.start(usable.length);
    const limit = pLimit(jobs);
    let failure: { error: unknown } | undefined;
    const runOne = async (spec: TrialSpec): Promise<void> => {
      if (interrupted || failure !== undefined || campaign === undefined) return;
      try {
        const record = await campaign.run(spec, abort.signal);
        onRecord(record);
        progress.trial(record);
      } catch (error) {
        // The others must have ended before the campaign is closed under them.
        failure ??= { error };
        abort.abort();
      }
    };
    await Promise.all(usable.map((spec) => limit(runOne, spec)));
    if (failure !== undefined) throw failure.error;
  } catch (error) {
    if (!interrupted || (error as Error).name !== 'AbortError') throw error;
  } finally {
    unsubscribe();
    progress.stop();
    await campaign?.close();
  }
  return { interrupted };
}

function withoutDisqualified(
  plan: readonly TrialSpec[],
  golden: readonly GoldenInfo[],
  progress: Progress,
): TrialSpec[] {
  const reasons = new Map(golden.map((info) => [info.workload, info.disqualified]));
  for (const [workload, reason] of reasons) {
    if (reason !== null) progress.line(`workload ${workload} is disqualified: ${reason}`);
  }
  const usable = plan.filter((spec) => (reasons.get(spec.workload) ?? null) === null);
  if (usable.length === 0) {
    const why = [...reasons].map(([workload, reason]) => `${workload}: ${reason}`).join('; ');
    throw new Error(`every workload is disqualified (${why}); choose others with --workloads`);
  }
  return usable;
}
