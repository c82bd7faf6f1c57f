/** What an experiment is: data that the command line, the planner and the analysis read. */
import type { Detect, Policy, TimeoutFrom } from '../tmr/core/types.ts';
import type { TscPolicy } from '../tmr/wire/session-plan.ts';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import type { HostsName, TrialRecord } from '../harness/types.ts';
import type { FigureMaker } from './figures/types.ts';
import type { RunData } from './record/run-directory.ts';
import type { Parts } from './two-faults.ts';

export const presetNames = ['quick', 'paper'] as const;
export type PresetName = (typeof presetNames)[number];

/** The small inputs keep a trial near a second; the large ones are for overheads worth quoting. */
export type WorkloadSize = 'small' | 'large';

/** The levels of every factor. Design points are their product. */
export interface Design {
  timeoutsMs: number[];
  faults: FaultKindName[];
  workloads: string[];
  detect: Detect[];
  policy: Policy[];
  /** Readings of the time-out under `paper`; under `agreed` there is one (R2). Absent: `quorum`. */
  timeoutFrom?: TimeoutFrom[];
  /** Policies, as hosts always are, are compared on the same faults: one seed for all of them. */
  samePolicyFaults?: boolean;
  /** Another fault of each trial, ... */
  secondFaults?: FaultKindName[];
  /** ... so many rendezvous after the first ... */
  gaps?: number[];
  /** ... and in a part of the system that has none yet, or in the same one. */
  parts?: Parts[];
  hosts: HostsName[];
  tsc: TscPolicy;
  repetitions: number;
  size: WorkloadSize;
  /** Delays of `tracer-delay` are drawn log-uniformly between these, milliseconds. */
  delayRangeMs: [number, number];
  nativeRuns: number;
  goldenRuns: number;
}

export interface Factor {
  name: keyof Design;
  unit: string;
  meaning: string;
}

/** `holds`: no trial contradicts the claim. `unknown`: too little was seen to say so. */
export type Verdict = 'holds' | 'violated' | 'unknown';

export interface Finding {
  verdict: Exclude<Verdict, 'holds'>;
  /** Property of DESIGN.md 4 (P1-P5), or `harness`. */
  property: string;
  /** Null when it is about the run as a whole. */
  trial: number | null;
  text: string;
}

export interface CheckResult {
  verdict: Verdict;
  /** Trials that were judged. */
  judged: number;
  findings: Finding[];
}

export interface Table {
  head: string[];
  rows: (string | number)[][];
}

export interface Experiment {
  name: string;
  title: string;
  question: string;
  factors: Factor[];
  presets: Record<PresetName, Design>;
  /** Judges records against what must be true; says nothing about what is only measured. */
  check(records: readonly TrialRecord[], planned: number): CheckResult;
  /** Printed below the table of outcomes. */
  table?(run: RunData): Table;
  /** What was measured, in sentences: printed above the verdict and written beside it. */
  remarks?(run: RunData): string[];
  /** Loaded when needed: drawing libraries are slow to load. */
  figures(): Promise<FigureMaker[]>;
}
