/** Whether and when a fault acted: from the injector's log, and read back where it could not know. */
import type { FaultEvent } from '../faults/event-log.ts';
import { faultyReplica, type ResolvedFault } from '../faults/fault-spec.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';
import type { MonitorClock } from './monitor-clock.ts';

export interface FaultEvidence {
  injected: boolean;
  effective: boolean;
  activated: boolean;
  /** CLOCK_MONOTONIC ns of the monitor, as all times here. */
  injectionNs: number | null;
  /** Half width of a duration from the injection to a stamp of the monitor. */
  clockUncertaintyNs: number;
  /** What the injector said about its own failure, or null. */
  failed: string | null;
}

/** What the system did about the faults, as its healthy tracers show it. */
export interface Reaction {
  /** The first tracer that accused somebody. */
  accusedNs: number | null;
  /** First rendezvous that a tracer closed after it accused somebody. */
  resumeNs: number | null;
}

export interface Stamped {
  events: readonly FaultEvent[];
  report: Report | null;
  clock: MonitorClock;
  /** Replicas with a flag that counted. */
  flagged: readonly ReplicaId[];
}

/**
 * Call it once the session is over. `index`: which fault of the trial; `victimDead`: the process that the
 * injector meant to kill or hold is dead.
 */
export function gatherFaultEvidence(
  fault: ResolvedFault,
  index: number,
  { events: all, report, clock, flagged }: Stamped,
  victimDead: boolean,
): FaultEvidence {
  const stamped = all.filter((event) => 'fault' in event && event.fault === index);
  const events = clock.events(stamped);
  const first = <Type extends FaultEvent['type']>(type: Type) =>
    events.find((event): event is Extract<FaultEvent, { type: Type }> => event.type === type);
  // Where nothing relates the harness's clock to the monitor's, the tracer's own word is the last before it.
  const injected = first('injected') ?? (stamped.some(isInjection) ? first('reached') : undefined);
  // A container's fault is read back from outside and from inside.
  let effective = stamped.some((event) => event.type === 'effective' && event.effective);
  let activated = stamped.some(({ type }) => type === 'activated');
  const hasVictim = stamped.some(
    (event) => event.type === 'injected' && event.victim !== undefined,
  );
  if (fault.kind === 'replica-kill' && hasVictim) {
    effective = victimDead;
    activated = effective;
  }
  // Ended from outside before it could say so itself: flagged, or at the session's end.
  else if (hasVictim && !activated) {
    effective = victimDead;
    activated = effective;
  }
  // The dead tell nothing.
  if (/^container-(kill|restart)$|^memory-limit$/.test(fault.kind)) activated = effective;
  if (fault.kind === 'false-flag-notice' && injected !== undefined) {
    effective = arrived(fault, report);
    activated = effective;
  }
  // Whether the program ever used the byte shows only in what became of the replica.
  if (fault.kind === 'memory-bit-flip')
    activated = effective && isOut(fault.replica, report, flagged);
  return {
    injected: injected !== undefined,
    effective,
    activated,
    injectionNs: injected?.tNs ?? null,
    clockUncertaintyNs: injected === undefined ? 0 : clock.uncertaintyNs(injected),
    failed: first('failed')?.error ?? null,
  };
}

/** A replica that is out tells nothing about the program's going on. */
export function gatherReaction(
  faults: readonly ResolvedFault[],
  { events, clock, flagged }: Stamped,
): Reaction {
  const faulty = faults.map(faultyReplica);
  const healthy = clock
    .events(events)
    .filter(({ replica }) => !faulty.includes(replica) && !flagged.includes(replica));
  const earliest = (type: FaultEvent['type']): number | null => {
    const times = healthy.filter((event) => event.type === type).map(({ tNs }) => tNs);
    return times.length === 0 ? null : Math.min(...times);
  };
  return { accusedNs: earliest('accused'), resumeNs: earliest('resumed') };
}

function isInjection({ type }: FaultEvent): boolean {
  return type === 'injected';
}

function isOut(replica: ReplicaId, report: Report | null, flagged: readonly ReplicaId[]): boolean {
  const left = report === null ? [] : [...report.fences, ...report.lost];
  return left.some((one) => one.replica === replica) || flagged.includes(replica);
}

/** Whoever was to get the notice has it in its list. */
function arrived(
  { accuser, accused, to }: Extract<ResolvedFault, { kind: 'false-flag-notice' }>,
  report: Report | null,
): boolean {
  const parties = { nfs: ['file-server'], monitor: ['monitor'], both: ['file-server', 'monitor'] };
  return parties[to].every((party) =>
    (report?.notices ?? []).some(
      (notice) => notice.at === party && notice.accuser === accuser && notice.accused === accused,
    ),
  );
}
