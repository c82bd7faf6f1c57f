/**
 * A signal of the user's on its way to the program (R18): the tracers say what their replica would
 * do with it. On the default disposition the session ends at once; otherwise it is the program's
 * business, delivered at an agreed rendezvous. A second Ctrl-C kills unconditionally.
 */
import type { ReplicaId } from '../core/types.ts';
import type { ReplicaLink } from './session-types.ts';

const SIGINT = 2;

export interface SignalOutside {
  /** How long to wait for the tracers' word before taking it for the default. */
  graceMs: number;
  live(): readonly { link: ReplicaLink }[];
  /** Calls `due` after `ms`; returns how to call it off. */
  after(ms: number, due: () => void): () => void;
  interrupt(signal: number): void;
}

export class ForwardedSignal {
  readonly #outside: SignalOutside;
  /** The last one; 0: none. */
  #signal = 0;
  /** Ends the waiting for the tracers' word. */
  #settle: () => void = () => undefined;
  readonly #dispositions = new Map<ReplicaId, string>();

  constructor(outside: SignalOutside) {
    this.#outside = outside;
  }

  raise(signal: number): void {
    if (signal === SIGINT && this.#signal === SIGINT) {
      this.#outside.interrupt(signal);
      return;
    }
    this.#signal = signal;
    this.#settle();
    this.#dispositions.clear();
    for (const { link } of this.#outside.live()) link.send({ type: 'signal', signal });
    this.#settle = this.#outside.after(this.#outside.graceMs, () =>
      this.#outside.interrupt(signal),
    );
  }

  /** A tracer's word; it takes the word of two. */
  answer(replica: ReplicaId, signal: number, disposition: string): void {
    if (signal !== this.#signal) return;
    this.#dispositions.set(replica, disposition);
    const equal = [...this.#dispositions.values()].filter((other) => other === disposition).length;
    if (equal < Math.min(2, this.#outside.live().length)) return;
    this.#settle();
    if (disposition === 'default') this.#outside.interrupt(signal);
  }
}
