/** From the words of the command line to a design with nothing left open. */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import {
  detectValues,
  hostsNames,
  keepValues,
  policyValues,
  timeoutFromValues,
  tscValues,
} from './choices.ts';
import { parseDurations, parseInteger, parseIntegers, parseNames } from './parse-values.ts';
import { inUsage, UsageError } from './usage-error.ts';
import type { DockerOptions, KeepPolicy } from '../../harness/types.ts';
import { faultModels, modelsFor } from '../fault-models.ts';
import { presetNames, type Design, type Experiment, type PresetName } from '../types.ts';
import { asked, parseCpus, parseMemory, parsePids } from '../../tmr/containers/limits.ts';
import type { ContainerLimits } from '../../tmr/containers/privileges.ts';
import { partsValues } from '../two-faults.ts';
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
  timeoutFrom?: string;
  secondFaults?: string;
  gaps?: string;
  parts?: string;
  hosts?: string;
  tsc?: string;
  keep?: string;
  out?: string;
  jobs?: string;
  dryRun?: boolean;
  quiet?: boolean;
  engines?: string;
  baseImage?: string;
  imageInclude?: string[];
  sessionPorts?: string;
  transfer?: string;
  containerMemory?: string;
  containerPids?: string;
  containerCpus?: string;
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
  docker: DockerOptions;
}

/** Where nothing else is said. */
export const defaultDocker: DockerOptions = {
  engines: [],
  baseImage: null,
  include: [],
  sessionPorts: '0',
  transfer: 'auto',
  limits: {},
};

/** Throws UsageError for what is no name, no number or out of range. */
export function resolveSettings(
  experiment: Experiment,
  raw: RawOptions,
  workingDirectory: string,
): Settings {
  const preset = one(raw.preset ?? 'quick', '--preset', presetNames);
  const design = { ...experiment.presets[preset] };
  const workloadCommand = raw.workloadCommand === undefined ? null : command(raw.workloadCommand);
  if (raw.timeouts !== undefined) design.timeoutsMs = timeouts(raw.timeouts);
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
  if (raw.timeoutFrom !== undefined) design.timeoutFrom = readings(raw.timeoutFrom, design);
  const possible = possibleFaults(raw, design);
  design.faults = faults(raw.faults, '--faults', design.faults, possible);
  if (design.secondFaults !== undefined) pairs(raw, design, possible);
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
    docker: dockerSettings(raw, design, workingDirectory),
  };
}

function one<T extends string>(text: string, option: string, known: readonly T[]): T {
  const names = parseNames(text === 'all' ? ' all' : text, option, known);
  if (names.length > 1) throw new UsageError(`${option}: takes one of ${known.join(', ')}`);
  return names[0]!;
}

function readings(text: string, { policy }: Design): Design['timeoutFrom'] & object {
  if (!policy.includes('paper')) {
    throw new UsageError(
      `--timeout-from is a reading of the paper's rule; expected --policy paper, got ${policy.join(', ')}`,
    );
  }
  return parseNames(text, '--timeout-from', timeoutFromValues);
}

/** Of two faults there is none that is no fault. */
function pairs(raw: RawOptions, design: Design, possible: PossibleFaults): void {
  const active = (kinds: Design['faults']): Design['faults'] =>
    kinds.filter((kind) => kind !== 'none');
  const second = faults(raw.secondFaults, '--second-faults', design.secondFaults ?? [], possible);
  design.faults = active(design.faults);
  design.secondFaults = active(second);
  if (design.faults.length === 0 || design.secondFaults.length === 0) {
    throw new UsageError('a pair needs two faults; expected another kind than none');
  }
  if (raw.gaps !== undefined) design.gaps = parseIntegers(raw.gaps, '--gaps', 0, 1e9);
  if (raw.parts !== undefined) design.parts = parseNames(raw.parts, '--parts', partsValues);
}

interface PossibleFaults {
  kinds: Design['faults'];
  /** Why another one cannot be had. */
  why: (kind: Design['faults'][number]) => string;
}

/** What all the chosen hosts can have. */
function possibleFaults(raw: RawOptions, { hosts }: Design): PossibleFaults {
  const areApart = (raw.engines?.split(',').length ?? 1) > 1;
  return {
    // Between engines there is no network of one link alone.
    kinds: modelsFor(hosts)
      .map((model) => model.name)
      .filter((kind) => !areApart || kind !== 'link-partition'),
    why: (kind) =>
      kind === 'link-partition' && areApart
        ? 'cuts the network of one link, which several engines do not have; expected one of --engines'
        : `acts on containers; expected --hosts docker, got ${hosts.join(', ')}`,
  };
}

/** `all`: every one that is possible. */
function faults(
  text: string | undefined,
  option: string,
  preset: Design['faults'],
  possible: PossibleFaults,
): Design['faults'] {
  if (text === undefined) return preset;
  if (text === 'all') return possible.kinds;
  const names = parseNames(
    text,
    option,
    faultModels.map((model) => model.name),
  );
  const wrong = names.find((name) => !possible.kinds.includes(name));
  if (wrong === undefined) return names;
  throw new UsageError(`${option}: ${wrong} ${possible.why(wrong)}`);
}

function dockerSettings(
  raw: RawOptions,
  { hosts }: Design,
  workingDirectory: string,
): DockerOptions {
  const given = {
    '--engines': raw.engines,
    '--base-image': raw.baseImage,
    '--image-include': raw.imageInclude?.[0],
    '--session-ports': raw.sessionPorts,
    '--transfer': raw.transfer,
    '--container-memory': raw.containerMemory,
    '--container-pids': raw.containerPids,
    '--container-cpus': raw.containerCpus,
  };
  const first = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (first !== undefined && !hosts.includes('docker')) {
    throw new UsageError(
      `${first} is for containers; expected --hosts docker, got ${hosts.join(', ')}`,
    );
  }
  return {
    engines: raw.engines?.split(',') ?? [],
    baseImage: raw.baseImage ?? null,
    include: (raw.imageInclude ?? []).map((path) => resolve(workingDirectory, path)),
    sessionPorts: raw.sessionPorts ?? defaultDocker.sessionPorts,
    transfer: one(raw.transfer ?? 'auto', '--transfer', ['auto', 'bind', 'copy'] as const),
    limits: limits(raw),
  };
}

function limits({
  containerMemory,
  containerPids,
  containerCpus,
}: RawOptions): Partial<ContainerLimits> {
  const read = <Value>(text: string | undefined, option: string, parse: (text: string) => Value) =>
    text === undefined ? undefined : inUsage(`${option}: `, () => parse(text));
  return asked({
    memoryBytes: read(containerMemory, '--container-memory', parseMemory),
    pids: read(containerPids, '--container-pids', parsePids),
    cpus: read(containerCpus, '--container-cpus', parseCpus),
  });
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
