/**
 * The one list of columns of trials.csv: it writes the file and its dictionary (columns.json).
 * The first 29 names and their order are fixed (issue 3); new columns go to the end and raise
 * `schemaVersion` only when the meaning of an old one changes.
 */
import type { TrialRecord } from '../../harness/types.ts';

export const schemaVersion = 1;

export type ColumnType = 'integer' | 'number' | 'boolean' | 'text' | 'list' | 'time';

export interface Column<Row> {
  name: string;
  type: ColumnType;
  /** Empty where there is none. */
  unit: string;
  meaning: string;
  /** Null and undefined become an empty field, never 0. */
  value(row: Row): string | number | boolean | null | undefined;
}

const monotonic = 'CLOCK_MONOTONIC of the host that took it, see boot_id';
type Kind = [ColumnType, string?];
const integer: Kind = ['integer'];
const text: Kind = ['text'];
const flag: Kind = ['boolean'];
const list: Kind = ['list'];
const ns: Kind = ['integer', 'ns'];
const ms: Kind = ['number', 'ms'];

export const trialColumns: readonly Column<TrialRecord>[] = [
  column('schema', integer, 'version of this list of columns', () => schemaVersion),
  column(
    'trial',
    integer,
    'number in plan.jsonl, from 0, in the order of the runs',
    (r) => r.trial,
  ),
  column('repetition', integer, 'number within the cell, from 0', (r) => r.repetition),
  column('workload', text, 'the replicated program (experiment list)', (r) => r.workload),
  column('fault', text, 'kind of the fault of the trial, of two the first', (r) => r.fault),
  column(
    'target',
    text,
    'what was hit: replica:N, tracer:N, container:N, link:N-M, nfs, monitor',
    (r) => r.target,
  ),
  column('trigger', text, 'when it struck: rendezvous:K', (r) => r.trigger),
  column(
    'seed',
    text,
    'seed of the trial: SHA-256 of master seed and number; on several hosts one a pair',
    (r) => r.seed,
  ),
  column('timeout_ms', ms, 'the time-out T of the session', (r) => r.timeoutMs),
  column(
    'detect',
    text,
    'any: a closed connection is acted on at once; timeout-only: it is not',
    (r) => r.detect,
  ),
  column('policy', text, 'agreed, or paper: the literal rule in our reading', (r) => r.policy),
  column('hosts', text, 'where the replicas ran', (r) => r.hosts),
  column('tsc', text, 'how rdtsc was treated: auto, trap, native', (r) => r.tsc),
  column('injected', flag, 'the injector acted; empty without a fault', (r) => r.injected),
  column('effective', flag, 'read back: the act changed what it was to change', (r) => r.effective),
  column(
    'activated',
    flag,
    'the fault became visible to the system under test',
    (r) => r.activated,
  ),
  column(
    'outcome',
    text,
    'class of the trial (harness/types.ts, ARCHITECTURE.md)',
    (r) => r.outcome,
  ),
  column('mechanism', text, 'how the first counted flag was found', (r) => r.mechanism),
  column('flagged', list, 'replicas flagged, in order of their flags', (r) => r.flagged.join(' ')),
  column('accusers', list, 'for each flagged replica its accusers, joined by +', (r) =>
    r.accusers.map((who) => who.join('+')).join(' '),
  ),
  column('injection_ns', ns, `when the fault was injected; ${monotonic}`, (r) => r.injectionNs),
  column(
    'suspicion_ns',
    ns,
    `first suspicion by a healthy tracer; ${monotonic}`,
    (r) => r.suspicionNs,
  ),
  column('quorum_ns', ns, `the first flag counted; ${monotonic}`, (r) => r.quorumNs),
  column(
    'isolation_ns',
    ns,
    `the NFS server cut the replica off; ${monotonic}`,
    (r) => r.isolationNs,
  ),
  column(
    'resume_ns',
    ns,
    `first rendezvous closed after the flag; ${monotonic}`,
    (r) => r.resumeNs,
  ),
  column(
    'detection_latency_ns',
    ns,
    'quorum_ns - injection_ns; empty when nobody was flagged',
    (r) => r.detectionLatencyNs,
  ),
  column('run_ns', ns, 'the replicated run, session start to exit status', (r) => r.runNs),
  column(
    'native_run_ns',
    ns,
    'median native run of the workload on this machine',
    (r) => r.nativeRunNs,
  ),
  column(
    'boot_id',
    text,
    'kernel boot of the times above (/proc/sys/kernel/random/boot_id)',
    (r) => r.bootId,
  ),

  column(
    'fault_spec',
    text,
    'the fault as short text, enough to inject it again',
    (r) => r.faultSpec,
  ),
  column(
    'delay_ms',
    ms,
    'drawn delay of tracer-delay, or duration of a fault that lasts',
    (r) => r.delayMs,
  ),
  column(
    'exit_status',
    integer,
    'exit status as a shell gives it (128 + signal)',
    (r) => r.exitStatus,
  ),
  column('rendezvous', integer, 'system-call boundaries agreed on', (r) => r.rendezvous),
  column('fenced', list, 'replicas that fenced themselves', (r) => r.fenced.join(' ')),
  column('notices_ignored', integer, 'flag notices heard and not counted', (r) => r.noticesIgnored),
  column('skew_max_ms', ms, 'largest second-to-third arrival distance', (r) => r.skewMaxMs),
  column('burst_max_ms', ms, 'longest time without a call', (r) => r.burstMaxMs),
  column(
    'bound_ms',
    ms,
    'detection bound that the session stated for this fault',
    (r) => r.boundMs,
  ),
  column(
    'golden_run_ns',
    ns,
    'median fault-free replicated run while preparing',
    (r) => r.goldenRunNs,
  ),
  column('started_at', ['time'], 'wall clock when the trial began, UTC', (r) => r.startedAt),
  column(
    'trial_wall_ns',
    ns,
    'whole trial: set-up, run, comparison, clean-up',
    (r) => r.trialWallNs,
  ),
  column('load_average', ['number'], 'one-minute load when the trial began', (r) => r.loadAverage),
  column('placement', text, 'how replicas were placed on cores', (r) => r.placement),
  column('kept_path', text, 'evidence of a kept trial, in the run directory', (r) => r.keptPath),
  column('reason', text, 'why this outcome, in a sentence', (r) => r.reason),
  column(
    'clock_uncertainty_ns',
    ns,
    'half width of the detection latency from the estimate of clock offsets between hosts; 0: one clock stamped both ends',
    (r) => r.clockUncertaintyNs,
  ),
  column(
    'flag_rendezvous',
    integer,
    'rendezvous of the first counted flag',
    (r) => r.flagRendezvous,
  ),
  column('flags_apart', list, 'replicas flagged at monitor or NFS server alone', (r) =>
    r.flagsApart?.join(' '),
  ),
  column(
    'lost',
    list,
    "replicas neither flagged nor fenced that did not come to the program's end",
    (r) => r.lost?.join(' '),
  ),
  column(
    'second_fault',
    text,
    'kind of the second fault, where there are two',
    (r) => r.second?.fault,
  ),
  column('second_target', text, 'what the second fault hit', (r) => r.second?.target),
  column('second_injected', flag, 'its injector acted', (r) => r.second?.injected),
  column('second_activated', flag, 'it became visible', (r) => r.second?.activated),
  column(
    'second_injection_ns',
    ns,
    `when the second fault was injected; ${monotonic}`,
    (r) => r.second?.injectionNs,
  ),
  column('second_spec', text, 'the second fault as short text', (r) => r.second?.faultSpec),
  column(
    'timeout_from',
    text,
    'which vote starts the time-out: quorum (the second arrival), first, own',
    (r) => r.timeoutFrom,
  ),
];

/** A column as columns.json has it. */
export function describeColumn<Row>({ name, type, unit, meaning }: Column<Row>): object {
  return { name, type, unit: unit === '' ? null : unit, meaning };
}

function column(
  name: string,
  [type, unit = '']: Kind,
  meaning: string,
  value: Column<TrialRecord>['value'],
): Column<TrialRecord> {
  return { name, type, unit, meaning, value };
}
