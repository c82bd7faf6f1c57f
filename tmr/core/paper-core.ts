/**
 * The policy `paper`, our reading of it (protocol.md 3b): each tracer judges by itself, from its
 * own table alone. No asks, relays, views, pings; nothing is vouched for.
 */
import { Stream } from './stream.ts';
import { bit, bitCount, sameVote } from './vote.ts';

export class PaperStream extends Stream {
  /**
   * (ii): exactly one bad: flag it and go on; both bad and equal: this is the odd one; both bad
   * otherwise: stop. Two members: anything bad ends the session, as under `agreed`.
   */
  protected override judge(): void {
    const { members, session } = this;
    const bad = this.badMask();
    const { k } = this.current;
    if (bad === 0) {
      this.goOn();
    } else if (k === 0) {
      this.notStarted(bad);
    } else if (members.count === 2) {
      session.stop(`no majority of two at rendezvous ${k}: ${this.describe(bad)}`);
    } else if (members.count - bitCount(bad) >= members.majority) {
      for (const peer of members.peers) {
        if ((bad & bit(peer)) !== 0) this.flag(peer);
      }
      this.goOn();
    } else if (this.#badOnesAreEqual(bad)) {
      session.fence(`the odd one at rendezvous ${k}: the others' votes are equal`);
    } else {
      session.fence(`no vote equal to the own at rendezvous ${k}: ${this.describe(bad)}`);
    }
  }

  protected override policyTimer(): void {}

  protected override policyDeadlineNs(): number {
    return Infinity;
  }

  protected override firstArrival(): void {}

  protected override acceptHeld(): void {}

  #badOnesAreEqual(bad: number): boolean {
    const entries = this.members.peers
      .filter((peer) => (bad & bit(peer)) !== 0)
      .map((peer) => this.current.at(peer));
    const [first] = entries;
    return (
      first !== undefined &&
      entries.every((entry) => entry.state === 'vote' && sameVote(entry.vote, first.vote))
    );
  }
}
