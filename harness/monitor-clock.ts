/**
 * Stamps of several hosts on one clock, the monitor's, with what that costs in certainty. Offsets are the
 * session's own measurement (report `clocks`); on one machine all are zero.
 */
import type { FaultEvent } from '../faults/event-log.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';

export interface MonitorClock {
  /** Events on the monitor's clock; those that nothing relates to it are left out. */
  events(all: readonly FaultEvent[]): FaultEvent[];
  /** A stamp of the file server. */
  fileServer(tNs: number | null): number | null;
  /** Half width, ns, of a duration from an event of this writer to a stamp of the monitor. */
  uncertaintyNs(event: FaultEvent): number;
}

/** `bootId`: of this machine, by whose clock the harness stamps. */
export function monitorClock(report: Report | null, bootId: string): MonitorClock {
  const clocks = new Map((report?.clocks ?? []).map((clock) => [clock.party, clock]));
  const of = (event: FaultEvent) => clocks.get(`tracer ${event.replica}`);
  const foreignHarness = report !== null && report.bootId !== bootId;
  return {
    events: (all) =>
      all
        .filter((event) => !(foreignHarness && isHarness(event) && event.type !== 'failed'))
        .map((event) =>
          isHarness(event) ? event : { ...event, tNs: event.tNs - (of(event)?.offsetNs ?? 0) },
        ),
    fileServer: (tNs) => (tNs === null ? null : tNs - (clocks.get('file-server')?.offsetNs ?? 0)),
    uncertaintyNs: (event) => (isHarness(event) ? 0 : (of(event)?.uncertaintyNs ?? 0)),
  };
}

function isHarness(event: FaultEvent): boolean {
  return 'harness' in event && event.harness === true;
}
