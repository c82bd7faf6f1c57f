import { describe, expect, it } from 'vitest';
import type { FaultEvent } from '../faults/event-log.ts';
import { requireResolved } from '../faults/resolve.ts';
import { parseFault } from '../faults/text.ts';
import { gatherFaultEvidence, gatherReaction } from './fault-evidence.ts';
import { monitorClock } from './monitor-clock.ts';

const stamp = (tNs: number, replica = 2) => ({ replica, fault: 0, k: 7, tNs });
const reached: FaultEvent = { type: 'reached', ...stamp(100) };
const injected: FaultEvent = { type: 'injected', ...stamp(200), harness: true };
const activated: FaultEvent = { type: 'activated', ...stamp(300) };
const outside = (effective: boolean): FaultEvent => ({
  type: 'effective',
  ...stamp(250),
  effective,
  detail: 'running became gone',
  harness: true,
});
const inside = (effective: boolean): FaultEvent => ({
  type: 'effective',
  ...stamp(290),
  effective,
  detail: 'frozen',
});

function evidence(text: string, events: FaultEvent[], flagged: number[] = []) {
  const fault = requireResolved(parseFault(`${text},at=rendezvous:7`));
  const stamped = { events, report: null, flagged, clock: monitorClock(null, 'here') };
  return {
    ...gatherFaultEvidence(fault, 0, stamped, false),
    ...gatherReaction([fault], stamped),
  };
}

const pause = 'container-pause:replica=2,duration=1s';
const all = { injected: true, effective: true, activated: true };

describe('the evidence of a fault of a container', () => {
  it("is injected when the harness strikes, not when the tracer says that it's there", () => {
    expect(evidence(pause, [reached])).toMatchObject({ injected: false, injectionNs: null });
    expect(evidence(pause, [reached, injected])).toMatchObject({
      injected: true,
      injectionNs: 200,
      effective: false,
      activated: false,
    });
  });

  it('is effective when it is read back from outside or from inside', () => {
    for (const [out, within, effective] of [
      [true, false, true],
      [false, true, true],
      [false, false, false],
    ] as const) {
      const events = [reached, injected, outside(out), inside(within)];
      expect(evidence(pause, events).effective).toBe(effective);
    }
  });

  it('is active when the tracer saw it; a container that stops needs no word of its own', () => {
    const struck = [reached, injected, outside(true)];
    expect(evidence(pause, struck).activated).toBe(false);
    expect(evidence(pause, [...struck, inside(true), activated])).toMatchObject(all);
    for (const kind of ['container-kill', 'container-restart', 'memory-limit']) {
      expect(evidence(`${kind}:replica=2`, struck)).toMatchObject(all);
      const without = [reached, injected, outside(false)];
      expect(evidence(`${kind}:replica=2`, without).activated).toBe(false);
    }
  });

  it('is active by the harness alone for a link, both ends of which are healthy', () => {
    const text = 'link-partition:link=1-2,duration=1s';
    const events: FaultEvent[] = [
      reached,
      injected,
      outside(true),
      { ...activated, harness: true },
    ];
    const accused: FaultEvent = {
      type: 'accused',
      replica: 1,
      k: 7,
      tNs: 400,
      accused: 2,
      mechanism: 'time-out',
    };
    expect(evidence(text, [...events, accused])).toMatchObject({ ...all, accusedNs: 400 });
  });

  it('is a failure of the harness when the engine refused', () => {
    const failed: FaultEvent = { type: 'failed', ...stamp(210), error: 'no such container' };
    expect(evidence(pause, [reached, injected, failed]).failed).toBe('no such container');
  });
});

describe('the reaction', () => {
  it('is the first of healthy tracers that stay, to accuse and to go on', () => {
    const text = 'signature-bit-flip:replica=2,bit=3';
    const word = (type: 'accused' | 'resumed', replica: number, tNs: number): FaultEvent => ({
      type,
      replica,
      k: 7,
      tNs,
      accused: 2,
      mechanism: 'signature',
    });
    const events = [
      word('accused', 2, 310),
      word('accused', 3, 420),
      word('accused', 1, 410),
      word('resumed', 2, 320),
      word('resumed', 1, 510),
      word('resumed', 3, 500),
    ];
    expect(evidence(text, events)).toMatchObject({ accusedNs: 410, resumeNs: 500 });
    // One that was flagged without a fault is out as well.
    expect(evidence(text, events, [3])).toMatchObject({ accusedNs: 410, resumeNs: 510 });
  });
});
