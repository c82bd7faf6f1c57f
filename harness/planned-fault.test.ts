import { describe, expect, it } from 'vitest';
import { faultyReplica, targetOf } from '../faults/fault-spec.ts';
import { formatFault, parseFault } from '../faults/text.ts';
import { resolvePlanned } from './planned-fault.ts';
import type { PlannedFault } from './types.ts';

const trigger = { type: 'rendezvous-fraction', fraction: 0.5 } as const;
const k = 'at=rendezvous:51,seed=ab';

const rows: [PlannedFault, string, string, number | null][] = [
  [
    { kind: 'container-kill', replica: 2, trigger },
    `container-kill:replica=2,${k}`,
    'container:2',
    2,
  ],
  [
    { kind: 'container-restart', replica: 1, trigger },
    `container-restart:replica=1,${k}`,
    'container:1',
    1,
  ],
  [{ kind: 'memory-limit', replica: 3, trigger }, `memory-limit:replica=3,${k}`, 'container:3', 3],
  [
    { kind: 'container-pause', replica: 3, durationMs: 500, trigger },
    `container-pause:replica=3,duration=500ms,${k}`,
    'container:3',
    3,
  ],
  [
    { kind: 'network-disconnect', replica: 1, durationMs: 2000, trigger },
    `network-disconnect:replica=1,duration=2s,${k}`,
    'container:1',
    1,
  ],
  [
    { kind: 'cpu-quota', replica: 2, percent: 5, durationMs: 1000, trigger },
    `cpu-quota:replica=2,percent=5,duration=1s,${k}`,
    'container:2',
    2,
  ],
  [
    { kind: 'link-partition', replica: 1, peer: 3, durationMs: 1000, trigger },
    `link-partition:link=1-3,duration=1s,${k}`,
    'link:1-3',
    null,
  ],
];

describe('the planned fault of a container', () => {
  it.each(rows)('%o strikes as %s', (planned, text, target, faulty) => {
    const fault = resolvePlanned(planned, 101, 'ab');
    expect(formatFault(fault)).toBe(text);
    expect(parseFault(text)).toEqual(fault);
    expect([targetOf(fault), faultyReplica(fault)]).toEqual([target, faulty]);
  });
});
