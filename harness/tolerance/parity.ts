/**
 * The same case in the simulator (tmr/core/sim, the same core under virtual time) and on real processes
 * must give the same decision: who is flagged, by whom, for what, at which rendezvous. Where timing or the
 * program's own course decides, the rule below says so, with its reason; nothing else may differ.
 */
import type { ResolvedActive, ResolvedFault } from '../../faults/fault-spec.ts';
import type { Phase } from '../../faults/kinds/phase.ts';
import type { Phase as SimPhase } from '../../tmr/core/sim/fault-hooks.ts';
import type { Fault } from '../../tmr/core/sim/faults.ts';
import { fileServer, monitor, type Party } from '../../tmr/core/sim/network.ts';
import type { StepKind } from '../../tmr/core/sim/program.ts';
import { plainScenario } from '../../tmr/core/sim/scenarios.ts';
import { runTrio } from '../../tmr/core/sim/trio.ts';
import type { ReplicaId } from '../../tmr/core/types.ts';
import type { TrialRecord } from '../types.ts';
import { resolved, SWEEP_TIMEOUT_MS } from './cases.ts';

const MS = 1e6;
const all: readonly ReplicaId[] = [1, 2, 3];

export interface Decision {
  /** Null: nobody. */
  flagged: ReplicaId | null;
  accusers: readonly ReplicaId[];
  mechanism: string | null;
  k: number | null;
}

const nobody: Decision = { flagged: null, accusers: [], mechanism: null, k: null };

/** The probe's calls as the simulator's steps, by rendezvous: what each does beyond the tracer itself. */
export const probeSteps: readonly StepKind[] = [
  'exec',
  // Start-up of the C library.
  ...Array.from({ length: 13 }, () => 'local' as const),
  // getrandom, getpid, clock_gettime.
  'local',
  'local',
  'clock',
  // open, two writes that are gathered, lseek, read, pread, fsync, fstat, close.
  'write',
  'local',
  'local',
  'local',
  'read',
  'read',
  'write',
  'read',
  'local',
  // mkdir, rename, stat.
  'write',
  'write',
  'read',
  // Standard streams: out, in, err.
  'output',
  'input',
  'output',
  // getppid, umask, access.
  'local',
  'local',
  'read',
  // open, a gathered write, close.
  'read',
  'local',
  'write',
  'clock',
  'output',
  'exit',
];

/** A case's decision beside the simulator's; `none` where there was no run to compare. */
export type Parity =
  | { type: 'none' }
  | { type: 'same' }
  | { type: 'explained'; reason: string }
  | { type: 'different'; text: string };

/** Simulates the case, some milliseconds. */
export function parityOf(text: string, real: Decision): Parity {
  const simulated = simulatedDecision(text);
  if (isSame(real, simulated)) return { type: 'same' };
  const reason = explain(text, real, simulated);
  if (reason !== null) return { type: 'explained', reason };
  const both = `real ${JSON.stringify(real)}, simulated ${JSON.stringify(simulated)}`;
  return { type: 'different', text: `${text}: ${both}` };
}

/** What the real system decided. */
export function decisionOf(record: TrialRecord): Decision {
  const [flagged] = record.flagged;
  if (flagged === undefined) return nobody;
  const [accusers = []] = record.accusers;
  return { flagged, accusers, mechanism: record.mechanism, k: record.flagRendezvous };
}

/** What the simulator decides, with the sweep's time-out and messages of 30 us. */
export function simulatedDecision(text: string): Decision {
  const fault = resolved(text);
  const result = runTrio({
    ...plainScenario,
    program: probeSteps,
    timeoutNs: SWEEP_TIMEOUT_MS * MS,
    askDelayNs: (SWEEP_TIMEOUT_MS / 4) * MS,
    linkDelayNs: (SWEEP_TIMEOUT_MS / 8) * MS,
    tickNs: (SWEEP_TIMEOUT_MS / 16) * MS,
    burstsNs: [50_000],
    delaysNs: [30_000],
    faults: fault.kind === 'none' ? [] : simulatedFaults(fault),
  });
  const [flagged] = result.flaggedByMonitor;
  if (flagged === undefined) return nobody;
  const flags = [...result.hosts].flatMap(([by, { flags: own }]) =>
    own.filter(({ accused }) => accused === flagged).map((flag) => ({ by, ...flag })),
  );
  return {
    flagged,
    accusers: flags.map(({ by }) => by),
    mechanism: flags[0]?.mechanism ?? null,
    k: flags[0]?.k ?? null,
  };
}

/** Why these two may differ; null when they may not, or when they do not. */
export function explain(text: string, real: Decision, simulated: Decision): string | null {
  const fault = resolved(text);
  return differences.find((one) => one.applies(fault, real, simulated))?.reason ?? null;
}

export function isSame(real: Decision, simulated: Decision): boolean {
  return (
    real.flagged === simulated.flagged &&
    sorted(real.accusers).join() === sorted(simulated.accusers).join() &&
    real.mechanism === simulated.mechanism &&
    real.k === simulated.k
  );
}

function sorted(replicas: readonly ReplicaId[]): ReplicaId[] {
  return replicas.toSorted((a, b) => a - b);
}

interface Difference {
  reason: string;
  applies(fault: ResolvedFault, real: Decision, simulated: Decision): boolean;
}

const differences: readonly Difference[] = [
  {
    reason:
      'the injected vote has a call number that no program makes, the simulated one the right number',
    applies: ({ kind }, real, simulated) =>
      (kind === 'early-vote' || kind === 'rogue-tracer') &&
      isSame({ ...real, mechanism: 'signature' }, simulated),
  },
  {
    reason: "timing: the tracer's word that its replica is dead and the end of its connection race",
    applies: (fault, real, simulated) =>
      fault.kind === 'replica-kill' &&
      fault.process === 'replica' &&
      [real, simulated].every(({ mechanism }) =>
        /^(replica-dead|connection-closed)$/.test(mechanism ?? ''),
      ) &&
      isSame({ ...real, mechanism: simulated.mechanism }, simulated),
  },
  {
    reason: 'a wrong word of memory shows only in the next call that uses it',
    applies: ({ kind }, real, simulated) =>
      kind === 'memory-bit-flip' &&
      isSame({ ...real, k: simulated.k }, simulated) &&
      (real.k ?? 0) >= (simulated.k ?? 0),
  },
  {
    reason:
      'timing: a read whose corrupted request comes first is answered for what came, and its tracer fences; ' +
      'one that comes later gets the reply of the others, and its tracer goes on',
    applies: (fault, real, simulated) =>
      fault.kind === 'request-bit-flip' &&
      [real, simulated].every(({ flagged }) => flagged === null || flagged === fault.replica),
  },
  {
    reason:
      'timing: for T/4 after the loss the tracer goes on without effects (R19), and the others come as far as they do',
    applies: (fault, real, simulated) =>
      fault.kind === 'service-link-loss' &&
      [real, simulated].every(
        ({ flagged, k }) =>
          (flagged === null || flagged === fault.replica) && (k === null || k >= fault.at.k),
      ),
  },
  {
    reason:
      "the monitor's own evidence names the mechanism, and it ends the outvoted session at once: timing decides how far the others come",
    applies: (fault, real, simulated) =>
      fault.kind === 'output-bit-flip' &&
      [real, simulated].every(({ flagged }) => flagged === null || flagged === fault.replica),
  },
];

const simPhases: Record<Phase, SimPhase> = {
  'before-vote': 'arrival',
  'after-vote': 'voted',
  'before-effect': 'going-on',
  dispute: 'disputing',
};

/** One fault of the testbed as one, or as two of the same part. */
function simulatedFaults(fault: ResolvedActive): Fault[] {
  const at = fault.at.k;
  switch (fault.kind) {
    case 'signature-bit-flip':
      return [
        fault.votes === 'all'
          ? { kind: 'replica-wrong', target: fault.replica, at }
          : { kind: 'signature-at-sender', target: fault.replica, at, field: 'signature' },
      ];
    case 'memory-bit-flip':
      return [{ kind: 'replica-wrong', target: fault.replica, at: at + 1 }];
    case 'two-faced-vote':
      return [twoFaced({ from: fault.replica, to: fault.to }, at)];
    case 'clock-error':
      return [
        { kind: 'inputs-at-sender', target: fault.replica, at, elapsedNs: fault.offset * MS },
      ];
    case 'early-vote':
      return [{ kind: 'early-wrong', target: fault.replica, at }];
    case 'forged-relay':
      return [{ kind: 'forged-relays', target: fault.replica, of: fault.of, at }];
    case 'wrong-seal': {
      const { replica: target, to, other } = fault;
      return [{ kind: 'wrong-seal', target, to, other, at }];
    }
    case 'rogue-tracer': {
      const how = { wrong: true, notices: true, answersViews: true, forgesRelays: false };
      return [{ kind: 'rogue', target: fault.replica, at, ...how }];
    }
    case 'request-bit-flip':
      return [{ kind: 'request-corrupted', target: fault.replica, at: nth(at, isFileCall) }];
    case 'output-bit-flip':
      return [{ kind: 'output-corrupted', target: fault.replica, at: nth(at, isSlot) }];
    case 'service-link-loss': {
      const service = fault.service === 'nfs' ? fileServer : monitor;
      return [{ kind: 'service-link-lost', target: fault.replica, at, service }];
    }
    case 'false-flag-notice': {
      const to: Record<typeof fault.to, Party[]> = {
        nfs: [fileServer],
        monitor: [monitor],
        both: [fileServer, monitor],
      };
      const { accuser: target, accused } = fault;
      return [{ kind: 'false-notice', target, accused, at, to: to[fault.to] }];
    }
    case 'replica-kill': {
      const struck = { target: fault.replica, at, phase: simPhases[fault.phase] };
      const kill: Fault =
        fault.process === 'replica'
          ? { kind: 'replica-kill', ...struck }
          : { kind: 'tracer-crash', ...struck, lost: notReached(fault.replica, fault.reaches) };
      return [...provocation(fault.replica, at, fault.phase), kill];
    }
    case 'replica-delay':
      return [{ kind: 'replica-slow', target: fault.replica, at, delayNs: fault.delay * MS }];
    case 'tracer-delay': {
      const durationNs = fault.delay * MS;
      // Before its vote a tracer that stands still is a replica that computes for longer.
      if (fault.phase === 'before-vote') {
        return [{ kind: 'replica-slow', target: fault.replica, at, delayNs: durationNs }];
      }
      const struck = { target: fault.replica, at, phase: simPhases[fault.phase] };
      const stop: Fault = { kind: 'tracer-stopped', ...struck, durationNs };
      return [...provocation(fault.replica, at, fault.phase), stop];
    }
    case 'vote-loss':
      return [{ kind: 'vote-lost', ...fault.link, at }];
    case 'link-silence':
      return [{ kind: 'link-dead', ...fault.link, at }];
    case 'link-bit-flip': {
      const lasting = fault.votes === 'all';
      if (fault.checksum === 'valid') {
        return [{ kind: 'signature-on-link', ...fault.link, at, lasting }];
      }
      return [{ kind: lasting ? 'link-dead' : 'vote-lost', ...fault.link, at }];
    }
    case 'link-reset': {
      const reset: Fault = { kind: 'link-reset', ...fault.link, at, phase: simPhases[fault.phase] };
      return fault.phase === 'dispute' ? [twoFaced(fault.link, at), reset] : [reset];
    }
    default:
      throw new Error(`the simulator has no containers: ${fault.kind}`);
  }
}

/** Wrong to one, right to the other. */
function twoFaced({ from: target, to }: { from: ReplicaId; to: ReplicaId }, at: number): Fault {
  return { kind: 'two-faced', target, right: otherThan(target, to), at, coreRight: true };
}

function provocation(target: ReplicaId, at: number, phase: Phase): Fault[] {
  if (phase !== 'dispute') return [];
  return [{ kind: 'signature-at-sender', target, at, field: 'signature' }];
}

function otherThan(...some: ReplicaId[]): ReplicaId {
  const other = all.find((replica) => !some.includes(replica));
  if (other === undefined) throw new Error(`no replica besides ${some.join()}`);
  return other;
}

function notReached(target: ReplicaId, reaches: string): Party[] {
  if (reaches === 'all') return [];
  return all.filter((replica) => replica !== target && String(replica) !== reaches);
}

function isFileCall(step: StepKind): boolean {
  return step === 'read' || step === 'write';
}

function isSlot(step: StepKind): boolean {
  return step === 'output' || step === 'input' || step === 'exit';
}

/** Which of those calls, from 1, is the first at rendezvous k or later. */
function nth(k: number, is: (step: StepKind) => boolean): number {
  return 1 + probeSteps.slice(0, k).filter(is).length;
}
