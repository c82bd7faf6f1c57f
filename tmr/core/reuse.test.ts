/** Tables are reused for every third rendezvous: nothing of the old one may be left in them. */
import { describe, expect, it } from 'vitest';
import { Probe, outline, viewOf, voteFor, wrongVote } from './sim/probe.ts';

const T = 1600;

/** Through rendezvous 1 to `last`, in all of which everybody agrees. */
const through = (probe: Probe, last: number): Probe => {
  for (let k = 2; k <= last; k += 1) probe.agree(k);
  return probe;
};

describe('a table that is used again', () => {
  it('has forgotten a relayed vote that was held and not needed', () => {
    const probe = Probe.started();
    probe.relay(2, 3, voteFor(1));
    probe.vote(2, voteFor(1));
    probe.vote(3, voteFor(1));
    probe.own(voteFor(1));
    through(probe, 3);
    probe.vote(2, voteFor(4));
    probe.relay(2, 3, voteFor(4));
    expect(outline(probe.own(voteFor(4)))).toContain('go-on');
  });

  it('has forgotten whose votes came directly', () => {
    const probe = Probe.started();
    probe.agree(1);
    through(probe, 3);
    probe.vote(2, voteFor(4));
    probe.relay(2, 3, voteFor(4));
    probe.own(voteFor(4));
    expect(probe.own(voteFor(5))[0]).toMatchObject({ message: { vote: { direct: 0b010 } } });
  });

  it('has forgotten its second arrival and its time-out', () => {
    const probe = Probe.started();
    probe.at(10).agree(1);
    through(probe, 3);
    probe.at(5000).own(voteFor(4));
    probe.at(5100).vote(3, wrongVote(4));
    probe.at(5200).vote(2, voteFor(4));
    const view = viewOf(4, { 1: voteFor(4), 2: voteFor(4), 3: wrongVote(4) });
    expect(probe.from(2, view)[0]).toMatchObject({
      tFirstSuspicionNs: 5100,
      tSecondArrivalNs: 5100,
    });
  });

  it('has forgotten who asked', () => {
    const probe = Probe.started();
    probe.from(2, { type: 'ask', stream: 0, k: 1, missing: 0b100 });
    probe.own(voteFor(1));
    probe.vote(2, voteFor(1));
    probe.waitForTimer();
    probe.waitForTimer();
    // Vouched for, so never relayed; then the end of relay mode.
    probe.from(2, viewOf(1, { 1: voteFor(1), 2: voteFor(1), 3: voteFor(1) }));
    probe.vote(2, voteFor(2, { direct: 0b101 }));
    probe.vote(3, voteFor(2));
    probe.own(voteFor(2));
    probe.agree(3);
    expect(outline(probe.vote(3, voteFor(4)))).toEqual([]);
  });

  it('has forgotten a view, and whom it was shown to', () => {
    const probe = Probe.started();
    probe.agree(1);
    const shown = (k: number) => viewOf(k, { 1: voteFor(k), 2: voteFor(k) });
    expect(outline(probe.from(2, shown(1)))).toEqual(['view to 2']);
    through(probe, 4);
    expect(outline(probe.from(2, shown(4)))).toEqual(['view to 2']);
  });

  it('asks again, disputes again, and waits alone again', () => {
    const probe = Probe.started();
    const disputeOver3 = (k: number): string[] => {
      probe.own(voteFor(k));
      probe.vote(2, voteFor(k));
      const asked = outline(probe.waitForTimer());
      const closed = outline(probe.waitForTimer());
      probe.from(2, viewOf(k, { 1: voteFor(k), 2: voteFor(k), 3: voteFor(k) }));
      return [...asked, ...closed];
    };
    const first = disputeOver3(1);
    expect(first).toEqual(['ask to 2', 'ask to 3', 'view to 2', 'view to 3']);
    for (let k = 2; k <= 4; k += 1) expect(disputeOver3(k)).toEqual(first);
  });

  it('waits alone for the whole time-out again', () => {
    const probe = Probe.started();
    for (let k = 1; k <= 5; k += 1) {
      const startNs = probe.nowNs + 10;
      probe.at(startNs).own(voteFor(k));
      expect(probe.deadlineNs).toBe(startNs + T);
      expect(outline(probe.waitForTimer())).toEqual(['ping to 2', 'ping to 3']);
      probe.vote(2, voteFor(k));
      probe.vote(3, voteFor(k));
    }
  });
});
