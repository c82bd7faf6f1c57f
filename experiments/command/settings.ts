/** From the words of the command line to a design with nothing left open. */
import { randomInt } from 'node:crypto';
import { detectValues, hostsNames, keepValues, policyValues, tscValues } from './choices.ts';
import { parseDurations, parseInteger, parseNames } from './parse-values.ts';
import { UsageError } from './usage-error.ts';
import type { KeepPolicy } from '../../harness/types.ts';
import { faultModels } from '../fault-models.ts';
import { presetNames, type Design, type Experiment, type PresetName } from '../types.ts';
import { workloads } from '../workloads/registry.ts';
import { customName } from '../workloads/custom-name.ts';
import { splitWords } from '../workloads/split-words.ts';

/** As commander hands them over: all text. */
export interface RawOptions {
  preset?: string;
  seed?: string;
  repeat?: string;
  timeouts?: string;
  faults?: string;
  workloads?: string;
  workloadCommand?: string;
  detect?: string;
  policy?: string;
  hosts?: string;
  tsc?: string;
  keep?: string;
  out?: string;
  jobs?: string;
  dryRun?: boolean;
  quiet?: boolean;
}

export interface Settings {
  preset: PresetName;
  design: Design;
  seed: number;
  workloadCommand: string[] | null;
  keep: KeepPolicy;
  jobs: number;
  dryRun: boolean;
  quiet: boolean;
}

/** Throws UsageError for what is no name, no number or out of range. */
export function resolveSettings(experiment: Experiment, raw: RawOptions): Settings {
  const preset = one(raw.preset ?? 'quick', '--preset', presetNames);
  const design = { ...experiment.presets[preset] };
  const workloadCommand = raw.workloadCommand === undefined ? null : command(raw.workloadCommand);
  if (raw.timeouts !== undefined) design.timeoutsMs = timeouts(raw.timeouts);
  if (raw.faults !== undefined) {
    design.faults = parseNames(
      raw.faults,
      '--faults',
      faultModels.map((model) => model.name),
    );
  }
  if (workloadCommand !== null) design.workloads = [];
  if (raw.workloads !== undefined) {
    design.workloads = parseNames(
      raw.workloads,
      '--workloads',
      workloads.map((w) => w.name),
    );
  }
  if (workloadCommand !== null) design.workloads = [...design.workloads, customName];
  if (raw.detect !== undefined) design.detect = parseNames(raw.detect, '--detect', detectValues);
  if (raw.policy !== undefined) design.policy = parseNames(raw.policy, '--policy', policyValues);
  if (raw.hosts !== undefined) design.hosts = parseNames(raw.hosts, '--hosts', hostsNames);
  if (raw.tsc !== undefined) design.tsc = one(raw.tsc, '--tsc', tscValues);
  if (raw.repeat !== undefined) {
    design.repetitions = parseInteger(raw.repeat, '--repeat', 1, 1_000_000);
  }
  return {
    preset,
    design,
    seed:
      raw.seed === undefined
        ? randomInt(1, 2 ** 32)
        : parseInteger(raw.seed, '--seed', 0, Number.MAX_SAFE_INTEGER),
    workloadCommand,
    keep: one(raw.keep ?? 'none', '--keep', keepValues),
    jobs: parseInteger(raw.jobs ?? '1', '--jobs', 1, 64),
    dryRun: raw.dryRun ?? false,
    quiet: raw.quiet ?? false,
  };
}

function one<T extends string>(text: string, option: string, known: readonly T[]): T {
  const names = parseNames(text === 'all' ? ' all' : text, option, known);
  if (names.length > 1) throw new UsageError(`${option}: takes one of ${known.join(', ')}`);
  return names[0]!;
}

/** The protocol's own limit below (protocol.md 1), a day above. */
function timeouts(text: string): number[] {
  const values = parseDurations(text, '--timeouts');
  const wrong = values.find((value) => value < 20 || value > 86_400_000);
  if (wrong !== undefined) {
    throw new UsageError(`--timeouts: ${wrong} ms is out of range; a time-out is 20 ms to 24 h`);
  }
  return values;
}

function command(text: string): string[] {
  try {
    return splitWords(text);
  } catch (error) {
    throw new UsageError(`--workload-command: ${(error as Error).message}`);
  }
}
