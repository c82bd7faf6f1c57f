import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { GoldenInfo, TrialRecord, TrialSpec } from '../../harness/types.ts';
import { UsageError } from '../command/usage-error.ts';
import { makeDirectory } from './make-directory.ts';
import type { Manifest } from './manifest.ts';
import { readJsonLines } from './trial-log.ts';

/** Everything the analysis reads: nothing else enters a figure. */
export interface RunData {
  directory: string;
  manifest: Manifest;
  plan: TrialSpec[];
  golden: GoldenInfo[];
  /** In the order of the plan. */
  records: TrialRecord[];
}

export const files = {
  plan: 'plan.jsonl',
  trials: 'trials.jsonl',
  golden: 'golden.json',
  manifest: 'manifest.json',
} as const;

/**
 * Makes `<results>/<experiment>/<UTC>-<seed>/` with the plan in it, and points
 * `<results>/latest` there. Never writes into a directory that exists.
 */
export function createRunDirectory(
  results: string,
  manifest: Manifest,
  plan: readonly TrialSpec[],
): string {
  const stamp = manifest.startedAt.replace(/[-:]|\.\d+/g, '');
  const parent = resolve(results, manifest.experiment);
  makeDirectory(parent);
  let directory = join(parent, `${stamp}-${manifest.seed}`);
  for (let copy = 2; existsSync(directory); copy++) {
    directory = join(parent, `${stamp}-${manifest.seed}-${copy}`);
  }
  mkdirSync(directory);
  writeFileSync(
    join(directory, files.plan),
    plan.map((spec) => `${JSON.stringify(spec)}\n`).join(''),
  );
  writeManifest(directory, manifest);
  pointLatest(resolve(results), directory);
  return directory;
}

export function writeManifest(directory: string, manifest: Manifest): void {
  writeAtomically(join(directory, files.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Readers never see half a file. */
export function writeAtomically(file: string, data: string | Uint8Array): void {
  const partial = join(dirname(file), `.${basename(file)}.${process.pid}`);
  writeFileSync(partial, data);
  renameSync(partial, file);
}

/** Throws with what is missing when `directory` is no run directory. */
export function readRun(directory: string): RunData {
  const path = (name: string): string => join(directory, name);
  for (const name of [files.manifest, files.plan]) {
    if (!existsSync(path(name))) {
      throw new Error(
        `${directory} is no run directory: it has no ${name}; give one like results/timeout-sweep/20250101T120000Z-1`,
      );
    }
  }
  const records = existsSync(path(files.trials))
    ? readJsonLines<TrialRecord>(path(files.trials))
    : [];
  // Tables of an earlier report are worth more than empty ones.
  if (records.length === 0 && existsSync(path('trials.csv'))) {
    throw new UsageError(
      `${path(files.trials)} has no trials, but trials.csv is there: the log was lost or emptied after the run; nothing is redrawn`,
    );
  }
  return {
    directory,
    manifest: readManifest(directory),
    plan: readPlan(path(files.plan)),
    golden: existsSync(path(files.golden))
      ? (JSON.parse(readFileSync(path(files.golden), 'utf8')) as GoldenInfo[])
      : [],
    records: records.sort((a, b) => a.trial - b.trial),
  };
}

/** Throws UsageError for a plan of before version 0.1.0, whose faults had other names for their parameters. */
function readPlan(path: string): TrialSpec[] {
  const plan = readJsonLines<TrialSpec>(path);
  if (plan.every(({ fault }) => fault.kind === 'none' || 'at' in fault)) return plan;
  throw new UsageError(
    `${path} is of an older version, whose faults had another form; redraw it with that version ` +
      '(code.commit in its manifest.json), or run it anew with its seed',
  );
}

/** Throws UsageError when the file is no manifest. */
export function readManifest(directory: string): Manifest {
  const file = join(directory, files.manifest);
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest>;
    if (typeof manifest.experiment === 'string') return manifest as Manifest;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`expected the manifest of a run in ${file}, got something else`);
}

function pointLatest(results: string, directory: string): void {
  const link = join(results, 'latest');
  const partial = join(results, `.latest.${process.pid}`);
  rmSync(partial, { force: true });
  symlinkSync(relative(results, directory), partial);
  renameSync(partial, link);
}
