import { describe, expect, it } from 'vitest';
import { createCore } from './create-core.ts';
import { Probe, outline, probeOptions, viewOf, voteFor, wrongVote } from './sim/probe.ts';

const T = 1600;
const patience = T + 2 * 100 + 50;

describe('createCore', () => {
  it('refuses options out of range by name', () => {
    expect(() => createCore(probeOptions({ replicas: 8 }))).toThrow('replicas from 1 to 7');
    expect(() => createCore(probeOptions({ self: 4 }))).toThrow('self from 1 to 3');
    expect(() => createCore(probeOptions({ timeoutNs: 0 }))).toThrow('timeoutNs above 0');
    expect(() => createCore(probeOptions({ askDelayNs: NaN }))).toThrow('askDelayNs above 0');
  });

  it('refuses seal keys that cannot be right', () => {
    const { sealKeys } = probeOptions();
    const [, second = 0, third = 0] = sealKeys.moduli;
    const fewer = { ...sealKeys, moduli: sealKeys.moduli.slice(0, 2) };
    expect(() => createCore(probeOptions({ sealKeys: fewer }))).toThrow('a modulus from 2^49');
    const small = { own: [5, 11] as const, moduli: [55, second, third] };
    expect(() => createCore(probeOptions({ sealKeys: small }))).toThrow('a modulus from 2^49');
    const others = { ...sealKeys, own: [30_038_531, 30_872_669] as const };
    expect(() => createCore(probeOptions({ sealKeys: others }))).toThrow(
      'the modulus of replica 1',
    );
  });

  it('waits for nothing before its first event', () => {
    expect(createCore(probeOptions()).nextDeadlineNs()).toBe(Infinity);
  });

  it('reuses the array that it returns', () => {
    const core = createCore(probeOptions());
    const first = core.handle({ type: 'timer' }, 0);
    expect(core.handle({ type: 'own-vote', vote: voteFor(0) }, 1)).toBe(first);
  });
});

describe('R0, the start', () => {
  it('runs no time-out at rendezvous 0', () => {
    const probe = new Probe();
    probe.own(voteFor(0));
    probe.vote(2, voteFor(0));
    probe.waitForTimer();
    expect(probe.deadlineNs).toBe(30 * T);
    probe.at(29 * T).handle({ type: 'timer' });
    expect(outline(probe.vote(3, voteFor(0)))).toEqual(['go-on']);
  });

  it('stops with nobody flagged when not all agree within the start time-out', () => {
    const probe = new Probe();
    probe.at(1000).handle({ type: 'timer' });
    probe.own(voteFor(0));
    probe.at(1000 + 30 * T);
    const [stop] = probe.handle({ type: 'timer' });
    expect(stop).toMatchObject({ type: 'stop' });
    expect(JSON.stringify(stop)).toContain('start: not all of 3 replicas');
  });

  it('stops with nobody flagged when the others agree that one differs', () => {
    const probe = new Probe();
    probe.own(voteFor(0));
    probe.vote(2, voteFor(0));
    probe.vote(3, wrongVote(0));
    const effects = probe.from(2, viewOf(0, { 1: voteFor(0), 2: voteFor(0), 3: wrongVote(0) }));
    expect(effects).toMatchObject([
      { type: 'stop', reason: expect.stringContaining('start: replica 3 (signature)') },
    ]);
  });

  it('starts when only a link spoilt the vote: the good peer vouches for it', () => {
    const probe = new Probe();
    probe.own(voteFor(0));
    probe.vote(2, voteFor(0));
    probe.vote(3, wrongVote(0));
    const effects = probe.from(2, viewOf(0, { 1: voteFor(0), 2: voteFor(0), 3: voteFor(0) }));
    expect(outline(effects)).toEqual(['go-on']);
  });

  it('stops instead of fencing when this replica is the one that differs', () => {
    const probe = new Probe();
    probe.own(wrongVote(0));
    probe.vote(2, voteFor(0));
    expect(outline(probe.vote(3, voteFor(0)))).toEqual(['view to 2', 'view to 3', 'stop']);
  });
});

describe('one replica', () => {
  it('goes on at once with its own inputs, and ends at once', () => {
    const probe = new Probe({ replicas: 1 });
    const inputs = { elapsedNs: 5, marks: 4 };
    expect(probe.own(voteFor(0, { inputs }))).toEqual([
      { type: 'go-on', k: 0, inputs, members: [1] },
    ]);
    expect(probe.handle({ type: 'end' })).toEqual([{ type: 'ended' }]);
  });
});

describe('R10, the end', () => {
  it('says DONE and stays until both peers are done or gone', () => {
    const probe = Probe.started();
    expect(outline(probe.handle({ type: 'end' }))).toEqual(['done to 2', 'done to 3']);
    expect(probe.from(2, { type: 'done' })).toEqual([]);
    expect(outline(probe.closed(3))).toEqual(['ended']);
    expect(probe.deadlineNs).toBe(Infinity);
  });

  it('answers asks and views from its history while it stays', () => {
    const probe = Probe.started();
    probe.agree(1);
    probe.handle({ type: 'end' });
    const ask = { type: 'ask', stream: 0, k: 1, missing: 0b100 } as const;
    expect(outline(probe.from(2, ask))).toEqual(['relay to 2']);
    const view = viewOf(1, { 1: voteFor(1), 2: voteFor(1) });
    expect(outline(probe.from(2, view))).toEqual(['view to 2']);
  });

  it('leaves after T + 2d + a tick at the latest', () => {
    const probe = Probe.started();
    probe.at(100).handle({ type: 'end' });
    expect(outline(probe.waitForTimer())).toEqual(['ended']);
    expect(probe.nowNs).toBe(100 + patience);
  });

  it('counts a DONE that came before its own end', () => {
    const probe = Probe.started();
    probe.from(2, { type: 'done' });
    probe.from(3, { type: 'done' });
    expect(outline(probe.handle({ type: 'end' }))).toEqual(['done to 2', 'done to 3', 'ended']);
  });

  it('is said once; a second one is an error of the caller', () => {
    const probe = Probe.started();
    probe.handle({ type: 'end' });
    expect(() => probe.handle({ type: 'end' })).toThrow('one end');
  });
});

describe('R16, a replica that ends without a rendezvous', () => {
  it('is told to the peers, and its tracer fences', () => {
    const probe = Probe.started();
    const effects = probe.handle({ type: 'replica-dead', reason: 'signal 9' });
    expect(outline(effects)).toEqual(['down to 2', 'down to 3', 'fence']);
  });

  it('stays OPEN until T under timeout-only, whatever DOWN and closed links say', () => {
    const probe = Probe.started({ detect: 'timeout-only' });
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.from(3, { type: 'down', reason: 'signal 9' });
    expect(probe.closed(3)).toEqual([]);
    probe.waitForTimer();
    expect(outline(probe.waitForTimer())).toEqual(['view to 2']);
    const [flag] = probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1) }));
    expect(flag).toMatchObject({ type: 'flag', mechanism: 'time-out' });
  });

  it('stops a session of two at the end of the link, under timeout-only at T', () => {
    const any = Probe.started({ replicas: 2 });
    expect(outline(any.closed(2))).toEqual(['stop']);
    const patient = Probe.started({ replicas: 2, detect: 'timeout-only' });
    expect(patient.closed(2)).toEqual([]);
    patient.own(voteFor(1));
    patient.waitForTimer();
    expect(outline(patient.waitForTimer())).toEqual(['stop']);
    expect(patient.nowNs).toBe(T);
  });
});

describe('R18, suspension', () => {
  it('starts the wait for an answer again, too', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.waitForTimer();
    probe.handle({ type: 'suspend' });
    probe.at(50_000).handle({ type: 'resume' });
    expect(probe.deadlineNs).toBe(50_000 + T);
    expect(outline(probe.waitForTimer())).toEqual(['ping to 2', 'ping to 3']);
  });

  it('stops the timers and starts them again from zero', () => {
    const probe = Probe.started();
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.waitForTimer();
    probe.at(1000).handle({ type: 'suspend' });
    expect(probe.deadlineNs).toBe(Infinity);
    probe.at(50_000);
    expect(probe.handle({ type: 'timer' })).toEqual([]);
    probe.handle({ type: 'resume' });
    expect(probe.deadlineNs).toBe(50_000 + T);
    expect(outline(probe.vote(3, voteFor(1)))).toEqual(['go-on']);
  });

  it('starts every kind of wait again: alone, in dispute, at the start, at the end', () => {
    const pauseAt = (probe: Probe): number => {
      probe.handle({ type: 'suspend' });
      probe.at(50_000).handle({ type: 'resume' });
      return probe.deadlineNs - 50_000;
    };
    const alone = Probe.started();
    alone.own(voteFor(1));
    expect(pauseAt(alone)).toBe(T);
    const disputing = Probe.started();
    disputing.own(voteFor(1));
    disputing.vote(2, wrongVote(1));
    disputing.vote(3, voteFor(1));
    expect(pauseAt(disputing)).toBe(patience);
    const starting = new Probe();
    starting.at(1000).handle({ type: 'timer' });
    expect(pauseAt(starting)).toBe(30 * T);
    const ending = Probe.started();
    ending.handle({ type: 'end' });
    expect(pauseAt(ending)).toBe(patience);
  });

  it('delivers a signal in the first rendezvous in which two replicas mark it', () => {
    const probe = Probe.started();
    const marked = (k: number, marks: number) => voteFor(k, { inputs: { elapsedNs: k, marks } });
    probe.vote(2, marked(1, 0b10));
    probe.vote(3, marked(1, 0));
    expect(probe.own(marked(1, 0)).at(-1)).toMatchObject({ inputs: { marks: 0 } });
    probe.vote(2, marked(2, 0b11));
    probe.vote(3, marked(2, 0b10));
    expect(probe.own(marked(2, 0b100)).at(-1)).toMatchObject({ inputs: { marks: 0b10 } });
  });
});

describe('R8, agreed clocks', () => {
  const elapsed = (k: number, elapsedNs: number) => voteFor(k, { inputs: { elapsedNs, marks: 0 } });

  it('are the median of three, and of two the smaller', () => {
    const probe = Probe.started();
    probe.vote(2, elapsed(1, 300));
    probe.vote(3, elapsed(1, 100));
    expect(probe.own(elapsed(1, 200)).at(-1)).toMatchObject({ inputs: { elapsedNs: 200 } });
    const duplex = Probe.started({ replicas: 2 });
    duplex.vote(2, elapsed(1, 300));
    expect(duplex.own(elapsed(1, 200)).at(-1)).toMatchObject({ inputs: { elapsedNs: 200 } });
  });

  it('never run backwards, also when the member whose clock was the median is gone', () => {
    const probe = Probe.started();
    probe.vote(2, elapsed(1, 300));
    probe.vote(3, elapsed(1, 200));
    probe.own(elapsed(1, 100));
    probe.vote(2, elapsed(2, 310));
    probe.own(elapsed(2, 110));
    probe.closed(3);
    const effects = probe.from(2, viewOf(2, { 1: elapsed(2, 110), 2: elapsed(2, 310) }));
    expect(effects.at(-1)).toMatchObject({ inputs: { elapsedNs: 200 }, members: [1, 2] });
  });
});
