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
  /** The first tracer that accused somebody. */
  accusedNs: number | null;
  /** First rendezvous that a tracer closed after it accused somebody. */
  resumeNs: number | null;
  /** Half width of a duration from the injection to a stamp of the monitor. */
  clockUncertaintyNs: number;
  /** What the injector said about its own failure, or null. */
  failed: string | null;
}

/** Call it once the session is over: a killed tracer cannot read back its own death. */
export function gatherFaultEvidence(
  fault: ResolvedFault,
  stamped: readonly FaultEvent[],
  report: Report | null,
  flagged: readonly ReplicaId[],
  /** The process that the injector meant to kill or hold is dead. */
  victimDead: boolean,
  clock: MonitorClock,
): FaultEvidence {
  const events = clock.events(stamped);
  const first = <Type extends FaultEvent['type']>(type: Type) =>
    events.find((event): event is Extract<FaultEvent, { type: Type }> => event.type === type);
  // Where nothing relates the harness's clock to the monitor's, the tracer's own word is the last before it.
  const injected = first('injected') ?? (stamped.some(isInjection) ? first('reached') : undefined);
  // A replica that is out tells nothing about the program's going on.
  const healthy = events.filter(
    ({ replica }) => replica !== faultyReplica(fault) && !flagged.includes(replica),
  );
  const earliest = (type: FaultEvent['type']): number | null => {
    const times = healthy.filter((event) => event.type === type).map(({ tNs }) => tNs);
    return times.length === 0 ? null : Math.min(...times);
  };
  // A container's fault is read back from outside and from inside.
  let effective = stamped.some((event) => event.type === 'effective' && event.effective);
  let activated = stamped.some(({ type }) => type === 'activated');
  const victim = injected?.type === 'injected' ? injected.victim : undefined;
  if (fault.kind === 'replica-kill' && victim !== undefined) {
    effective = victimDead;
    activated = effective;
  }
  // Held until the session's end killed it: no word of its own.
  if (fault.kind === 'tracer-delay' && victim !== undefined && !activated) {
    effective = victimDead;
    activated = effective;
  }
  // The dead tell nothing.
  if (/^container-(kill|restart)$|^memory-limit$/.test(fault.kind)) activated = effective;
  if (fault.kind === 'false-flag-notice' && injected !== undefined) {
    effective = arrived(fault, report);
    activated = effective;
  }
  return {
    injected: injected !== undefined,
    effective,
    activated,
    injectionNs: injected?.tNs ?? null,
    accusedNs: earliest('accused'),
    resumeNs: earliest('resumed'),
    clockUncertaintyNs: injected === undefined ? 0 : clock.uncertaintyNs(injected),
    failed: first('failed')?.error ?? null,
  };
}

function isInjection({ type }: FaultEvent): boolean {
  return type === 'injected';
}

/** The file server has the notice in its list. */
function arrived(
  fault: Extract<ResolvedFault, { kind: 'false-flag-notice' }>,
  report: Report | null,
): boolean {
  return (report?.notices ?? []).some(
    ({ at, accuser, accused }) =>
      at === 'file-server' && accuser === fault.target.accuser && accused === fault.accused,
  );
}
