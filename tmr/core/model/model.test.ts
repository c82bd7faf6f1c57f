import { describe, expect, it, vi } from 'vitest';
import { replay } from './replay.ts';
import { kinds, runs } from './runs.ts';
import type { Kind, Macros } from './runs.ts';
import { readPan, simulate, verify } from './spin.ts';

const timing = { T: 4, Q: 1, D: 1 };
/** T a multiple of 4: the model's pings come every T / 4 ticks, rounded down. */
const timings = [
  { ...timing, SKEW: 0 },
  { ...timing, SKEW: 1 },
  { T: 8, Q: 2, D: 1, SKEW: 3 },
];
const limits = { timeoutMs: 200_000, memoryMiB: 1000, optimise: '-O0' } as const;
const SEEDS = 9;
/** Much more than any of it takes, since the machine may have other work. */
const patienceMs = 300_000;

vi.setConfig({ testTimeout: patienceMs });

/** Every kind alone, and pairs, in which tracers stop the session. */
const replayed: readonly (readonly [Kind, Macros])[] = [
  ...kinds.map((kind) => [kind, {}] as const),
  ['TRACER_STOPPED', { STOP: 2, HARMLESS: true }],
  ['REPLICA_SLOW', { SLOW: 2, HARMLESS: true }],
  ['REPLICA_WRONG', { FAULT2: 'REPLICA_WRONG' }],
  ['TRACER_CRASH', { FAULT2: 'VOTE_LOST' }],
  ['TWO_FACED', { FAULT2: 'LINK_RESET' }],
];

describe('traces of the model, replayed against the core', () => {
  const seen = new Set<string>();

  for (const [kind, more] of replayed) {
    const name = [kind, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');
    it(`have the same effects, event by event: ${name}`, async () => {
      let events = 0;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const { SKEW, ...times } = timings[seed % timings.length]!;
        const trace = await simulate({ FAULT: kind, ...more, ...times, SKEW }, seed);
        const result = replay(trace, times);
        expect(result.differences, `seed ${seed}\n${trace.join('\n')}`).toEqual([]);
        events += result.events;
        for (const what of result.seen) seen.add(what);
      }
      expect(events).toBeGreaterThan(10 * SEEDS);
    });
  }

  it('had every event, message and effect among them', () => {
    const messages = ['vote', 'relay', 'view', 'ask', 'down', 'done', 'ping', 'pong'];
    const unsealed = ['vote without its seal', 'relay without its seal'];
    const events = ['own-vote', 'link-closed', 'replica-dead', 'end', 'timer'];
    const effects = ['go-on', 'flag', 'close-link', 'fence', 'stop', 'link-suspect', 'ended'];
    const all = [...messages, ...unsealed, ...events, ...effects];
    expect([...seen].toSorted()).toEqual(all.toSorted());
  });
});

describe('the model', () => {
  for (const run of runs.filter(({ quick, expected }) => quick && expected === 'holds')) {
    it(`keeps P1 to P6 in every state: ${run.name}`, async () => {
      const found = await verify(run, limits);
      expect(found, found.trace.join('\n')).toMatchObject({ verdict: 'holds', exhaustive: true });
      expect(found.states).toBeGreaterThan(1000);
    });
  }

  for (const run of runs.filter(({ quick, expected }) => quick && expected === 'violated')) {
    it(`is violated: ${run.name}`, async () => {
      const found = await verify(run, limits);
      expect(found.verdict).toBe('violated');
      expect(found.property).toBe(run.violates);
    });
  }
});

/** The core keeps all rules, so it must part from a model without one where the rule would act. */
describe('a counterexample of a model without a rule of the core', () => {
  it.each([
    ['NO_R3', 'REPLICA_FAST', /EV tracer=\d t=\d+ timer/],
    ['NO_AFTER_CLOSE', 'TWO_FACED', /message from=\d type=3/],
    ['NO_VOUCH', 'TWO_FACED', /message from=\d type=3/],
    ['NO_SEALS', 'FORGED_RELAY', /message from=3 type=2/],
  ] as const)('is none of the core: %s', async (without, kind, event) => {
    const late = kind === 'FORGED_RELAY' ? { SKEW: 1, PROMPT: true as const } : {};
    const macros = { FAULT: kind, ...timing, K: 3, ...late, [without]: true as const };
    const run = { name: without, macros, expected: 'violated' } as const;
    const { trace, verdict } = await verify(run, limits);
    expect(verdict).toBe('violated');
    const { differences } = replay(trace, timing);
    expect(differences[0]).toMatch(event);
  });

  it("is one of the core too when the rule is the file server's", async () => {
    const macros: Macros = { FAULT: 'ROGUE', ...timing, K: 3, NO_SLOT_ORDER: true };
    const run = { name: 'slots', macros, expected: 'violated' } as const;
    const { trace, property } = await verify(run, limits);
    expect(property).toBe('P1');
    expect(replay(trace, timing).differences).toEqual([]);
  });
});

describe('what pan prints', () => {
  it('is no proof when the search was cut short', () => {
    const cut = 'error: max search depth too small\n  9 states, stored\nerrors: 0\n';
    expect(readPan(cut)).toMatchObject({ verdict: 'unfinished', exhaustive: false });
  });
});
