/** Fills the row of a trial from its evidence. */
import { readFileSync } from 'node:fs';
import {
  durationMs,
  faultyReplica,
  isFiniteDelay,
  targetOf,
  type ResolvedFault,
} from '../faults/fault-spec.ts';
import { activeKind } from '../faults/kinds/registry.ts';
import { formatFault, formatTrigger } from '../faults/text.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';
import { classify, type ActedFault, type ServiceEnd } from './classify.ts';
import type { FaultEvidence, Reaction } from './fault-evidence.ts';
import { shellStatus } from './golden.ts';
import type { SessionRun } from './session-run.ts';
import type { SecondFault, TrialRecord, TrialSpec } from './types.ts';

/** Those of a trial: the one, or two. */
export type Faults = readonly [ResolvedFault, ResolvedFault?];

/** A row with all that is known before the run; what is missing is null. */
export function emptyRecord(
  spec: TrialSpec,
  [fault, second]: Faults,
  known: Pick<TrialRecord, 'startedAt' | 'loadAverage' | 'nativeRunNs' | 'goldenRunNs'>,
): TrialRecord {
  const { fault: _planned, secondFault: _second, ...settings } = spec;
  return {
    ...settings,
    ...known,
    fault: fault.kind,
    target: targetOf(fault),
    trigger: fault.kind === 'none' ? null : formatTrigger(fault.at),
    injected: null,
    effective: null,
    activated: null,
    outcome: 'harness-error',
    mechanism: null,
    flagged: [],
    accusers: [],
    injectionNs: null,
    suspicionNs: null,
    quorumNs: null,
    isolationNs: null,
    resumeNs: null,
    detectionLatencyNs: null,
    runNs: null,
    bootId: bootId(),
    faultSpec: formatFault(fault),
    flagRendezvous: null,
    flagsApart: [],
    second: second === undefined ? null : emptySecond(second),
    timeoutFrom: settings.timeoutFrom ?? 'quorum',
    delayMs: durationMs(fault),
    exitStatus: null,
    reason: null,
    rendezvous: null,
    fenced: [],
    lost: [],
    noticesIgnored: null,
    skewMaxMs: null,
    burstMaxMs: null,
    boundMs: null,
    clockUncertaintyNs: null,
    trialWallNs: null,
    placement: null,
    keptPath: null,
  };
}

function emptySecond(fault: ResolvedFault): SecondFault {
  return {
    fault: fault.kind,
    target: targetOf(fault),
    faultSpec: formatFault(fault),
    injected: false,
    activated: false,
    injectionNs: null,
  };
}

export interface TrialEvidence {
  run: SessionRun;
  faults: Faults;
  /** One for each fault. */
  evidence: readonly FaultEvidence[];
  reaction: Reaction;
  /** Those that are no consequence of a lost server or monitor. */
  flags: Report['flags'];
  limitMs: number;
  differences: string[];
  wrongOutput: boolean;
}

export function fillRecord(record: TrialRecord, trial: TrialEvidence): void {
  const { run, faults, flags } = trial;
  const [evidence, second] = trial.evidence;
  const [fault] = faults;
  if (evidence === undefined) throw new Error('expected evidence of each fault, got none');
  if (fault.kind !== 'none') {
    record.injected = evidence.injected;
    record.effective = evidence.injected ? evidence.effective : null;
    record.activated = evidence.activated;
  }
  if (record.second !== null && second !== undefined) {
    record.second.injected = second.injected;
    record.second.activated = second.activated;
    record.second.injectionNs = rounded(second.injectionNs);
  }
  record.exitStatus = run.end.type === 'limit' ? null : shellStatus(run.end);
  record.flagged = flags.map(({ replica }) => replica);
  record.accusers = flags.map(({ accusers }) => accusers);
  record.flagsApart = flags
    .filter(({ tQuorumNs, tIsolatedNs }) => tQuorumNs === null || tIsolatedNs === null)
    .map(({ replica }) => replica);
  record.injectionNs = rounded(evidence.injectionNs);
  fillTimes(record, flags[0], evidence, trial.reaction);
  if (run.report !== null) fillFromReport(record, run.report, fault);
  const verdict = classify({
    harnessError: null,
    faults: faults.flatMap((one, index) => actedFault(one, trial.evidence[index])),
    end: serviceEnd(trial),
    differences: trial.differences,
    wrongOutput: trial.wrongOutput,
    flagged: record.flagged,
    lost: [...record.fenced, ...record.lost].filter((replica) => !record.flagged.includes(replica)),
  });
  record.outcome = verdict.outcome;
  record.reason = verdict.reason;
}

/** Flagged, fenced or left behind; the records of an older run do not know the last. */
export function goneReplicas(record: TrialRecord): ReplicaId[] {
  const { lost = [] } = record as { lost?: ReplicaId[] };
  return [...new Set([...record.flagged, ...record.fenced, ...lost])].toSorted((a, b) => a - b);
}

function actedFault(
  fault: ResolvedFault | undefined,
  evidence: FaultEvidence | undefined,
): ActedFault[] {
  if (fault === undefined || evidence === undefined) return [];
  const { kind } = fault;
  const none = kind === 'none';
  return [
    {
      kind,
      finiteDelay: isFiniteDelay(fault),
      faultyReplica: faultyReplica(fault),
      injected: evidence.injected || none,
      effective: evidence.effective || none,
      activated: evidence.activated || none,
    },
  ];
}

/** Of the first flag. */
function fillTimes(
  record: TrialRecord,
  flag: Report['flags'][number] | undefined,
  evidence: FaultEvidence,
  reaction: Reaction,
): void {
  record.suspicionNs = rounded(flag?.tFirstSuspicionNs ?? reaction.accusedNs);
  if (flag === undefined) return;
  record.mechanism = flag.mechanism;
  record.flagRendezvous = flag.rendezvous;
  // A flag at the file server alone counted when it cut the replica off.
  record.quorumNs = rounded(flag.tQuorumNs ?? flag.tIsolatedNs);
  record.isolationNs = rounded(flag.tIsolatedNs);
  record.resumeNs = rounded(reaction.resumeNs);
  if (record.quorumNs !== null && record.injectionNs !== null) {
    record.detectionLatencyNs = record.quorumNs - record.injectionNs;
    record.clockUncertaintyNs = Math.round(evidence.clockUncertaintyNs);
  }
}

function fillFromReport(record: TrialRecord, report: Report, fault: ResolvedFault): void {
  record.runNs = Math.round(report.tEndNs - report.tStartNs);
  record.rendezvous = report.rendezvous;
  record.fenced = report.fences.map(({ replica }) => replica);
  record.lost = report.lost.map(({ replica }) => replica);
  record.noticesIgnored = report.notices.filter(
    ({ at, counted }) => at === 'file-server' && !counted,
  ).length;
  record.skewMaxMs = report.skewMaxMs;
  record.burstMaxMs = report.burstMaxMs;
  record.boundMs = boundOf(report, fault);
  const placements = [...new Set(Object.values(report.placements))];
  record.placement = placements.length === 0 ? null : placements.join('+');
}

/** P3's bound for this kind of fault; null where nobody is to be flagged. */
function boundOf({ bounds }: Report, fault: ResolvedFault): number | null {
  const bound = activeKind(fault.kind)?.bound ?? null;
  if (bound === null) return null;
  return bound === 'wrong-vote' ? bounds.wrongVoteMs : bounds.absentVoteMs;
}

function serviceEnd({ run, limitMs }: TrialEvidence): ServiceEnd {
  const { end, report, notes } = run;
  if (end.type === 'limit') return { type: 'hang', limitMs };
  if (report === null) {
    const how = end.signal ?? `exit status ${end.status}`;
    return { type: 'crash', reason: `the monitor left no report (${how}) ${notes}`.trim() };
  }
  if (report.outcome === 'stopped') return { type: 'stopped', reason: report.reason };
  if (report.outcome === 'completed') return { type: 'completed' };
  return { type: 'crash', reason: `${report.outcome}: ${report.reason}` };
}

function rounded(ns: number | null | undefined): number | null {
  return ns === null || ns === undefined ? null : Math.round(ns);
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
