/**
 * Invented records for tests of the analysis and of the command line, in temporary directories only.
 * The numbers follow the shapes that the protocol predicts; they are no measurements.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveFault } from '../../faults/resolve.ts';
import type { GoldenInfo, Outcome, TrialRecord, TrialSpec } from '../../harness/types.ts';
import {
  definitionOf,
  durationMs,
  faultyReplica,
  targetOf,
  type ResolvedFault,
} from '../../faults/fault-spec.ts';
import { formatFault, formatTrigger, parseFault } from '../../faults/text.ts';
import { expandPlan } from '../plan/expand.ts';
import type { Manifest } from '../record/manifest.ts';
import { createRunDirectory } from '../record/run-directory.ts';
import { deriveSeed, random } from '../statistics/random.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import type { Design, Experiment } from '../types.ts';

export const temporaryDirectory = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'tmr-experiments-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** Writes a run directory as the command would, with invented records. Returns its path. */
export function syntheticRun(
  results: string,
  change: Partial<Design> = {},
  seed = 7,
  experiment: Experiment = timeoutSweep,
): string {
  const design = { ...experiment.presets.quick, ...change };
  const plan = expandPlan(design, seed);
  const manifest = syntheticManifest(experiment, design, plan.length, seed);
  const directory = createRunDirectory(results, manifest, plan);
  const golden = design.workloads.map(syntheticGolden);
  writeFileSync(join(directory, 'golden.json'), JSON.stringify(golden));
  const records = plan.map(syntheticRecord);
  writeFileSync(
    join(directory, 'trials.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
  return directory;
}

export function syntheticGolden(workload: string): GoldenInfo {
  return {
    workload,
    disqualified: null,
    rendezvous: 300,
    nativeRunsNs: [98, 100, 101, 99, 105, 100].map((ms) => ms * 1e6),
    goldenRunsNs: [260, 262].map((ms) => ms * 1e6),
    outputDigest: deriveSeed(workload),
    volumeBytes: 1e6,
    skewMaxMs: 12,
    binaries: { [`/usr/bin/${workload}`]: deriveSeed(workload, 'binary') },
  };
}

/** A record with another outcome, and with the flags that go with it unless they are given too. */
export function withOutcome(record: TrialRecord, change: Partial<TrialRecord>): TrialRecord {
  const fault = parseFault(change.faultSpec ?? record.faultSpec);
  const healthy = [1, 2, 3].find((replica) => replica !== faultyReplica(fault))!;
  const outcome = change.outcome ?? record.outcome;
  const nobody = { flagged: [], accusers: [], fenced: [], detectionLatencyNs: null };
  const flags: Partial<TrialRecord> =
    outcome === 'masked' ? nobody : outcome === 'wrong-flagged' ? { flagged: [healthy] } : {};
  return { ...record, ...flags, ...change };
}

export function syntheticRecord(spec: TrialSpec): TrialRecord {
  // The members of a pair have one seed, and yet no two runs are equal.
  const place = spec.hosts === 'local' ? [] : [spec.hosts];
  const source = random(deriveSeed(spec.seed, 'synthetic', ...place));
  const noise = (ms: number): number => ms * 2 ** (source.fraction() - 0.5);
  const fault = resolveFault(spec.fault, { rendezvous: 300, seed: spec.seed });
  const second = secondOf(spec, fault);
  const { outcome, latencyMs } = behaviour(spec, fault, noise, second);
  const injectionNs = fault.kind === 'none' ? null : 1e12 + spec.trial * 1e10;
  const quorumNs =
    injectionNs === null || latencyMs === null ? null : Math.round(injectionNs + latencyMs * 1e6);
  const flaggedOne = 'accused' in fault ? fault.accused : 'replica' in fault ? fault.replica : 1;
  const has = fault.kind === 'none' ? null : true;
  const waits =
    outcome === 'masked' && fault.kind === 'tracer-delay' ? fault.delay : (latencyMs ?? 0);
  return {
    trial: spec.trial,
    repetition: spec.repetition,
    workload: spec.workload,
    fault: fault.kind,
    target: targetOf(fault),
    trigger: fault.kind === 'none' ? null : formatTrigger(fault.at),
    seed: spec.seed,
    timeoutMs: spec.timeoutMs,
    detect: spec.detect,
    policy: spec.policy,
    hosts: spec.hosts,
    tsc: spec.tsc,
    injected: has,
    effective: has,
    activated: has,
    outcome,
    mechanism: quorumNs === null ? null : 'time-out',
    flagged: quorumNs === null ? [] : [flaggedOne],
    accusers: quorumNs === null ? [] : [[1, 2, 3].filter((replica) => replica !== flaggedOne)],
    injectionNs,
    suspicionNs: quorumNs,
    quorumNs,
    isolationNs: quorumNs,
    resumeNs: quorumNs,
    detectionLatencyNs: quorumNs === null ? null : quorumNs - injectionNs!,
    runNs: Math.round(noise(260 + waits) * 1e6),
    nativeRunNs: 100e6,
    bootId: '00000000-0000-0000-0000-000000000000',
    faultSpec: formatFault(fault),
    flagRendezvous: quorumNs === null ? null : 120,
    flagsApart: [],
    second:
      second === null
        ? null
        : {
            fault: second.kind,
            target: targetOf(second),
            faultSpec: formatFault(second),
            injected: true,
            activated: true,
            injectionNs,
          },
    timeoutFrom: spec.timeoutFrom ?? 'quorum',
    delayMs: durationMs(fault),
    exitStatus: outcome === 'detected-stopped' ? 125 : 0,
    reason: null,
    rendezvous: 300,
    fenced: [],
    lost: [],
    noticesIgnored: fault.kind === 'false-flag-notice' ? 1 : 0,
    skewMaxMs: 12,
    burstMaxMs: 30,
    boundMs: null,
    goldenRunNs: 261e6,
    clockUncertaintyNs: quorumNs === null ? null : 0,
    startedAt: '2025-01-01T00:00:00.000Z',
    trialWallNs: 4e8,
    loadAverage: 1.5,
    placement: 'rotate',
    keptPath: null,
  };
}

function secondOf({ secondFault, seed }: TrialSpec, first: ResolvedFault): ResolvedFault | null {
  if (secondFault === undefined || first.kind === 'none') return null;
  return resolveFault(secondFault, { rendezvous: 300, seed, first: first.at.k });
}

interface Behaviour {
  outcome: Outcome;
  latencyMs: number | null;
}

const nothing: Behaviour = { outcome: 'masked', latencyMs: null };

function behaviour(
  { timeoutMs, detect, policy }: TrialSpec,
  fault: ResolvedFault,
  noise: (ms: number) => number,
  second: ResolvedFault | null,
): Behaviour {
  const detected = (latencyMs: number): Behaviour => ({ outcome: 'detected-masked', latencyMs });
  if (second !== null && faultyReplica(fault) !== faultyReplica(second)) {
    return { outcome: 'detected-stopped', latencyMs: null };
  }
  switch (fault.kind) {
    case 'none':
      return nothing;
    case 'replica-kill':
      return detect === 'any' ? detected(noise(6)) : detected(timeoutMs + noise(15));
    case 'tracer-delay':
      return fault.delay > timeoutMs
        ? { outcome: 'late-flagged', latencyMs: timeoutMs + noise(15) }
        : nothing;
    default:
      return policy === 'paper' ? underPaper(fault, noise) : byKind(fault, detected(noise(8)));
  }
}

function byKind(fault: Exclude<ResolvedFault, { kind: 'none' }>, detected: Behaviour): Behaviour {
  const [kind, values] = definitionOf(fault);
  return kind.flag(values) === 'must' ? detected : nothing;
}

/** protocol.md 3b and 4: what the literal rule does not survive. */
function underPaper(
  fault: Exclude<ResolvedFault, { kind: 'none' }>,
  noise: (ms: number) => number,
): Behaviour {
  if (fault.kind === 'request-bit-flip') return { outcome: 'sdc', latencyMs: null };
  if (fault.kind === 'two-faced-vote') return { outcome: 'detected-stopped', latencyMs: null };
  const one = byKind(fault, { outcome: 'detected-masked', latencyMs: noise(8) });
  const harmless = one !== nothing || faultyReplica(fault) !== null;
  if (harmless && fault.kind !== 'false-flag-notice') return one;
  return { outcome: 'wrong-flagged', latencyMs: noise(3) };
}

function syntheticManifest(
  { name, question }: Experiment,
  design: Design,
  plannedTrials: number,
  seed: number,
): Manifest {
  return {
    version: 1,
    experiment: name,
    question,
    seed,
    argv: [],
    preset: 'quick',
    design,
    workloadCommand: null,
    keep: 'none',
    jobs: 1,
    plannedTrials,
    startedAt: '2025-01-01T00:00:00.000Z',
    endedAt: '2025-01-01T00:02:00.000Z',
    state: 'complete',
    loadAverageStart: [0, 0, 0],
    loadAverageEnd: [0, 0, 0],
    code: { commit: null, dirty: null, packageLockSha256: null },
    workloadBinaries: {},
    machine: {} as Manifest['machine'],
  };
}
