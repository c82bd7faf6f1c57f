import { describe, expect, it } from 'vitest';
import { Probe, outline, viewOf, voteFor, wrongVote } from './sim/probe.ts';
import { sealedBy } from './sim/seals.ts';

const T = 1600;
const Q = 400;
const d = 100;
const tick = 50;
const patience = T + 2 * d + tick;

describe('R1, arrival', () => {
  it('sends the own vote to both peers and goes on when all three are equal', () => {
    const probe = Probe.started();
    expect(outline(probe.own(voteFor(1)))).toEqual(['vote to 2', 'vote to 3']);
    expect(outline(probe.vote(2, voteFor(1)))).toEqual([]);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('keeps the first early vote for k+1 and counts it there', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(2, voteFor(2));
    probe.vote(2, wrongVote(2));
    probe.vote(3, voteFor(1));
    probe.vote(3, voteFor(2));
    expect(outline(probe.own(voteFor(2)))).toContain('go-on');
  });

  it('ignores a second vote of the same replica', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(2, wrongVote(1));
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('ignores votes of k-2, k+2, another stream and a replica that does not exist', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(3));
    probe.vote(2, voteFor(-1));
    probe.vote(2, voteFor(1, { stream: 4 }));
    probe.from(9, { type: 'vote', vote: voteFor(1) });
    probe.vote(1, voteFor(1));
    expect(probe.deadlineNs).toBe(T);
    expect(probe.waitForTimer()).toEqual([
      { type: 'send', to: 2, message: { type: 'ping' } },
      { type: 'send', to: 3, message: { type: 'ping' } },
    ]);
  });

  it('does not take for its own vote what comes in its own name', () => {
    const probe = Probe.started();
    probe.vote(1, wrongVote(1));
    expect(outline(probe.own(voteFor(1)))).toEqual(['vote to 2', 'vote to 3']);
  });

  it('opens a table with DOWN for a peer whose link is closed, and sends nothing there', () => {
    const probe = Probe.started();
    probe.closed(3);
    expect(outline(probe.own(voteFor(1)))).toEqual(['vote to 2']);
    expect(outline(probe.vote(2, voteFor(1)))).toEqual(['view to 2']);
  });

  it('refuses an own vote out of order as an error of its caller', () => {
    const probe = Probe.started();
    expect(() => probe.own(voteFor(2))).toThrow('expected the own vote for rendezvous 1');
    probe.own(voteFor(1));
    expect(() => probe.own(voteFor(1))).toThrow('once');
  });
});

describe('R2, the time-out', () => {
  it('is not started by a lone early vote of a peer', () => {
    const probe = Probe.started();
    probe.vote(2, wrongVote(1));
    expect(probe.deadlineNs).toBe(Infinity);
  });

  it('starts at the second arrival and is acted on only in a timer event', () => {
    const probe = Probe.started();
    probe.at(10).own(voteFor(1));
    probe.at(50).vote(2, voteFor(1));
    expect(probe.deadlineNs).toBe(50 + Q);
    probe.waitForTimer();
    expect(probe.deadlineNs).toBe(50 + T);
    probe.at(50 + 9 * T);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('counts a DOWN entry as arrived', () => {
    const probe = Probe.started();
    probe.at(5).closed(3);
    probe.at(20).own(voteFor(1));
    expect(probe.deadlineNs).toBe(20 + Q);
  });

  it('starts at the first arrival, or at the own one, where an experiment asks for it', () => {
    const first = Probe.started({ timeoutFrom: 'first' });
    first.at(7).vote(2, voteFor(1));
    first.at(9).own(voteFor(1));
    first.waitForTimer();
    expect(first.deadlineNs).toBe(7 + T);
    const own = Probe.started({ timeoutFrom: 'own' });
    own.at(7).vote(2, voteFor(1));
    own.at(9).own(voteFor(1));
    own.waitForTimer();
    expect(own.deadlineNs).toBe(9 + T);
  });
});

describe('R3, alone', () => {
  it('fences T after the last answer, also between two pings', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.waitForTimer();
    probe.at(T + 100).from(3, { type: 'pong' });
    const seen: string[] = [];
    for (let timers = 0; timers < 20 && !seen.includes('fence'); timers += 1) {
      seen.push(...outline(probe.waitForTimer()));
    }
    expect(probe.nowNs).toBe(2 * T + 100);
  });

  it('pings every T/4 after T, and waits as long as one peer answers', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    expect(probe.deadlineNs).toBe(T);
    expect(outline(probe.waitForTimer())).toEqual(['ping to 2', 'ping to 3']);
    for (let ping = 0; ping < 20; ping += 1) {
      probe.from(3, { type: 'pong' });
      expect(outline(probe.waitForTimer())).toEqual(['ping to 2', 'ping to 3']);
    }
    probe.vote(2, voteFor(1));
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('fences when neither answers for T', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    const seen: string[] = [];
    for (let timers = 0; timers < 20; timers += 1) {
      if (!seen.includes('fence')) seen.push(...outline(probe.waitForTimer()));
    }
    expect(seen).toContain('fence');
    expect(probe.nowNs).toBe(2 * T);
  });

  it('answers a ping at once, whatever it waits for', () => {
    const probe = Probe.started();
    expect(probe.from(2, { type: 'ping' })).toEqual([
      { type: 'send', to: 2, message: { type: 'pong' } },
    ]);
  });
});

describe('R4, ask and relay', () => {
  it('seals its votes also where it holds a peer to be out: it may be the faulty one', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(3, wrongVote(1));
    const view = viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: wrongVote(1) });
    expect(outline(probe.from(2, view))).toContain('flag');
    const [sent] = probe.own(voteFor(2));
    expect(sent).toMatchObject({ type: 'send', to: 2 });
    const vote = sent?.type === 'send' && sent.message.type === 'vote' ? sent.message.vote : null;
    expect(vote).toEqual(sealedBy(1, voteFor(2, { direct: vote?.direct ?? 0 })));
  });

  it('relays on arrival to whichever peer asked, and all that it has of what is missing', () => {
    const probe = Probe.started();
    probe.from(3, { type: 'ask', stream: 0, k: 1, missing: 0b010 });
    expect(outline(probe.vote(2, voteFor(1)))).toEqual(['relay to 3']);
    probe.own(voteFor(1));
    const effects = probe.from(3, { type: 'ask', stream: 0, k: 1, missing: 0b011 });
    expect(outline(effects)).toEqual(['relay to 3', 'relay to 3']);
  });

  it('asks both peers for what is missing, Q after the second arrival, once', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    const ask = { type: 'ask', stream: 0, k: 1, missing: 0b100 };
    expect(probe.waitForTimer()).toEqual([
      { type: 'send', to: 2, message: ask },
      { type: 'send', to: 3, message: ask },
    ]);
    expect(probe.nowNs).toBe(Q);
    expect(probe.deadlineNs).toBe(T);
  });

  it('relays a vote of k or k-1 at once, and one that is not there on its arrival', () => {
    const probe = Probe.started();
    const relay = (k: number) => ({
      type: 'send',
      to: 2,
      message: { type: 'relay', origin: 3, vote: sealedBy(3, voteFor(k)) },
    });
    const missing = 0b100;
    expect(probe.from(2, { type: 'ask', stream: 0, k: 0, missing })).toEqual([relay(0)]);
    expect(probe.from(2, { type: 'ask', stream: 0, k: 1, missing })).toEqual([]);
    expect(probe.vote(3, voteFor(1))).toEqual([relay(1)]);
    expect(probe.from(2, { type: 'ask', stream: 0, k: 1, missing })).toEqual([relay(1)]);
  });

  it('relays what came by a relay itself to who asked for it before', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 });
    // 3 lost its vote on both its links, and answered this tracer's ask alone.
    expect(outline(probe.relay(3, 3, voteFor(1)))).toEqual(['relay to 2', 'go-on']);
  });

  it('relays on arrival to who asked, though relay mode has ended since', () => {
    const probe = Probe.started();
    probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 });
    probe.vote(2, voteFor(1));
    probe.vote(2, voteFor(2, { direct: 0b101 }));
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['relay to 2']);
  });

  it('repeats its own vote to a peer that asks for it', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    const effects = probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b001 });
    expect(outline(effects)).toEqual(['relay to 2']);
  });

  it('keeps relaying until the asker had the vote directly', () => {
    const probe = Probe.started();
    probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 });
    probe.agree(1);
    expect(outline(probe.vote(3, voteFor(2)))).toEqual(['relay to 2']);
    probe.vote(2, voteFor(2, { direct: 0b001 }));
    probe.own(voteFor(2));
    expect(outline(probe.vote(3, voteFor(3)))).toEqual(['relay to 2']);
    probe.vote(2, voteFor(3, { direct: 0b101 }));
    probe.own(voteFor(3));
    expect(outline(probe.vote(3, voteFor(4)))).toEqual([]);
  });

  it('lets a relayed vote fill the entry only if it equals the own vote', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    expect(probe.relay(2, 3, wrongVote(1))).toEqual([]);
    expect(outline(probe.relay(2, 3, voteFor(1)))).toEqual(['go-on']);
  });

  it('takes no relay of a vote that its origin did not seal', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    for (const vote of [voteFor(1), sealedBy(2, voteFor(1)), sealedBy(3, voteFor(2))]) {
      expect(probe.from(2, { type: 'relay', origin: 3, vote })).toEqual([]);
    }
    expect(outline(probe.relay(2, 3, voteFor(1)))).toEqual(['go-on']);
  });

  it('seals its own vote, and relays that of another with its seal', () => {
    const probe = Probe.started();
    const [effect] = probe.own(voteFor(1));
    const sealed = sealedBy(1, voteFor(1, { direct: 0b110 }));
    expect(effect).toMatchObject({ message: { type: 'vote', vote: sealed } });
    probe.vote(3, voteFor(1));
    const [relay] = probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 });
    expect(relay).toMatchObject({ message: { vote: sealedBy(3, voteFor(1)) } });
  });

  it('takes no vote that its sender did not seal, and relays none (R1)', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    for (const vote of [voteFor(1), sealedBy(2, voteFor(1)), wrongVote(1)]) {
      expect(probe.from(3, { type: 'vote', vote })).toEqual([]);
    }
    // Not even as one that is asked for: it has not come.
    expect(probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 })).toEqual([]);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['relay to 2', 'go-on']);
  });

  it('takes none from its origin either, said again and badly sealed', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    const unsealed = { type: 'relay', origin: 3, vote: voteFor(1) } as const;
    expect(probe.from(3, unsealed)).toEqual([]);
    expect(outline(probe.relay(3, 3, voteFor(1)))).toEqual(['go-on']);
  });

  it('takes neither early votes nor early relays without a seal', () => {
    for (const early of [
      { type: 'relay', origin: 3, vote: voteFor(2) },
      { type: 'vote', vote: voteFor(2) },
    ] as const) {
      const probe = Probe.started();
      expect(probe.from(3, early)).toEqual([]);
      probe.agree(1);
      probe.own(voteFor(2));
      expect(probe.vote(2, voteFor(2))).toEqual([]);
      expect(outline(probe.vote(3, voteFor(2)))).toEqual(['go-on']);
    }
  });

  it('holds a link for dead on which a vote for k-1 came without its seal', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.relay(2, 3, voteFor(1));
    expect(probe.from(3, { type: 'vote', vote: voteFor(1) })).toEqual([]);
    const [sent] = probe.own(voteFor(2));
    expect(sent).toMatchObject({ message: { vote: { direct: 0b010 } } });
  });

  it('seals its own vote whatever it holds as its seal', () => {
    const [effect] = Probe.started().own(voteFor(1, { seal: 5 }));
    const sealed = sealedBy(1, voteFor(1, { direct: 0b110 }));
    expect(effect).toMatchObject({ message: { vote: sealed } });
  });

  it('holds a relayed vote until the own one is there', () => {
    const probe = Probe.started();
    probe.vote(2, voteFor(1));
    probe.relay(2, 3, voteFor(1));
    expect(outline(probe.own(voteFor(1)))).toEqual(['vote to 2', 'vote to 3', 'go-on']);
  });

  it('forgets a held relayed vote that differs, and takes the direct one', () => {
    const probe = Probe.started();
    probe.vote(2, voteFor(1));
    probe.relay(2, 3, wrongVote(1));
    expect(outline(probe.own(voteFor(1)))).toEqual(['vote to 2', 'vote to 3']);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('says in its next vote whose came directly', () => {
    const probe = Probe.started();
    probe.vote(2, voteFor(1));
    probe.relay(2, 3, voteFor(1));
    probe.own(voteFor(1));
    const [sent] = probe.own(voteFor(2));
    expect(sent).toMatchObject({ message: { vote: { direct: 0b010 } } });
  });

  it('reports a link as suspect one rendezvous later, unless the vote was only slower', () => {
    const probe = Probe.started();
    probe.vote(2, voteFor(1));
    probe.relay(2, 3, voteFor(1));
    probe.own(voteFor(1));
    expect(probe.agree(2)).toContainEqual({ type: 'link-suspect', peer: 3, k: 1 });
    probe.vote(2, voteFor(3));
    probe.relay(2, 3, voteFor(3));
    probe.own(voteFor(3));
    probe.vote(3, voteFor(3));
    expect(outline(probe.agree(4))).not.toContain('link-suspect');
  });
});

describe('messages of another stream', () => {
  it('are of no account: a relay is not held, an ask and a view are not answered', () => {
    const probe = Probe.started();
    probe.agree(1);
    const ask = { type: 'ask', stream: 4, k: 1, missing: 0b100 } as const;
    expect(probe.from(2, ask)).toEqual([]);
    const view = { ...viewOf(1, { 2: voteFor(1) }), stream: 4 };
    expect(probe.from(2, view)).toEqual([]);
    probe.relay(2, 3, voteFor(2, { stream: 4 }));
    probe.relay(2, 3, voteFor(2));
    probe.vote(2, voteFor(2));
    expect(outline(probe.own(voteFor(2)))).toContain('go-on');
  });
});

describe('links that ended', () => {
  it('are asked nothing', () => {
    const probe = Probe.started({ detect: 'timeout-only' });
    probe.closed(3);
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    expect(outline(probe.waitForTimer())).toEqual(['ask to 2']);
  });

  it('are suspected since their end, or since DOWN if that came first', () => {
    const since = (happen: (probe: Probe) => unknown): unknown => {
      const probe = Probe.started();
      happen(probe.at(5));
      probe.at(9).closed(3);
      probe.at(20).own(voteFor(1));
      probe.vote(2, voteFor(1));
      return probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }))[0];
    };
    expect(since(() => undefined)).toMatchObject({ type: 'flag', tFirstSuspicionNs: 9 });
    const down = since((probe) => probe.from(3, { type: 'down', reason: 'signal 9' }));
    expect(down).toMatchObject({ type: 'flag', tFirstSuspicionNs: 5 });
  });

  it('are suspected in the next rendezvous since the first sign, too', () => {
    const probe = Probe.started();
    probe.vote(3, voteFor(1));
    probe.at(5).from(3, { type: 'down', reason: 'signal 9' });
    probe.at(9).closed(3);
    probe.agree(1);
    probe.own(voteFor(2));
    probe.vote(2, voteFor(2));
    const [flag] = probe.from(2, viewOf(2, { 1: voteFor(2), 2: voteFor(2) }));
    expect(flag).toMatchObject({ type: 'flag', tFirstSuspicionNs: 5 });
  });
});

describe('R5, closing', () => {
  it('makes what is open missing at T and sends its view to the members', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.waitForTimer();
    const [view] = probe.waitForTimer();
    expect(probe.nowNs).toBe(T);
    expect(view).toMatchObject({
      to: 2,
      message: { type: 'view', k: 1, entries: [{}, {}, { replica: 3, state: 'missing' }] },
    });
  });

  it('never makes the own entry missing: the table stays open while it is', () => {
    const probe = Probe.started();
    probe.vote(2, voteFor(1));
    probe.vote(3, voteFor(1));
    expect(probe.deadlineNs).toBe(Infinity);
    probe.at(20 * T);
    expect(probe.handle({ type: 'timer' })).toEqual([]);
    expect(outline(probe.own(voteFor(1)))).toContain('go-on');
  });

  it('freezes: a vote that comes after T changes nothing', () => {
    const probe = missing3();
    expect(probe.vote(3, voteFor(1))).toEqual([]);
    const effects = probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }));
    expect(outline(effects)).toEqual(['flag', 'close-link', 'go-on']);
  });

  it('fences at once when the links to all members ended, also while its replica runs', () => {
    const probe = Probe.started();
    probe.closed(2);
    expect(outline(probe.closed(3))).toEqual(['fence']);
    expect(probe.own(voteFor(1))).toEqual([]);
  });

  it('does not take links that ended after DONE for a cut', () => {
    const probe = Probe.started();
    probe.from(2, { type: 'done' });
    probe.closed(2);
    expect(probe.closed(3)).toEqual([]);
  });
});

describe('R6, deciding', () => {
  it('dates the second arrival by an early vote when that came second', () => {
    const probe = Probe.started();
    probe.at(1).own(voteFor(1));
    probe.at(2).vote(2, voteFor(1));
    probe.at(3).vote(2, voteFor(2));
    probe.at(4).vote(3, wrongVote(2));
    probe.at(5).vote(3, voteFor(1));
    probe.at(90).own(voteFor(2));
    const effects = probe.from(2, viewOf(2, { 1: voteFor(2), 2: voteFor(2), 3: wrongVote(2) }));
    expect(effects).toContainEqual(expect.objectContaining({ type: 'flag', tSecondArrivalNs: 5 }));
  });

  it('agrees on the inputs of a vote that was vouched for, as those do who had it', () => {
    const clock = (elapsedNs: number) => voteFor(1, { inputs: { elapsedNs, marks: 0 } });
    const probe = Probe.started();
    probe.own(clock(10));
    probe.vote(2, clock(30));
    // The ask, and the time-out.
    for (let timers = 0; timers < 2; timers += 1) probe.waitForTimer();
    expect(probe.deadlineNs).toBeGreaterThan(T);
    const effects = probe.from(2, viewOf(1, { 1: clock(10), 2: clock(30), 3: clock(20) }));
    expect(effects.at(-1)).toMatchObject({ type: 'go-on', inputs: { elapsedNs: 20 } });
  });

  it('names the link of a vote that was vouched for against the one that came', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(3, wrongVote(1));
    const view = viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) });
    expect(outline(probe.from(2, view))).toEqual(['go-on']);
    expect(probe.agree(2)).toContainEqual({ type: 'link-suspect', peer: 3, k: 1 });
  });

  it('flags who is bad in both views, with mechanism and times, and goes on without it', () => {
    const probe = Probe.started();
    probe.at(10).own(voteFor(1));
    probe.at(20).vote(3, wrongVote(1));
    probe.at(30).vote(2, voteFor(1));
    const view = viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: wrongVote(1) });
    const effects = probe.at(40).from(2, view);
    expect(effects).toMatchObject([
      {
        type: 'flag',
        accused: 3,
        k: 1,
        mechanism: 'signature',
        tFirstSuspicionNs: 20,
        tSecondArrivalNs: 20,
      },
      { type: 'close-link', peer: 3 },
      { type: 'go-on', k: 1, members: [1, 2] },
    ]);
    expect(outline(probe.own(voteFor(2)))).toEqual(['vote to 2']);
    expect(outline(probe.vote(2, voteFor(2)))).toEqual(['go-on']);
  });

  it('takes a vote that the good peer vouches for, and flags nobody', () => {
    const probe = missing3();
    const view = viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) });
    expect(outline(probe.from(2, view))).toEqual(['go-on']);
    expect(probe.agree(2)).toContainEqual({ type: 'link-suspect', peer: 3, k: 1 });
  });

  it('uses a view of the good peer that came before its own table was closed', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(3, wrongVote(1));
    probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: wrongVote(1) }));
    const effects = outline(probe.vote(2, voteFor(1)));
    expect(effects).toEqual(['view to 2', 'view to 3', 'flag', 'close-link', 'go-on']);
  });

  it('keeps the first view of a peer', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(3, wrongVote(1));
    probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: wrongVote(1) }));
    probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) }));
    expect(outline(probe.vote(2, voteFor(1)))).toContain('flag');
  });

  it('fences when the view of the good peer contradicts its vote', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(3, wrongVote(1));
    const effects = probe.from(2, viewOf(1, { 2: wrongVote(1), 3: wrongVote(1) }));
    expect(effects).toMatchObject([
      { type: 'fence', reason: expect.stringContaining('contradicts its vote') },
    ]);
  });

  it('says nothing more after it fenced', () => {
    const probe = Probe.started();
    probe.own(wrongVote(1));
    probe.vote(2, voteFor(1));
    probe.vote(3, voteFor(1));
    expect(probe.from(2, { type: 'ping' })).toEqual([]);
    expect(probe.deadlineNs).toBe(Infinity);
  });

  it('waits for the view of the good peer only, never for that of the accused', () => {
    const probe = missing3();
    const accused = viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) });
    expect(probe.from(3, accused)).toEqual([]);
    expect(probe.deadlineNs).toBe(T + patience);
  });

  it('fences when no view of the good peer comes, or its link ends first', () => {
    const late = missing3();
    expect(outline(late.waitForTimer())).toEqual(['fence']);
    const ended = missing3();
    expect(outline(ended.closed(2))).toEqual(['fence']);
  });

  it('fences at once when both peers hold equal votes against it', () => {
    const probe = Probe.started();
    probe.own(wrongVote(1));
    probe.vote(2, voteFor(1));
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['view to 2', 'view to 3', 'fence']);
  });

  it('fences only after T + 2d + a tick when both peers are bad in different ways', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, wrongVote(1));
    expect(outline(probe.vote(3, voteFor(1, { sigHi: 5 })))).toEqual(['view to 2', 'view to 3']);
    expect(outline(probe.waitForTimer())).toEqual(['fence']);
    expect(probe.nowNs).toBe(patience);
  });

  it('lets a dispute expire in a timer event only: what is in the socket is read first', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, wrongVote(1));
    probe.vote(3, voteFor(1, { sigHi: 5 }));
    probe.at(9 * T);
    expect(probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }))).toEqual([]);
    expect(outline(probe.handle({ type: 'timer' }))).toEqual(['fence']);
  });

  it('names the mechanism: call number, time-out, end of the connection, dead replica', () => {
    const mechanisms = [
      accuse3((probe) => probe.vote(3, voteFor(1, { call: 2 }))),
      accuse3((probe) => {
        probe.waitForTimer();
        probe.waitForTimer();
      }),
      accuse3((probe) => probe.closed(3)),
      accuse3((probe) => probe.from(3, { type: 'down', reason: 'signal 9' })),
    ];
    expect(mechanisms).toEqual(['call-number', 'time-out', 'connection-closed', 'replica-dead']);
  });

  it('stops the session when one of two members is bad', () => {
    const probe = Probe.started({ replicas: 2 });
    probe.own(voteFor(1));
    expect(probe.vote(2, wrongVote(1))).toMatchObject([
      { type: 'stop', reason: 'no majority of two at rendezvous 1: replica 2 (signature)' },
    ]);
  });

  it('gives up nothing for a vote that two members lost: the other repeats its own', () => {
    const probe = Probe.started({ replicas: 2 });
    probe.own(voteFor(1));
    expect(outline(probe.waitForTimer())).toEqual(['ask to 2']);
    expect(outline(probe.relay(2, 2, voteFor(1)))).toEqual(['go-on']);
  });
});

describe('R7, views', () => {
  it('answers a view for k only when its own table is closed', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    expect(probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }))).toEqual([]);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['view to 2', 'go-on']);
  });

  it('answers a view for k-1 from the history, once', () => {
    const probe = Probe.started();
    probe.agree(1);
    const view = viewOf(1, { 2: voteFor(1), 1: voteFor(1) });
    expect(outline(probe.from(2, view))).toEqual(['view to 2']);
    expect(probe.from(2, view)).toEqual([]);
  });

  it('does not answer a view for k-1 when its own was sent in the dispute', () => {
    const probe = missing3();
    const all = { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) };
    expect(outline(probe.from(2, viewOf(1, all)))).toEqual(['go-on']);
    expect(probe.from(3, viewOf(1, all))).toEqual([]);
  });

  it('fences when two views for one rendezvous hold it bad', () => {
    const probe = Probe.started();
    probe.from(2, viewOf(1, { 2: voteFor(1), 3: voteFor(1) }));
    expect(outline(probe.from(3, viewOf(1, { 2: voteFor(1), 3: voteFor(1) })))).toEqual(['fence']);
  });

  it('does not count a view in which its sender has no vote of its own', () => {
    const probe = Probe.started();
    probe.from(2, viewOf(1, { 3: voteFor(1) }));
    expect(probe.from(3, viewOf(1, { 2: voteFor(1) }))).toEqual([]);
  });

  it('does not count views for different rendezvous together', () => {
    const probe = Probe.started();
    probe.from(2, viewOf(1, { 2: voteFor(1), 3: voteFor(1) }));
    expect(probe.from(3, viewOf(2, { 2: voteFor(2), 3: voteFor(2) }))).toEqual([]);
  });
});

/** Tracer 1 at T: 2 is good, 3 missing; its view is out. */
const missing3 = (): Probe => {
  const probe = Probe.started();
  probe.own(voteFor(1));
  probe.vote(2, voteFor(1));
  probe.waitForTimer();
  probe.waitForTimer();
  return probe;
};

/** The mechanism of the flag that follows when 2 does not hold a good vote of 3 either. */
const accuse3 = (happen: (probe: Probe) => unknown): unknown => {
  const probe = Probe.started();
  probe.own(voteFor(1));
  probe.vote(2, voteFor(1));
  happen(probe);
  const effects = probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }));
  return effects.flatMap((effect) => (effect.type === 'flag' ? [effect.mechanism] : []))[0];
};
