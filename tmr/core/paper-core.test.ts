import { describe, expect, it } from 'vitest';
import { Probe, outline, viewOf, voteFor, wrongVote } from './sim/probe.ts';
import { sealedBy } from './sim/seals.ts';

const paper = (): Probe => Probe.started({ policy: 'paper' });

describe('the policy paper (protocol.md 3b)', () => {
  it('flags the one bad replica by itself and closes the link to it', () => {
    const probe = paper();
    probe.own(voteFor(1));
    probe.vote(2, wrongVote(1));
    const effects = probe.vote(3, voteFor(1));
    expect(outline(effects)).toEqual(['flag', 'close-link', 'go-on']);
    expect(effects[0]).toMatchObject({ accused: 2, mechanism: 'signature' });
  });

  it('looks at no seal: a vote without one, or with that of another, is what it says', () => {
    const probe = paper();
    probe.own(voteFor(1));
    expect(probe.from(2, { type: 'vote', vote: voteFor(1) })).toEqual([]);
    const effects = probe.from(3, { type: 'vote', vote: sealedBy(2, voteFor(1)) });
    expect(outline(effects)).toEqual(['go-on']);
  });

  it('stops without a notice when it is the odd one', () => {
    const probe = paper();
    probe.own(wrongVote(1));
    probe.vote(2, voteFor(1));
    expect(probe.vote(3, voteFor(1))).toMatchObject([
      { type: 'fence', reason: expect.stringContaining('the odd one') },
    ]);
  });

  it('stops when both others are bad in different ways', () => {
    const probe = paper();
    probe.own(voteFor(1));
    probe.closed(2);
    expect(outline(probe.vote(3, wrongVote(1)))).toEqual(['fence']);
  });

  it('flags at T who has not voted, and never asks', () => {
    const probe = paper();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    expect(probe.deadlineNs).toBe(1600);
    expect(probe.waitForTimer()).toMatchObject([
      { type: 'flag', accused: 3, mechanism: 'time-out' },
      { type: 'close-link', peer: 3 },
      { type: 'go-on', members: [1, 2] },
    ]);
  });

  it('knows no asks, relays, views or pings', () => {
    const probe = paper();
    probe.agree(1);
    expect(probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 4 })).toEqual([]);
    expect(probe.from(2, { type: 'ping' })).toEqual([]);
    expect(probe.from(2, viewOf(1, { 2: voteFor(1) }))).toEqual([]);
    probe.own(voteFor(2));
    probe.vote(2, voteFor(2));
    expect(probe.relay(2, 3, voteFor(2))).toEqual([]);
  });

  it('stops a session of two when anything is bad', () => {
    const probe = Probe.started({ policy: 'paper', replicas: 2 });
    probe.own(voteFor(1));
    expect(outline(probe.vote(2, wrongVote(1)))).toEqual(['stop']);
  });

  it('waits for ever alone, as the paper says nothing else', () => {
    const probe = paper();
    probe.own(voteFor(1));
    expect(probe.deadlineNs).toBe(Infinity);
  });
});
