/** `replay RUN_DIR TRIAL`: one trial of a plan once more, with its evidence kept. */
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { projectRoot } from '../project-root.ts';
import { readRun } from '../record/run-directory.ts';
import { deriveSeed } from '../statistics/random.ts';
import { customName } from '../workloads/custom-name.ts';
import { workloadByName } from '../workloads/registry.ts';
import { customWorkload, makeRunnable } from '../workloads/runnable.ts';
import type { CommandContext } from './io.ts';
import { parseInteger } from './parse-values.ts';
import { makeProgress } from './progress.ts';
import { runTrials } from './trials.ts';
import { exitCodes } from './usage-error.ts';
import { defaultDocker } from './settings.ts';

/** Prints the new record as JSON. 0 when the outcome is that of the run, else 1. */
export async function replayCommand(
  directory: string,
  trial: string,
  context: CommandContext,
): Promise<number> {
  const { manifest, plan, records } = readRun(resolve(context.workingDirectory, directory));
  const number = parseInteger(trial, 'TRIAL', 0, plan.length - 1);
  const spec = plan.find((candidate) => candidate.trial === number);
  if (spec === undefined) throw new Error(`the plan in ${directory} has no trial ${number}`);
  const { design, workloadCommand } = manifest;
  const cache = join(projectRoot(), 'results', '.cache');
  const workload = workloadByName(spec.workload);
  const runnable =
    spec.workload === customName && workloadCommand
      ? customWorkload(workloadCommand, context.workingDirectory, context.resultsDirectory)
      : makeRunnable(workload!, design.size, cache);
  const evidence = mkdtempSync(join(tmpdir(), `tmr-replay-${number}-`));
  const openCampaign = await context.loadCampaign();
  let outcome: string | undefined;
  const options = {
    workloads: [runnable],
    hosts: [spec.hosts],
    docker: manifest.docker ?? defaultDocker,
    tsc: spec.tsc,
    sessionSeed: deriveSeed(manifest.seed, 'session'),
    goldenTimeoutMs: Math.max(10_000, spec.timeoutMs),
    goldenRuns: 2,
    nativeRuns: 3,
    keep: 'all' as const,
    runDirectory: evidence,
    jobs: 1,
  };
  const { interrupted } = await runTrials(() => openCampaign(options), [spec], {
    jobs: 1,
    progress: await makeProgress(context.stderr, false),
    onInterrupt: context.onInterrupt,
    onGolden: () => {},
    onRecord: (record) => {
      outcome = record.outcome;
      context.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
    },
  });
  if (isKept(evidence)) context.stdout.write(`${evidence}\n`);
  if (interrupted) return exitCodes.interrupted;
  const before = records.find((record) => record.trial === number)?.outcome;
  return outcome === before ? exitCodes.holds : exitCodes.violated;
}

/** Whether anything is in it; an empty one is removed. */
function isKept(evidence: string): boolean {
  if (readdirSync(evidence).length > 0) return true;
  rmdirSync(evidence);
  return false;
}
