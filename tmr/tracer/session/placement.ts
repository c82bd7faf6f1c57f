/**
 * Where tracer and replica run: together on one core, for a stop across cores costs several times
 * more (research/performance.md 0). When replicas outnumber the cores, the pairs change places, or
 * two of three compute-bound replicas would share a core for good.
 */
import * as native from 'ptrace-napi';

export type Placement = 'pair' | 'rotate' | 'none';

const ROTATION_NS = 20e6;

export class Placer {
  readonly placement: Placement;
  readonly #replica: number;
  readonly #replicas: number;
  readonly #cpus: readonly number[];
  #current = -1;

  constructor(options: {
    policy: 'auto' | Placement;
    replica: number;
    replicas: number;
    cpus: readonly number[];
  }) {
    this.#replica = options.replica;
    this.#replicas = options.replicas;
    this.#cpus = options.cpus;
    const automatic = options.replicas > options.cpus.length ? 'rotate' : 'pair';
    this.placement = options.policy === 'auto' ? automatic : options.policy;
  }

  /** Longest time between two calls of `place` that rotation allows, ns. */
  get periodNs(): number {
    return this.placement === 'rotate' ? ROTATION_NS : Infinity;
  }

  /** CPUs of a replica about to be spawned. */
  cpus(): readonly number[] {
    return this.placement === 'none' ? this.#cpus : [this.#cpuAt(native.monotonicNs())];
  }

  /** Moves tracer and replica to where they should be now. `pid` 0: there is no replica yet. */
  place(pid: number): void {
    if (this.placement === 'none') return;
    const cpu = this.#cpuAt(native.monotonicNs());
    if (cpu === this.#current) return;
    this.#current = cpu;
    native.setAffinity(0, [cpu]);
    if (pid !== 0) native.setAffinity(pid, [cpu]);
  }

  /** Gives the tracer all its CPUs back, for the time between sessions. */
  release(): void {
    if (this.placement !== 'none') native.setAffinity(0, this.#cpus);
  }

  /** All tracers of one machine read the same clock, so their turns agree without a word. */
  #cpuAt(nowNs: number): number {
    const turn = this.placement === 'rotate' ? Math.floor(nowNs / ROTATION_NS) : 0;
    const place = (this.#replica - 1 + turn) % this.#replicas;
    return this.#cpus[place % this.#cpus.length] as number;
  }
}
