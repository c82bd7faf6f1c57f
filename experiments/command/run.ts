/** Runs an experiment: plan, prepare, trials, report. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type {
  CampaignOptions,
  GoldenInfo,
  RunnableWorkload,
  TrialSpec,
} from '../../harness/types.ts';
import { estimate } from '../plan/estimate.ts';
import { expandPlan } from '../plan/expand.ts';
import { projectRoot } from '../project-root.ts';
import { describeCode, describeMachine, loadAverage, type Manifest } from '../record/manifest.ts';
import { readingName, readingsOf } from '../readings.ts';
import {
  createRunDirectory,
  files,
  writeAtomically,
  writeManifest,
} from '../record/run-directory.ts';
import { TrialLog } from '../record/trial-log.ts';
import { deriveSeed } from '../statistics/random.ts';
import type { Experiment } from '../types.ts';
import { customName } from '../workloads/custom-name.ts';
import { workloadByName } from '../workloads/registry.ts';
import { customWorkload, makeRunnable } from '../workloads/runnable.ts';
import { checkDocker } from './check-docker.ts';
import type { CommandContext } from './io.ts';
import { formatBytes, formatSeconds } from './parse-values.ts';
import { makeProgress, type Progress } from './progress.ts';
import { reportRun } from './report.ts';
import { resolveSettings, type RawOptions, type Settings } from './settings.ts';
import { runTrials } from './trials.ts';
import { exitCodes } from './usage-error.ts';

/** The exit code: what the run says about the experiment's claim. */
export async function runCommand(
  experiment: Experiment,
  raw: RawOptions,
  context: CommandContext,
): Promise<number> {
  const settings = resolveSettings(experiment, raw, context.workingDirectory);
  if (settings.design.hosts.includes('docker')) await checkDocker(settings.docker);
  const results = resolve(context.workingDirectory, raw.out ?? context.resultsDirectory);
  const plan = expandPlan(settings.design, settings.seed);
  context.stdout.write(`seed ${settings.seed}\n`);
  if (settings.dryRun) {
    context.stdout.write(dryRun(settings, plan, results, experiment));
    return exitCodes.holds;
  }
  const progress = await makeProgress(context.stderr, settings.quiet);
  progress.line(`${plan.length} trials, about ${cost(settings, plan).time}`);
  const runnable = resolveWorkloads(settings, results, context);
  const manifest = newManifest(experiment, settings, plan, context);
  const directory = createRunDirectory(results, manifest, plan);
  const interrupted = await execute(
    settings,
    plan,
    runnable,
    { directory, manifest, progress },
    context,
  );
  const code = await reportRun(directory, context.stdout);
  return interrupted ? exitCodes.interrupted : code;
}

interface Execution {
  directory: string;
  manifest: Manifest;
  progress: Progress;
}

/** Trials into the run directory; true when the user broke it off. */
async function execute(
  settings: Settings,
  plan: readonly TrialSpec[],
  workloads: readonly RunnableWorkload[],
  { directory, manifest, progress }: Execution,
  context: CommandContext,
): Promise<boolean> {
  const log = new TrialLog(join(directory, files.trials));
  const finish = (state: Manifest['state']): void => {
    const end = { state, endedAt: new Date().toISOString(), loadAverageEnd: loadAverage() };
    writeManifest(directory, Object.assign(manifest, end));
  };
  try {
    const openCampaign = await context.loadCampaign();
    const open = () => openCampaign(campaignOptions(settings, workloads, directory));
    const { interrupted } = await runTrials(open, plan, {
      jobs: settings.jobs,
      progress,
      onInterrupt: context.onInterrupt,
      onGolden: (golden, hosts) => {
        writeAtomically(join(directory, files.golden), `${JSON.stringify(golden, null, 2)}\n`);
        manifest.workloadBinaries = binaries(golden);
        manifest.hosts = hosts;
        writeManifest(directory, manifest);
      },
      onRecord: (record) => log.append(record),
    });
    finish(interrupted ? 'interrupted' : 'complete');
    return interrupted;
  } catch (error) {
    finish('failed');
    throw error;
  } finally {
    progress.stop();
    log.close();
  }
}

function campaignOptions(
  { design, seed, keep, jobs, docker }: Settings,
  workloads: readonly RunnableWorkload[],
  runDirectory: string,
): CampaignOptions {
  return {
    workloads,
    hosts: design.hosts,
    docker,
    tsc: design.tsc,
    sessionSeed: deriveSeed(seed, 'session'),
    goldenTimeoutMs: Math.max(10_000, ...design.timeoutsMs),
    goldenRuns: design.goldenRuns,
    nativeRuns: design.nativeRuns,
    keep,
    runDirectory,
    jobs,
  };
}

function resolveWorkloads(
  { design, workloadCommand }: Settings,
  results: string,
  context: CommandContext,
): RunnableWorkload[] {
  const cache = join(projectRoot(), 'results', '.cache');
  mkdirSync(cache, { recursive: true });
  return design.workloads.map((name) => {
    if (name === customName && workloadCommand) {
      return customWorkload(workloadCommand, context.workingDirectory, results);
    }
    const workload = workloadByName(name);
    if (workload === undefined) throw new Error(`no workload named ${name}`);
    return makeRunnable(workload, design.size, cache);
  });
}

function cost(settings: Settings, plan: readonly TrialSpec[]): { time: string; disk: string } {
  const { design, keep, jobs } = settings;
  const of = (value: (name: string) => number | undefined): Map<string, number> =>
    new Map(design.workloads.map((name) => [name, value(name) ?? 1]));
  const { seconds, bytes } = estimate(plan, {
    nativeSeconds: of((name) => workloadByName(name)?.nominalSeconds[design.size]),
    volumeBytes: of((name) => 2 * (workloadByName(name)?.input?.bytes[design.size] ?? 1e6)),
    keep,
    prepare: design,
    jobs,
  });
  return { time: formatSeconds(seconds), disk: formatBytes(bytes) };
}

function dryRun(
  settings: Settings,
  plan: readonly TrialSpec[],
  results: string,
  experiment: Experiment,
): string {
  const { design } = settings;
  const { time, disk } = cost(settings, plan);
  const cells = plan.length / design.repetitions;
  const levels = (name: string, values: readonly (string | number)[]): string =>
    `  ${name.padEnd(12)}${values.join(', ')}\n`;
  return (
    `${experiment.name}, preset ${settings.preset}: dry run, nothing is written\n` +
    levels(
      'time-outs',
      design.timeoutsMs.map((ms) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`)),
    ) +
    levels('faults', design.faults) +
    (design.secondFaults === undefined
      ? ''
      : levels('second', design.secondFaults) +
        levels('gaps', design.gaps ?? []) +
        levels('parts', design.parts ?? [])) +
    levels('workloads', design.workloads) +
    levels('detect', design.detect) +
    levels('policy', readingsOf(design).map(readingName)) +
    levels('hosts', design.hosts) +
    `${cells} cells x ${design.repetitions} repetitions = ${plan.length} trials\n` +
    `about ${time} on two cores with --jobs ${settings.jobs}, ${disk} in ${results}/${experiment.name}/\n`
  );
}

function newManifest(
  experiment: Experiment,
  settings: Settings,
  plan: readonly TrialSpec[],
  context: CommandContext,
): Manifest {
  return {
    version: 1,
    experiment: experiment.name,
    question: experiment.question,
    seed: settings.seed,
    argv: context.argv,
    preset: settings.preset,
    design: settings.design,
    workloadCommand: settings.workloadCommand,
    keep: settings.keep,
    jobs: settings.jobs,
    plannedTrials: plan.length,
    startedAt: new Date().toISOString(),
    endedAt: null,
    state: 'running',
    loadAverageStart: loadAverage(),
    loadAverageEnd: null,
    code: describeCode(),
    workloadBinaries: {},
    machine: describeMachine(settings.design.hosts),
    docker: settings.design.hosts.includes('docker') ? settings.docker : null,
    hosts: {},
  };
}

function binaries(golden: readonly GoldenInfo[]): Manifest['workloadBinaries'] {
  return Object.fromEntries(golden.map((info) => [info.workload, info.binaries]));
}
