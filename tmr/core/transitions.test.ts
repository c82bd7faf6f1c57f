/** Every transition of the core's state machine is reached, and no other: by walks, by sessions. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf, sessionProperties } from './sim/session-properties.ts';
import { probeOptions, voteFor } from './sim/probe.ts';
import { createCore } from './create-core.ts';
import { events, moves, never, states, words } from './sim/transitions.ts';
import { walk } from './sim/walks.ts';
import { noTransitions } from './sim/watched-core.ts';

/** Seeds are fixed: what is reached once is reached always. */
const WALKS = 100_000;
const SESSIONS = 60;
const seed = 5;

const walked = noTransitions();
const simulated = noTransitions();

const expectedMoves = states.flatMap((state) =>
  events.flatMap((event) =>
    (moves[state][event] ?? []).map((next) => `${state}, ${event} -> ${next}`),
  ),
);
const expectedWords = states.flatMap((state) =>
  words[state].map((word) => `${state} says ${word}`),
);

beforeAll(() => {
  walk(1, WALKS, walked);
  // More than three may stay alone with two votes.
  for (const property of sessionProperties.filter(({ title }) => !title.includes('among'))) {
    const sessions = fc.property(property.scenarios, (scenario) => {
      linesOf(property, scenario, simulated);
    });
    fc.assert(sessions, { seed, numRuns: SESSIONS });
  }
});

describe('the state machine of a core', () => {
  it('makes every transition of the table', () => {
    expect(expectedMoves.filter((move) => !walked.moves.has(move))).toEqual([]);
  });

  it('makes no other transition, among healthy parties neither', () => {
    const table = new Set(expectedMoves);
    expect([...walked.moves.keys()].filter((move) => !table.has(move))).toEqual([]);
    expect([...simulated.moves.keys()].filter((move) => !table.has(move))).toEqual([]);
  });

  it('says in each state all that the table has, and nothing else', () => {
    const table = new Set(expectedWords);
    expect(expectedWords.filter((word) => !walked.words.has(word))).toEqual([]);
    expect([...walked.words.keys()].filter((word) => !table.has(word))).toEqual([]);
    expect([...simulated.words.keys()].filter((word) => !table.has(word))).toEqual([]);
  });

  it('has an answer to every event in every state, but for what a caller never does', () => {
    const missing = states
      .filter((state) => state !== 'over')
      .flatMap((state) => events.filter((event) => moves[state][event] === undefined));
    expect(new Set(missing)).toEqual(new Set(Object.keys(never)));
  });

  it('throws when its caller votes twice or ends twice', () => {
    const core = createCore(probeOptions({ replicas: 1 }));
    core.handle({ type: 'own-vote', vote: voteFor(0) }, 0);
    expect(() => core.handle({ type: 'own-vote', vote: voteFor(0) }, 0)).toThrow('own vote for');
    const other = createCore(probeOptions());
    other.handle({ type: 'end' }, 0);
    expect(() => other.handle({ type: 'end' }, 0)).toThrow('one end');
  });

  afterAll(() => {
    console.log('transition                                            walks  sessions');
    for (const move of [...expectedMoves, ...expectedWords]) {
      const count = (walked.moves.get(move) ?? walked.words.get(move) ?? 0).toString();
      const inSessions = (simulated.moves.get(move) ?? simulated.words.get(move) ?? 0).toString();
      console.log(`${move.padEnd(50)}${count.padStart(9)}${inSessions.padStart(10)}`);
    }
  });
});
