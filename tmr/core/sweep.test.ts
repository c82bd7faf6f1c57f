/** Every single fault of two small programs: rendezvous x kind x target x phase, under P1 to P5. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Fault } from './sim/faults.ts';
import { everyDispute, everyFault } from './sim/fault-list.ts';
import { faultKinds } from './sim/scenarios.ts';
import { allDelays, allSkews, countsTable, sweep } from './sim/sweep.ts';
import type { Counts, Setting } from './sim/sweep.ts';
import type { Program } from './sim/program.ts';
import type { Detect } from './types.ts';

const writer: Program = ['exec', 'write', 'clock', 'output', 'exit'];
const reader: Program = ['exec', 'read', 'input', 'write', 'exit'];

/** What --detect changes matters less than who is late, so those sweeps take fewer skews. */
const sweeps: readonly [Program, Detect, Setting[]][] = [
  [writer, 'any', settings(allSkews)],
  [writer, 'timeout-only', settings(allSkews.slice(3))],
  [reader, 'any', settings(allSkews.slice(3))],
  [reader, 'timeout-only', settings(allSkews.slice(5))],
];

/**
 * Sessions in which each kind had its effect, at least: exactly as many as today, so that neither a
 * kind, a target, a phase nor a setting is lost unnoticed. More are welcome; raise the floor then.
 */
const floors: Readonly<Record<string, number>> = {
  'dispute/link-dead': 2310,
  'dispute/link-reset': 1980,
  // In 39 more its tracer has fenced before it says a view.
  'dispute/link-slow': 3921,
  'dispute/replica-kill': 1805,
  'dispute/service-link-lost': 3610,
  'dispute/tracer-crash': 28880,
  'dispute/tracer-restart': 5415,
  'dispute/tracer-stopped': 3610,
  'early-wrong': 390,
  'false-notice': 2340,
  'forged-relays': 780,
  'inputs-at-sender': 780,
  'inputs-on-link': 780,
  'link-dead': 3120,
  'link-reset': 3120,
  'link-slow': 2340,
  'output-corrupted': 156,
  'replica-kill': 1560,
  'replica-slow': 1560,
  'replica-wrong': 390,
  'request-corrupted': 102,
  rogue: 6240,
  'service-link-lost': 3120,
  'signature-at-sender': 780,
  'signature-on-link': 1560,
  'tracer-crash': 24960,
  'tracer-restart': 4680,
  'tracer-stopped': 3120,
  'two-faced': 1560,
  'vote-lost': 780,
  'wrong-seal': 2340,
};

const single: Counts = new Map();
const disputed: Counts = new Map();

describe.each(sweeps)('every fault of %s with --detect %s', (program, detect, all) => {
  const under = all.map((setting) => ({ ...setting, program, detect }));
  // The last one is the exit's.
  for (const at of program.keys()) {
    it(`keeps P1 to P5 at rendezvous ${at}`, () => {
      expect(sweep(everyFault(at).map(alone), under, single)).toEqual([]);
    });

    it(`keeps P1 to P5 at rendezvous ${at}, in the middle of an ask or a dispute`, () => {
      expect(sweep(everyDispute(at), under.slice(-3), disputed)).toEqual([]);
    });
  }
});

describe('the sweep', () => {
  it('has every kind of fault, as often as ever', () => {
    const counts: Counts = new Map([...single, ...disputed]);
    const missed = Object.entries(floors).filter(
      ([kind, floor]) => (counts.get(kind)?.struck ?? 0) < floor,
    );
    expect(missed).toEqual([]);
    // Swarms are drawn, not enumerated.
    const enumerated = faultKinds.filter((kind) => kind !== 'none' && !kind.startsWith('swarm'));
    expect(enumerated.filter((kind) => !(kind in floors))).toEqual([]);
  });

  it('has no fault that hits nothing, but those told by the number of a request', () => {
    // A dispute at the exec stop may end the session before the second fault comes.
    const idle = [...single, ...disputed]
      .filter(([, { sessions, struck }]) => struck < 0.98 * sessions)
      .map(([kind]) => kind);
    expect(idle).toEqual(['request-corrupted', 'output-corrupted']);
  });

  afterAll(() => {
    console.log(countsTable(new Map([...single, ...disputed])));
  });
});

function settings(skews: typeof allSkews): Setting[] {
  return skews.flatMap((skewsNs) =>
    allDelays.map((delaysNs) => ({ skewsNs, delaysNs, clockOffsetsNs: [0, 700, 1400] })),
  );
}

function alone(fault: Fault): readonly Fault[] {
  return [fault];
}
