/** The monitor of a simulation (R13): one sequence of slots, two equal digests each, notices. */
import type { ReplicaId } from '../types.ts';
import { runSlot } from './program.ts';
import type { World } from './program.ts';
import { FlagBook, Slot } from './services.ts';
import type { FromService, ServiceRules, ToMonitor } from './services.ts';

export interface MonitorPorts {
  world: World;
  replicas: number;
  rules: ServiceRules;
  /** A person thinks before answering a read of standard input; ns. */
  inputDelayNs: number;
  nowNs: () => number;
  reply: (to: ReplicaId, message: FromService, notBeforeNs: number) => void;
  cut: (replica: ReplicaId) => void;
  stop: (reason: string) => void;
}

type SlotKind = 'output' | 'input' | 'exit';

export class SimMonitor {
  readonly flags: FlagBook;
  readonly #ports: MonitorPorts;
  readonly #slots: { kind: SlotKind; slot: Slot }[] = [];
  readonly #results: { executed: number; result: number; readyNs: number }[] = [];
  readonly #gone = new Set<ReplicaId>();
  readonly #saidStop = new Set<ReplicaId>();
  readonly #needed: number;

  constructor(ports: MonitorPorts) {
    this.#ports = ports;
    this.#needed = Math.min(2, ports.replicas);
    this.flags = new FlagBook(ports.rules.twoNotices ? 2 : 1);
  }

  get exited(): boolean {
    return this.#ports.world.exited;
  }

  receive(from: ReplicaId, message: ToMonitor): void {
    if (this.flags.flagged.has(from)) return;
    switch (message.type) {
      case 'flag':
        if (this.flags.notice(from, message.accused)) this.#ports.cut(message.accused);
        break;
      case 'slot':
        this.#recordSlot(from, message.slot, message.kind, message.digest);
        break;
      case 'stopped':
        this.#stopped(from, message.reason);
        break;
      case 'fenced':
        break;
    }
    this.#runWhatMayRun();
  }

  /** A tracer's connection ended: with fewer than a quorum left nothing can go on. */
  gone(replica: ReplicaId): void {
    this.#gone.add(replica);
    if (this.exited) return;
    if (this.#present().length < this.#needed) this.#ports.stop('too few tracers are left');
    else this.#runWhatMayRun();
  }

  /** One of three that says so only leaves; of two, either may (R6). */
  #stopped(from: ReplicaId, reason: string): void {
    this.#saidStop.add(from);
    const unflagged = this.#ports.replicas - this.flags.flagged.size;
    if (!this.exited && (unflagged <= 2 || this.#saidStop.size >= 2)) this.#ports.stop(reason);
  }

  #recordSlot(from: ReplicaId, index: number, kind: SlotKind, digest: number): void {
    const entry = (this.#slots[index] ??= { kind, slot: new Slot() });
    entry.slot.record(from, digest);
  }

  #runWhatMayRun(): void {
    for (let index = 0; index < this.#slots.length; index += 1) {
      const entry = this.#slots[index];
      if (entry === undefined) return;
      if (this.#results[index] === undefined && !this.#execute(index, entry)) return;
      this.#answer(index, entry.slot);
    }
  }

  #execute(index: number, { kind, slot }: { kind: SlotKind; slot: Slot }): boolean {
    const { flagged } = this.flags;
    const executed = slot.quorum(this.#needed, flagged);
    if (executed !== undefined) {
      const result = runSlot(this.#ports.world, kind, index, executed);
      const delayNs = kind === 'input' ? this.#ports.inputDelayNs : 0;
      this.#results[index] = { executed, result, readyNs: this.#ports.nowNs() + delayNs };
      return true;
    }
    if (slot.isHopeless(this.#needed, this.#present(), flagged)) {
      this.#ports.stop('no two equal outputs');
    }
    return false;
  }

  #answer(index: number, slot: Slot): void {
    const outcome = this.#results[index];
    if (outcome === undefined) return;
    for (const replica of slot.digests.keys()) {
      if (slot.answered.has(replica) || this.flags.flagged.has(replica)) continue;
      slot.answered.add(replica);
      const { executed, result, readyNs } = outcome;
      // Its own word has shown it faulty: the monitor ends its session.
      if (slot.digests.get(replica) !== executed) {
        this.#ports.cut(replica);
        continue;
      }
      this.#ports.reply(replica, { type: 'reply', slot: index, executed, result }, readyNs);
    }
  }

  #present(): ReplicaId[] {
    return Array.from({ length: this.#ports.replicas }, (_, index) => index + 1).filter(
      (replica) => !this.flags.flagged.has(replica) && !this.#gone.has(replica),
    );
  }
}
