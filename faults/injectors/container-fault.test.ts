import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sealer } from '../../tmr/core/seal.ts';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import { samplePlan } from '../../tmr/wire/sample-plan.ts';
import type { FaultEvent } from '../event-log.ts';
import { needsContainers } from '../fault-spec.ts';
import { requireResolved } from '../resolve.ts';
import { parseFault } from '../text.ts';
import { inject } from '../interpose.ts';

/** What the tracer sees of its container; `steps` changes it while the tracer is held. */
const world = vi.hoisted(() => ({ files: {} as Record<string, string>, interfaces: ['lo', 'e0'] }));

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  readFileSync: (path: string) => {
    const text = world.files[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  },
}));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  networkInterfaces: () => Object.fromEntries(world.interfaces.map((name) => [name, []])),
}));

const CPU_V2 = '/sys/fs/cgroup/cpu.max';
const CPU_V1 = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
const MEMORY_V2 = '/sys/fs/cgroup/memory.max';
/** Milliseconds of the clock that stands still but for sleeps. */
let nowMs: number;
/** What happens in the nth sleep (from 1), and how long it takes beyond the one millisecond. */
type Step = () => number | void;
let steps: Record<number, Step>;

beforeEach(() => {
  nowMs = 0;
  steps = {};
  world.files = {};
  world.interfaces = ['lo', 'e0', 'e1'];
  let sleeps = 0;
  vi.spyOn(Atomics, 'wait').mockImplementation((_cell: unknown, _at, _value, ms?: number) => {
    sleeps++;
    nowMs += (ms ?? 0) + (steps[sleeps]?.() ?? 0);
    return 'timed-out';
  });
});
afterEach(() => void vi.restoreAllMocks());

/** The events of three rendezvous, the fault at the second, and how long each was held. */
function run(text: string, replica = 2): { events: FaultEvent[]; heldMs: number[]; calls: number } {
  const fault = requireResolved(parseFault(`${text},at=rendezvous:2`));
  if (!needsContainers(fault)) throw new Error(`expected a fault of a container, got ${text}`);
  const events: FaultEvent[] = [];
  let calls = 0;
  const plain = { atRendezvous: () => void calls++ } as unknown as SessionPorts;
  const context = {
    replica,
    peers: [1, 2, 3].filter((peer) => peer !== replica),
    sealer: new Sealer(samplePlan().sealKeys.own),
    moduli: samplePlan().sealKeys.moduli,
    fault: 0,
    write: (event: FaultEvent) => void events.push(event),
    monotonicNs: () => nowMs * 1e6,
  };
  const ports = inject(plain, fault, context);
  const heldMs = [1, 2, 2, 3].map((k) => {
    const before = nowMs;
    ports.atRendezvous(k, 0, 0);
    return nowMs - before;
  });
  return { events, heldMs, calls };
}

const types = (events: FaultEvent[]): string[] => events.map(({ type }) => type);
const seen = ['reached', 'effective', 'activated'];

describe('the tracer that a fault of a container strikes', () => {
  it.each([
    ['container-pause:replica=2,duration=1s', () => 300, /frozen for 301/],
    [
      'network-disconnect:replica=2,duration=1s',
      () => void (world.interfaces = ['lo']),
      /2 network interfaces are gone/,
    ],
    [
      'cpu-quota:replica=2,percent=5,duration=1s',
      () => void (world.files = { [CPU_V2]: '5000 100000' }),
      /cpu\.max went from 100000 100000 to 5000 100000/,
    ],
  ] as [string, Step, RegExp][])(
    'is held at its rendezvous until it sees %s, once',
    (text, change, detail) => {
      world.files = { [CPU_V2]: '100000 100000' };
      steps[40] = change;
      const { events, heldMs, calls } = run(text);
      expect(types(events)).toEqual(seen);
      expect(events[1]).toMatchObject({ replica: 2, k: 2, effective: true });
      expect(events[1]).toMatchObject({ detail: expect.stringMatching(detail) });
      expect(heldMs.map((ms) => ms >= 40)).toEqual([false, true, false, false]);
      expect(calls).toBe(4);
    },
  );

  it('reads the files of either version of control groups', () => {
    world.files = { [CPU_V1]: '-1' };
    steps[3] = () => void (world.files = { [CPU_V1]: '5000' });
    const { events } = run('cpu-quota:replica=2,percent=5,duration=1s');
    expect(events[1]).toMatchObject({ effective: true });
  });

  it.each([
    'container-kill:replica=2',
    'container-restart:replica=2',
    'container-pause:replica=2,duration=1s',
    'network-disconnect:replica=2,duration=1s',
    'cpu-quota:replica=2,percent=5,duration=1s',
    'memory-limit:replica=2',
  ])('goes on when nothing is seen of %s, and says so', (text) => {
    steps[3] = () => 5; // A crowded machine is no pause.
    steps[4] = () => void (world.interfaces = ['lo', 'e0']); // Nor is the loss of another network.
    const { events, heldMs } = run(text);
    expect(types(events)).toEqual(['reached', 'effective']);
    expect(events[1]).toMatchObject({ effective: false });
    expect(heldMs[1]).toBeGreaterThanOrEqual(2000);
  });

  it('fills its memory once the limit is lower, and owns up when it lives on', () => {
    world.files = { [MEMORY_V2]: '2147483648' };
    steps[3] = () => void (world.files = { [MEMORY_V2]: '100000000' });
    const alloc = vi.spyOn(Buffer, 'alloc').mockReturnValue(Buffer.from(''));
    const { events } = run('memory-limit:replica=2');
    expect(alloc.mock.calls.reduce((sum, [size]) => sum + size, 0)).toBe(512 * 2 ** 20);
    expect(types(events)).toEqual([...seen, 'failed']);
  });
});

describe('the ends of a link that is partitioned', () => {
  it('are healthy: the first says that the place is reached, and nobody is held', () => {
    const text = 'link-partition:link=1-2,duration=1s';
    const [first, second] = [run(text, 1), run(text, 2)];
    expect(types(first.events)).toEqual(['reached']);
    expect(types(second.events)).toEqual([]);
    expect([...first.heldMs, ...second.heldMs].every((ms) => ms === 0)).toBe(true);
  });
});

describe('a fault of another container', () => {
  it('leaves this tracer alone', () => {
    expect(run('container-kill:replica=1')).toMatchObject({ events: [], heldMs: [0, 0, 0, 0] });
  });
});
