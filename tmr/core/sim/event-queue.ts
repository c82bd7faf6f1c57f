/** A binary heap of things to do, ordered by time, then priority, then order of insertion. */

/** At one instant messages come before arrivals and arrivals before timers: read, then accuse. */
export const priority = { message: 0, arrival: 1, timer: 2 } as const;

export interface SimEvent {
  atNs: number;
  priority: number;
  /** Order of insertion; kept when an event is put off. */
  sequence: number;
  run: () => void;
  /** The tracer that has to be running for it; undefined: nobody. */
  host: number | undefined;
}

export class EventQueue {
  readonly #heap: SimEvent[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(event: Omit<SimEvent, 'sequence'> & { sequence?: number }): void {
    const sequence = event.sequence ?? (this.#sequence += 1);
    const heap = this.#heap;
    heap.push({ ...event, sequence });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && this.#before(child, least)) least = child;
      }
      if (least === parent) return first;
      this.#swap(least, parent);
      parent = least;
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a];
    const y = this.#heap[b];
    if (x === undefined || y === undefined) return false;
    return (x.atNs - y.atNs || x.priority - y.priority || x.sequence - y.sequence) < 0;
  }

  #swap(a: number, b: number): void {
    const x = this.#heap[a];
    const y = this.#heap[b];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
