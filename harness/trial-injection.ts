/** The fault of one trial: what is interposed in session processes, and what acts from outside. */
import { existsSync } from 'node:fs';
import { ContainerInjector } from '../faults/container-injector.ts';
import { readEventLog } from '../faults/event-log.ts';
import { needsContainers, type ResolvedFault } from '../faults/fault-spec.ts';
import type { EventSink, Hosts } from './hosts.ts';
import { monotonicNs } from './process-run.ts';

export class TrialInjection {
  readonly #fault: ResolvedFault;
  readonly #hosts: Hosts;
  readonly #eventLog: string;
  readonly #sink: EventSink;
  readonly #injector: ContainerInjector | null;

  constructor(fault: ResolvedFault, hosts: Hosts, eventLog: string) {
    this.#fault = fault;
    this.#hosts = hosts;
    this.#eventLog = eventLog;
    this.#sink = hosts.openEvents(eventLog, (event) => this.#injector?.onEvent(event));
    this.#injector = this.#makeInjector();
  }

  /** Nothing is interposed where there is no fault: such trials measure the plain system. */
  get interposition(): { interpose?: { module: string; options: unknown } } {
    if (this.#fault.kind === 'none') return {};
    const options = { spec: this.#fault, eventLog: this.#sink.eventLog };
    return { interpose: { module: this.#hosts.interposeModule, options } };
  }

  /** A guard: whatever becomes of the session, the fault is healed and its events are in the log. */
  async during<Result>(session: Promise<Result>): Promise<Result> {
    try {
      return await session;
    } finally {
      await this.#injector?.end();
      await this.#sink.close();
    }
  }

  /** A killed tracer cannot read back its own death. */
  async isVictimDead(): Promise<boolean> {
    if (!existsSync(this.#eventLog)) return false;
    for (const event of readEventLog(this.#eventLog)) {
      if (event.type !== 'injected' || event.victim === undefined) continue;
      return this.#hosts.isDead(event.replica, event.victim);
    }
    return false;
  }

  #makeInjector(): ContainerInjector | null {
    if (!needsContainers(this.#fault)) return null;
    const { control, name } = this.#hosts;
    if (control === null) {
      throw new Error(`expected --hosts docker for ${this.#fault.kind}, got ${name}`);
    }
    return new ContainerInjector(
      this.#fault,
      control,
      (event) => this.#sink.write(event),
      monotonicNs,
    );
  }
}
