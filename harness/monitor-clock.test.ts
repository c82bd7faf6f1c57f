import { describe, expect, it } from 'vitest';
import type { FaultEvent } from '../faults/event-log.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';
import { monitorClock } from './monitor-clock.ts';

const clock = (party: string, offsetNs: number, uncertaintyNs: number) => ({
  party,
  clockId: party,
  offsetNs,
  uncertaintyNs,
  measuredOffsetNs: offsetNs,
  roundTripNs: 2 * uncertaintyNs,
});
const report = {
  bootId: 'monitor',
  clocks: [clock('tracer 2', 5000, 7), clock('file-server', -300, 2)],
} as unknown as Report;
const byTracer: FaultEvent = { type: 'activated', replica: 2, fault: 0, k: 1, tNs: 9000 };
const byHarness: FaultEvent = { ...byTracer, tNs: 4100, harness: true };

describe("stamps on the monitor's clock", () => {
  it('lose the offset of who stamped, and say how sure that is', () => {
    const on = monitorClock(report, 'monitor');
    expect(on.events([byTracer, byHarness]).map(({ tNs }) => tNs)).toEqual([4000, 4100]);
    expect(on.fileServer(1000)).toBe(1300);
    expect(on.fileServer(null)).toBeNull();
    expect([on.uncertaintyNs(byTracer), on.uncertaintyNs(byHarness)]).toEqual([7, 0]);
  });

  it("leave out the harness's where it runs by another clock than the monitor", () => {
    const on = monitorClock(report, 'another machine');
    expect(on.events([byTracer, byHarness])).toHaveLength(1);
  });

  it('are as they were on one machine and without a report', () => {
    const on = monitorClock(null, 'any');
    expect(on.events([byTracer])).toEqual([byTracer]);
    expect(on.uncertaintyNs(byTracer)).toBe(0);
  });
});
