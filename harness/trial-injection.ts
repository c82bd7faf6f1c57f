/** The faults of one trial: what is interposed in session processes, and what acts from outside. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ContainerInjector } from '../faults/container-injector.ts';
import { readEventLog, type FaultEvent } from '../faults/event-log.ts';
import { needsContainers, type ResolvedFault } from '../faults/fault-spec.ts';
import type { ProcessIdentity } from '../faults/process-state.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import type { EventSink, Hosts } from './hosts.ts';
import { monotonicNs } from './process-run.ts';

/** A session process that was told to end takes so long at most, on a loaded machine too. */
const DYING_MS = 2000;

export class TrialInjection {
  readonly #faults: readonly ResolvedFault[];
  readonly #hosts: Hosts;
  readonly #eventLog: string;
  readonly #sink: EventSink;
  readonly #injectors: readonly ContainerInjector[];

  constructor(faults: readonly ResolvedFault[], hosts: Hosts, eventLog: string) {
    this.#faults = faults;
    this.#hosts = hosts;
    this.#eventLog = eventLog;
    this.#sink = hosts.openEvents(eventLog, (event) => {
      for (const injector of this.#injectors) injector.onEvent(event);
    });
    this.#injectors = faults.flatMap((fault, index) => this.#injectorOf(fault, index) ?? []);
  }

  /** Nothing is interposed where there is no fault: such trials measure the plain system. */
  get interposition(): { interpose?: { module: string; options: unknown } } {
    if (this.#faults.every(({ kind }) => kind === 'none')) return {};
    const options = { faults: this.#faults, eventLog: this.#sink.eventLog };
    return { interpose: { module: this.#hosts.interposeModule, options } };
  }

  /** A guard: whatever becomes of the session, the fault is healed and its events are in the log. */
  async during<Result>(session: Promise<Result>): Promise<Result> {
    try {
      return await session;
    } finally {
      await Promise.all(this.#injectors.map((injector) => injector.end()));
      await this.#sink.close();
    }
  }

  /**
   * By fault, whether the process that it was meant to kill or hold is dead: a killed tracer cannot read
   * back its own death. One that has not told of its end may still be on its way to it.
   */
  async victimsDead(): Promise<boolean[]> {
    const dead = this.#faults.map(() => false);
    if (!existsSync(this.#eventLog)) return dead;
    const events = readEventLog(this.#eventLog);
    const told = new Set(events.flatMap((one) => (one.type === 'activated' ? [one.fault] : [])));
    for (const { fault, replica, victim } of events.filter((one) => one.type === 'injected')) {
      if (victim === undefined) continue;
      const patienceMs = told.has(fault) ? 0 : DYING_MS;
      dead[fault] = await this.#diesWithin(patienceMs, replica, victim);
    }
    return dead;
  }

  async #diesWithin(ms: number, replica: ReplicaId, victim: ProcessIdentity): Promise<boolean> {
    const untilMs = performance.now() + ms;
    for (;;) {
      if (await this.#hosts.isDead(replica, victim)) return true;
      if (performance.now() >= untilMs) return false;
      await setTimeout(20);
    }
  }

  #injectorOf(fault: ResolvedFault, index: number): ContainerInjector | null {
    if (!needsContainers(fault)) return null;
    const { control, name } = this.#hosts;
    if (control === null) throw new Error(`expected --hosts docker for ${fault.kind}, got ${name}`);
    const write = (event: FaultEvent): void => this.#sink.write(event);
    return new ContainerInjector(fault, control, write, monotonicNs, index);
  }
}
