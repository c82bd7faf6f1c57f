/** The file server of a simulation (R12): slots, digests, one execution, one reply, notices. */
import type { ReplicaId } from '../types.ts';
import { runFileCall } from './program.ts';
import type { World } from './program.ts';
import { FlagBook, Slot } from './services.ts';
import type { FromService, ServiceRules, ToServer } from './services.ts';

export interface FileServerPorts {
  world: World;
  replicas: number;
  rules: ServiceRules;
  reply: (to: ReplicaId, message: FromService) => void;
  cut: (replica: ReplicaId) => void;
  stop: (reason: string) => void;
}

interface Call {
  kind: 'read' | 'write';
  slot: Slot;
  /** Results by executed digest; a write has at most one. */
  results: Map<number, number>;
}

export class FileServer {
  readonly flags: FlagBook;
  readonly #ports: FileServerPorts;
  readonly #calls: Call[] = [];
  readonly #gone = new Set<ReplicaId>();
  readonly #needed: number;

  constructor(ports: FileServerPorts) {
    this.#ports = ports;
    this.#needed = Math.min(2, ports.replicas);
    this.flags = new FlagBook(ports.rules.twoNotices ? 2 : 1);
  }

  receive(from: ReplicaId, message: ToServer): void {
    if (this.flags.flagged.has(from)) return;
    if (message.type === 'flag') {
      if (this.flags.notice(from, message.accused)) this.#ports.cut(message.accused);
    } else {
      const call = (this.#calls[message.slot] ??= {
        kind: message.kind,
        slot: new Slot(),
        results: new Map(),
      });
      call.slot.record(from, message.digest);
    }
    this.#runWhatMayRun();
  }

  /** A tracer's connection ended. */
  gone(replica: ReplicaId): void {
    this.#gone.add(replica);
    this.#runWhatMayRun();
  }

  #runWhatMayRun(): void {
    // A plain loop: a rogue tracer may have left holes.
    for (let index = 0; index < this.#calls.length; index += 1) {
      const call = this.#calls[index];
      if (call === undefined || (this.#ports.rules.slotOrder && !this.#agreed(index - 1))) continue;
      this.#run(call);
      this.#answer(index, call);
    }
  }

  #agreed(index: number): boolean {
    if (index < 0) return true;
    return this.#calls[index]?.slot.quorum(this.#needed, this.flags.flagged) !== undefined;
  }

  #run(call: Call): void {
    const { rules, world } = this.#ports;
    if (call.kind === 'write' && rules.twoDigests) {
      const digest = call.slot.quorum(this.#needed, this.flags.flagged);
      if (digest !== undefined && call.results.size === 0) {
        call.results.set(digest, runFileCall(world, 'write', digest));
      }
      return;
    }
    for (const [replica, digest] of call.slot.digests) {
      if (this.flags.flagged.has(replica) || call.results.has(digest)) continue;
      if (call.results.size > 0 && (call.kind === 'write' || !rules.replyPerDigest)) return;
      if (call.slot.quorum(this.#needed, this.flags.flagged) !== undefined) {
        if (digest !== call.slot.quorum(this.#needed, this.flags.flagged)) continue;
      }
      call.results.set(digest, runFileCall(world, call.kind, digest));
    }
  }

  /** Its own digest's reply, else the quorum's, else (one reply a slot) the only one. */
  #answer(index: number, call: Call): void {
    const { rules } = this.#ports;
    const quorum = call.slot.quorum(this.#needed, this.flags.flagged);
    for (const [replica, digest] of call.slot.digests) {
      if (this.flags.flagged.has(replica) || call.slot.answered.has(replica)) continue;
      const executed = rules.replyPerDigest
        ? call.results.has(digest)
          ? digest
          : quorum
        : [...call.results.keys()][0];
      const result = executed === undefined ? undefined : call.results.get(executed);
      if (executed === undefined || result === undefined) continue;
      call.slot.answered.add(replica);
      this.#ports.reply(replica, { type: 'reply', slot: index, executed, result });
    }
    const present = this.#present();
    if (present.length < this.#needed || !rules.twoDigests) return;
    if (call.slot.isHopeless(this.#needed, present, this.flags.flagged)) {
      this.#ports.stop('no quorum at file server');
    }
  }

  #present(): ReplicaId[] {
    return Array.from({ length: this.#ports.replicas }, (_, index) => index + 1).filter(
      (replica) => !this.flags.flagged.has(replica) && !this.#gone.has(replica),
    );
  }
}
