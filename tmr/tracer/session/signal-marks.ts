/**
 * Which signals a vote marks (R18). A mark stays in every vote until the signal is delivered, or two
 * marks might never meet in one rendezvous; an announcement that comes after the delivery it belongs
 * to marks nothing.
 */
const SIGNALS = 32;

export class SignalMarks {
  readonly #announced = new Uint32Array(SIGNALS + 1);
  readonly #delivered = new Uint32Array(SIGNALS + 1);
  /** Bit s-1 set: signal s waits for delivery. */
  marks = 0;

  announced(signal: number): void {
    this.#count(this.#announced, signal);
  }

  /** `agreed`: the marks that the members' votes agreed on at this rendezvous. */
  delivered(agreed: number): void {
    if (agreed === 0) return;
    for (let signal = 1; signal <= SIGNALS; signal++) {
      if ((agreed & (1 << (signal - 1))) !== 0) this.#count(this.#delivered, signal);
    }
  }

  #count(counts: Uint32Array, signal: number): void {
    counts[signal] = (counts[signal] ?? 0) + 1;
    const waiting = (this.#announced[signal] ?? 0) > (this.#delivered[signal] ?? 0);
    const bit = 1 << (signal - 1);
    this.marks = (waiting ? this.marks | bit : this.marks & ~bit) >>> 0;
  }
}
