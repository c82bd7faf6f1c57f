/**
 * Strikes at a container from outside, when the session process says that the place of the fault is reached.
 * A guard: `end` heals whatever still stands.
 */
import type { FaultEvent, WriteEvent } from './event-log.ts';
import { injectingReplica, type ContainerFault } from './fault-spec.ts';

/** What can be done to tracers' containers and their networks. */
export interface ContainerControl {
  kill(replica: number): Promise<void>;
  pause(replica: number): Promise<void>;
  unpause(replica: number): Promise<void>;
  restart(replica: number): Promise<void>;
  /** Off all networks, and on them again at the same addresses. */
  disconnect(replica: number): Promise<void>;
  reconnect(replica: number): Promise<void>;
  /** The link between two tracers alone. */
  partition(a: number, b: number): Promise<void>;
  heal(a: number, b: number): Promise<void>;
  /** Of one CPU; null: as it was. */
  setCpuPercent(replica: number, percent: number | null): Promise<void>;
  /** Just above what is used now. */
  limitMemory(replica: number): Promise<void>;
  state(replica: number): Promise<ContainerState>;
}

export interface ContainerState {
  running: boolean;
  paused: boolean;
  networks: number;
  /** ISO 8601 of its last start, empty when it is gone. */
  startedAt: string;
  cpuPercent: number | null;
  memoryBytes: number;
}

interface Act {
  strike(): Promise<void>;
  /** Null: what it did cannot be undone. */
  heal: (() => Promise<void>) | null;
  /** Whether the state shows it. */
  shows(before: ContainerState, after: ContainerState): boolean;
}

export class ContainerInjector {
  readonly #fault: ContainerFault;
  readonly #control: ContainerControl;
  readonly #write: WriteEvent;
  readonly #nowNs: () => number;
  readonly #index: number;
  #work: Promise<void> | undefined;
  #endWait: () => void = () => undefined;
  #ending = false;

  /** `nowNs`: CLOCK_MONOTONIC of this machine; `index`: which fault of the trial, from 0. */
  constructor(
    fault: ContainerFault,
    control: ContainerControl,
    write: WriteEvent,
    nowNs: () => number,
    index = 0,
  ) {
    this.#index = index;
    this.#fault = fault;
    this.#control = control;
    this.#write = write;
    this.#nowNs = nowNs;
  }

  /** Strikes once, at the first `reached`. */
  onEvent(event: FaultEvent): void {
    if (
      event.type !== 'reached' ||
      event.fault !== this.#index ||
      this.#work !== undefined ||
      this.#ending
    )
      return;
    this.#work = this.#strike(event.k).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#write({ type: 'failed', ...this.#stamp(event.k), error: text });
    });
  }

  /** Resolves when all is healed. Never rejects. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#endWait();
    await this.#work;
  }

  async #strike(k: number): Promise<void> {
    const replica = this.#replica;
    const act = actOf(this.#fault, this.#control);
    const before = await this.#control.state(replica);
    this.#write({ type: 'injected', ...this.#stamp(k) });
    try {
      await act.strike();
      const struckNs = this.#nowNs();
      const after = await this.#control.state(replica);
      const effective = act.shows(before, after);
      const detail = `${describe(before)} became ${describe(after)}`;
      this.#write({ type: 'effective', ...this.#stamp(k), effective, detail });
      // The target says so itself where it can; a link has nobody who could.
      if (effective && this.#fault.kind === 'link-partition') {
        this.#write({ type: 'activated', ...this.#stamp(k) });
      }
      if ('duration' in this.#fault) {
        await this.#wait(this.#fault.duration - (this.#nowNs() - struckNs) / 1e6);
      }
    } finally {
      // Whoever was flagged meanwhile may be gone, and needs no healing.
      await act.heal?.().catch(() => undefined);
    }
  }

  #wait(ms: number): Promise<void> {
    if (this.#ending || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  get #replica(): number {
    return injectingReplica(this.#fault);
  }

  #stamp(k: number): { replica: number; fault: number; k: number; tNs: number; harness: true } {
    return { replica: this.#replica, fault: this.#index, k, tNs: this.#nowNs(), harness: true };
  }
}

function actOf(fault: ContainerFault, control: ContainerControl): Act {
  if (fault.kind === 'link-partition') {
    const { from, to } = fault.link;
    return {
      strike: () => control.partition(from, to),
      heal: () => control.heal(from, to),
      shows: (before, after) => after.networks === before.networks - 1,
    };
  }
  const { replica } = fault;
  switch (fault.kind) {
    case 'container-kill':
      return {
        strike: () => control.kill(replica),
        heal: null,
        shows: (_, after) => !after.running,
      };
    case 'container-restart':
      return {
        strike: () => control.restart(replica),
        heal: null,
        shows: (before, after) => after.startedAt !== before.startedAt,
      };
    case 'container-pause':
      return {
        strike: () => control.pause(replica),
        heal: () => control.unpause(replica),
        shows: (_, after) => after.paused,
      };
    case 'network-disconnect':
      return {
        strike: () => control.disconnect(replica),
        heal: () => control.reconnect(replica),
        shows: (_, after) => after.networks === 0,
      };
    case 'cpu-quota':
      return {
        strike: () => control.setCpuPercent(replica, fault.percent),
        heal: () => control.setCpuPercent(replica, null),
        shows: (_, after) => after.cpuPercent === fault.percent,
      };
    case 'memory-limit':
      return {
        strike: () => control.limitMemory(replica),
        heal: null,
        shows: (before, after) => !after.running || after.memoryBytes < before.memoryBytes,
      };
  }
}

function describe({ running, paused, networks, cpuPercent, memoryBytes }: ContainerState): string {
  if (!running) return 'gone';
  const cpu = cpuPercent === null ? '' : `, ${cpuPercent} % CPU`;
  return `${paused ? 'paused' : 'running'}, ${networks} networks${cpu}, ${Math.round(memoryBytes / 2 ** 20)} MiB`;
}
