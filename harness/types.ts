/**
 * What a campaign is made of, and the record that each trial leaves. The contract between
 * `experiments/` (which plans trials and analyses records) and `harness/` (which runs them).
 *
 * Everything here is plain data that survives JSON. Missing values are null, never 0.
 * Times named `...Ns` without another word are CLOCK_MONOTONIC nanoseconds of the host that took
 * them (`bootId` names it); durations are named so. All are safe integers.
 */
import type { Detect, Mechanism, Policy, ReplicaId, TimeoutFrom } from '../tmr/core/types.ts';
import type { FaultSpec } from '../faults/fault-spec.ts';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import type { ContainerLimits } from '../tmr/containers/privileges.ts';
import type { TscPolicy } from '../tmr/wire/session-plan.ts';

export type HostsName = 'local' | 'docker';
export type KeepPolicy = 'none' | 'failed' | 'all';

/** One line of plan.jsonl: everything that decides a trial. */
export interface TrialSpec {
  /** Position in the plan, from 0. Trials run in this order. */
  trial: number;
  /** From 0 within the cell. */
  repetition: number;
  workload: string;
  /** Its place may be a fraction of the golden run's rendezvous: a plan is written before any run. */
  fault: FaultSpec;
  /** Another fault of the same trial, whose place may be relative to the first (`after`). */
  secondFault?: FaultSpec;
  /** T of protocol.md 1. */
  timeoutMs: number;
  detect: Detect;
  policy: Policy;
  /** Which vote starts the time-out; `quorum` (R2) where it is not given. */
  timeoutFrom?: TimeoutFrom;
  hosts: HostsName;
  tsc: TscPolicy;
  /**
   * 64 hex digits: SHA-256 of master seed and trial number; of trials that are compared, which differ in
   * hosts or policy alone, their common number: they have one seed. Draws of the injector come from it.
   */
  seed: string;
}

/**
 * How a trial ended, most severe first where several would fit.
 *
 * Classes of research/campaigns.md 4.3 in kebab-case. The output and volume are compared with the
 * golden run; "flagged" means that the flag counted (a quorum, or under `paper` the first notice).
 */
export const outcomes = [
  /** Infrastructure failed, not the system under test. Excluded from proportions, counted. */
  'harness-error',
  /** No fault took effect (`injected` or `activated` false) though one was planned. Counted apart. */
  'not-activated',
  /** Output or volume differ from the golden run and no error was reported: silent data corruption. */
  'sdc',
  /** No completion within the time limit. */
  'hang',
  /** The service ended by a signal or an internal error instead of a safe stop. */
  'crash',
  /** A healthy replica was flagged. */
  'wrong-flagged',
  /** A replica whose only fault is a finite delay was flagged (the paper's "mistakenly flagged"). */
  'late-flagged',
  /** No majority: stopped with an error, nothing unvoted got out. */
  'detected-stopped',
  /** Golden output, the faulty replica was flagged. */
  'detected-masked',
  /** Golden output, but a replica was lost without a flag, or a bound was exceeded. */
  'degraded',
  /** Golden output, nobody flagged, three replicas at the end. */
  'masked',
] as const;
export type Outcome = (typeof outcomes)[number];

/** What a record tells of a second fault. */
export interface SecondFault {
  fault: FaultKindName;
  target: string | null;
  faultSpec: string;
  injected: boolean;
  activated: boolean;
  injectionNs: number | null;
}

/** One line of trials.jsonl and one row of trials.csv (experiments/record/columns.ts). */
export interface TrialRecord {
  trial: number;
  repetition: number;
  workload: string;
  fault: FaultKindName;
  /** What was hit: `replica:2`, `tracer:2`, `link:2-1`, `nfs`; null for fault `none`. */
  target: string | null;
  /** Resolved: `rendezvous:120`; null for fault `none`. */
  trigger: string | null;
  seed: string;
  timeoutMs: number;
  detect: Detect;
  policy: Policy;
  hosts: HostsName;
  tsc: TscPolicy;
  /** The injector acted. Null for fault `none`. */
  injected: boolean | null;
  /** The injector read back that its act took effect (the process is gone, the byte is changed). */
  effective: boolean | null;
  /** The fault became visible to the system under test (the vote was sent, the notice arrived). */
  activated: boolean | null;
  outcome: Outcome;
  /** Of the first counted flag. */
  mechanism: Mechanism | null;
  /** Replicas flagged, in order of their flags. */
  flagged: ReplicaId[];
  /** Accusers of `flagged[i]`. */
  accusers: ReplicaId[][];
  /** When the fault was injected. */
  injectionNs: number | null;
  /** First suspicion of any healthy tracer. */
  suspicionNs: number | null;
  /** The flag counted: second notice (`agreed`) or first (`paper`). */
  quorumNs: number | null;
  /** The NFS server cut the replica off. */
  isolationNs: number | null;
  /** First rendezvous that a healthy replica closed after the flag: the program goes on. */
  resumeNs: number | null;
  /** Duration quorumNs - injectionNs; null when nobody was flagged. */
  detectionLatencyNs: number | null;
  /** Duration of the replicated run, from the start of the session to the exit status. */
  runNs: number | null;
  /** Duration: median of the workload's native runs on this machine (GoldenInfo). */
  nativeRunNs: number | null;
  bootId: string;

  /** Further columns. */
  /** The fault as short text of the faults/ grammar, enough to replay it. */
  faultSpec: string;
  /** Rendezvous of the first counted flag. */
  flagRendezvous: number | null;
  /** Replicas flagged at the monitor or at the NFS server alone: P4 wants both. */
  flagsApart: ReplicaId[];
  /** Of the second fault; null where there is one only. */
  second: SecondFault | null;
  /** As in the plan; `quorum` where it gives none. */
  timeoutFrom: TimeoutFrom;
  /** Drawn delay of `tracer-delay`, or duration of a fault that lasts. */
  delayMs: number | null;
  /** Exit status of the service as a shell gives it (128 + signal). */
  exitStatus: number | null;
  /** One sentence: why this outcome, what differed, what failed. */
  reason: string | null;
  rendezvous: number | null;
  /** Replicas that fenced themselves. */
  fenced: ReplicaId[];
  /** Replicas that neither were flagged nor fenced, and did not come to the program's end. */
  lost: ReplicaId[];
  /** Notices that the NFS server heard and did not count. */
  noticesIgnored: number | null;
  /** From the session's report. */
  skewMaxMs: number | null;
  burstMaxMs: number | null;
  /** P3: the bound that the session stated for this fault's kind, milliseconds. */
  boundMs: number | null;
  /** Duration: median fault-free replicated run of the workload, same settings as prepared. */
  goldenRunNs: number | null;
  /** Wall-clock start of the trial, ISO 8601 UTC with milliseconds. */
  startedAt: string;
  /**
   * Uncertainty of the detection latency from the clocks that stamped its ends; 0 when that was one clock,
   * null when there is no latency.
   */
  clockUncertaintyNs: number | null;
  /** Whole trial, set-up, comparison and clean-up included. */
  trialWallNs: number | null;
  /** One-minute load average when the trial began. */
  loadAverage: number;
  /** How replicas were placed on cores, as the session says. */
  placement: string | null;
  /** Report and evidence of a kept trial, relative to the run directory. */
  keptPath: string | null;
}

/** What preparing a workload found. A disqualified workload's trials are not run. */
export interface GoldenInfo {
  workload: string;
  disqualified: string | null;
  rendezvous: number | null;
  /** Each native run, nanoseconds, in order; at least three after one warm-up. */
  nativeRunsNs: number[];
  /** Each fault-free replicated run (golden runs), nanoseconds, in order. */
  goldenRunsNs: number[];
  /** SHA-256 over stdout, stderr, exit status and the sorted volume. */
  outputDigest: string | null;
  volumeBytes: number | null;
  skewMaxMs: number | null;
  /** SHA-256 of each file that is executed, by absolute path. */
  binaries: Record<string, string>;
}

/** A workload ready to run: experiments/workloads resolves names to these. */
export interface RunnableWorkload {
  name: string;
  /** argv; argv[0] is found in PATH or relative to the volume. */
  command: string[];
  /** Environment beyond PATH, HOME, LANG. */
  environment?: Record<string, string>;
  /** File in the volume that becomes standard input; else /dev/null. */
  stdin?: string;
  /** Fills an empty directory, which becomes the working directory; same bytes each time. */
  fillVolume(directory: string): Promise<void>;
  /** True: the golden run must equal a native run byte for byte. */
  deterministic: boolean;
  /** Files outside the volume whose SHA-256 belongs to the manifest. */
  programs: string[];
}

/** Where and how containers run. */
export interface DockerOptions {
  /** As in `--engines`; empty: DOCKER_HOST or the default socket. */
  engines: string[];
  baseImage: string | null;
  /** Further files for the image. */
  include: string[];
  /** `A-B`, ports that several engines publish; `0`: a range of our own. */
  sessionPorts: string;
  transfer: 'auto' | 'bind' | 'copy';
  /** Of each container; absent in older manifests. What is not given has a default. */
  limits?: Partial<ContainerLimits>;
}

export interface CampaignOptions {
  workloads: readonly RunnableWorkload[];
  hosts: readonly HostsName[];
  /** For hosts `docker`. */
  docker: DockerOptions;
  /** The tsc setting of golden runs; trials carry their own copy of it. */
  tsc: TscPolicy;
  /** 64 hex digits: the session seed of golden runs and of every trial (random bytes, virtual ids). */
  sessionSeed: string;
  /** T of golden runs, generous: the largest time-out of the plan, at least 10 s. */
  goldenTimeoutMs: number;
  /** Fault-free replicated runs per workload, at least 2. */
  goldenRuns: number;
  nativeRuns: number;
  keep: KeepPolicy;
  /** The run directory; kept trials go to `kept/<trial>/` in it. */
  runDirectory: string;
  /** Trials at the same time. */
  jobs: number;
}

/**
 * The face of the harness, made by `openCampaign` of harness/campaign.ts.
 * `run` never throws for what a trial does: that is an outcome, `harness-error` included. It throws
 * an AbortError when `signal` fires, after everything it started is gone.
 */
export interface Campaign {
  /** Starts the hosts, records golden and native runs. */
  prepare(onLine: (line: string) => void, signal: AbortSignal): Promise<GoldenInfo[]>;
  run(spec: TrialSpec, signal: AbortSignal): Promise<TrialRecord>;
  /** For the manifest: what each kind of hosts says about itself. */
  describeHosts(): Promise<Record<string, unknown>>;
  /** Stops all it started and removes temporary files; may be called at any time, more than once. */
  close(): Promise<void>;
}
export type OpenCampaign = (options: CampaignOptions) => Promise<Campaign>;
