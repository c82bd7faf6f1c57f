/**
 * Three (or 1 to 7) tracers with their replicas, the network between them, a file server, a monitor
 * and the clock: one session under virtual time. Everything that could be random is an argument, so
 * a scenario is its own replay.
 */
import { Core } from '../core.ts';
import { allRules } from '../rules.ts';
import type { Rules } from '../rules.ts';
import type { CoreOptions, Detect, Policy, ReplicaId, TimeoutFrom } from '../types.ts';
import { EventQueue } from './event-queue.ts';
import { combineHooks } from './fault-hooks.ts';
import type { FaultHooks, Relay, SimControl } from './fault-hooks.ts';
import { hooksOf } from './fault-effects.ts';
import type { Fault } from './faults.ts';
import { FileServer } from './file-server.ts';
import { Network, fileServer, monitor } from './network.ts';
import type { Party, SimMessage } from './network.ts';
import { newWorld } from './program.ts';
import type { Program, World } from './program.ts';
import { sealKeysOf } from './seals.ts';
import type { OwnSealKeys } from './seals.ts';
import { serviceRulesOf } from './services.ts';
import type { Notice, ServiceRules, ToMonitor } from './services.ts';
import { SimMonitor } from './sim-monitor.ts';
import { TracerHost } from './tracer-host.ts';
import type { HostRecord } from './host-record.ts';
import { WatchedCore } from './watched-core.ts';
import type { Transitions } from './watched-core.ts';

/** Times in ns of virtual time; small numbers, so that shrunk scenarios can be read. */
export interface Scenario {
  replicas: number;
  policy: Policy;
  detect: Detect;
  timeoutFrom: TimeoutFrom;
  program: Program;
  /** T and Q. */
  timeoutNs: number;
  askDelayNs: number;
  /** d, the tick included; no delay below exceeds it. */
  linkDelayNs: number;
  /** Tick: how late a tracer may look at its timers. */
  tickNs: number;
  /** Computing before each rendezvous, the same in all replicas; used in turn. */
  burstsNs: readonly number[];
  /** Per replica what it needs more; used in turn. */
  skewsNs: readonly (readonly number[])[];
  /** Of messages, in the order in which they are sent; used in turn. */
  delaysNs: readonly number[];
  /** Per replica, up to a tick. */
  timerJittersNs: readonly number[];
  clockOffsetsNs: readonly number[];
  /** How long a read of standard input takes. */
  inputDelayNs: number;
  /** Ctrl-Z and fg, heard by each tracer up to a tick later. */
  suspension?: { atNs: number; durationNs: number };
  faults: readonly Fault[];
  /** Ablations. */
  rules?: Partial<Rules>;
  services?: Partial<ServiceRules>;
}

export type SimOutcome = 'exited' | 'stopped' | 'hung';

export interface SimResult {
  scenario: Scenario;
  outcome: SimOutcome;
  reason: string;
  world: World;
  /** By replica, from 1. */
  hosts: ReadonlyMap<ReplicaId, HostRecord>;
  flaggedByServer: ReadonlySet<ReplicaId>;
  flaggedByMonitor: ReadonlySet<ReplicaId>;
  /** Indices of the faults that had an effect. */
  struck: ReadonlySet<number>;
  endNs: number;
}

/** `transitions`: where to count those of the cores (watched-core.ts). */
export const runTrio = (scenario: Scenario, transitions?: Transitions): SimResult =>
  new Trio(scenario, transitions).run();

const EVENTS_MAX = 100_000;

export class Trio {
  readonly #scenario: Scenario;
  readonly #transitions: Transitions | undefined;
  readonly #queue = new EventQueue();
  readonly #hosts = new Map<ReplicaId, TracerHost>();
  /** Of the hosts that the session began with; one that comes back is not asked. */
  readonly #records = new Map<ReplicaId, HostRecord>();
  readonly #struck = new Set<number>();
  /** What each tracer takes for the moduli of all. */
  readonly #moduli = new Map<ReplicaId, number[]>();
  readonly #stoppedUntilNs = new Map<ReplicaId, number>();
  readonly #world = newWorld();
  readonly #network: Network;
  readonly #server: FileServer;
  readonly #monitor: SimMonitor;
  #nowNs = 0;
  #stopReason: string | undefined;

  constructor(scenario: Scenario, transitions?: Transitions) {
    this.#scenario = scenario;
    this.#transitions = transitions;
    const { replicas } = scenario;
    const rules = { ...serviceRulesOf(scenario.policy), ...scenario.services };
    const stop = (reason: string): void => {
      this.#stopReason ??= reason;
    };
    const cut = (from: Party) => (replica: ReplicaId) => this.#network.close(from, replica);
    const hooks = combineHooks(
      scenario.faults.map((fault, index) => hooksOf(fault, this.#control(rules, index), index + 1)),
    );
    this.#network = new Network({
      queue: this.#queue,
      nowNs: () => this.#nowNs,
      delaysNs: scenario.delaysNs,
      filter: (from, to, message) => hooks.filter?.(from, to, message),
      extraDelayNs: (from, to, message) => hooks.extraDelayNs?.(from, to, message) ?? 0,
      deliver: (from, to, message) => this.#deliver(from, to, message),
      closed: (at, other) => this.#closed(at, other),
    });
    this.#server = new FileServer({
      world: this.#world,
      replicas,
      rules,
      reply: (to, message) => this.#network.send(fileServer, to, message),
      cut: cut(fileServer),
      stop,
    });
    this.#monitor = new SimMonitor({
      world: this.#world,
      replicas,
      rules,
      inputDelayNs: scenario.inputDelayNs,
      nowNs: () => this.#nowNs,
      reply: (to, message, atNs) =>
        this.#schedule(atNs, undefined, () => this.#network.send(monitor, to, message)),
      cut: cut(monitor),
      stop,
    });
    for (let id = 1; id <= replicas; id += 1) {
      const host = this.#newHost(id, rules, hooks);
      this.#hosts.set(id, host);
      this.#records.set(id, host.record);
    }
  }

  run(): SimResult {
    const limitNs = this.#limitNs();
    for (const host of this.#hosts.values()) host.start();
    this.#scheduleSuspension();
    let outcome: SimOutcome | undefined;
    // A core that sets its timer to the past again and again would stop the clock.
    for (let events = 0; outcome === undefined && events < EVENTS_MAX; events += 1) {
      const event = this.#queue.pop();
      if (event === undefined || event.atNs > limitNs) break;
      const resumesNs = this.#stoppedUntilNs.get(event.host ?? 0) ?? 0;
      if (resumesNs > event.atNs) {
        this.#queue.push({ ...event, atNs: resumesNs });
        continue;
      }
      this.#nowNs = event.atNs;
      event.run();
      if (this.#stopReason !== undefined) outcome = 'stopped';
    }
    // Whoever is left then is the monitor's to end; a healthy one that is left violates P5.
    return this.#result(outcome ?? (this.#world.exited ? 'exited' : 'hung'));
  }

  #scheduleSuspension(): void {
    const { suspension, timerJittersNs } = this.#scenario;
    if (suspension === undefined) return;
    for (const [id, host] of this.#hosts) {
      const atNs = suspension.atNs + (timerJittersNs[id - 1] ?? 0);
      this.#schedule(atNs, id, () => host.suspend());
      this.#schedule(atNs + suspension.durationNs, id, () => host.resume());
    }
  }

  #result(outcome: SimOutcome): SimResult {
    return {
      scenario: this.#scenario,
      outcome,
      reason: this.#stopReason ?? '',
      world: this.#world,
      hosts: this.#records,
      flaggedByServer: this.#server.flags.flagged,
      flaggedByMonitor: this.#monitor.flags.flagged,
      struck: this.#struck,
      endNs: this.#nowNs,
    };
  }

  /** Long enough for every wait that a rule bounds; a session that still runs then is hung. */
  #limitNs(): number {
    const { program, timeoutNs, burstsNs, inputDelayNs, faults, suspension } = this.#scenario;
    const stepNs = 8 * timeoutNs + Math.max(...burstsNs) + inputDelayNs;
    const faultNs = faults.map((fault) => {
      if ('delayNs' in fault) return fault.delayNs;
      if ('delayMaxNs' in fault) return fault.durationNs + fault.delayMaxNs;
      if ('durationNs' in fault) return fault.durationNs;
      return 'afterNs' in fault ? fault.afterNs : 0;
    });
    const suspendedNs = suspension === undefined ? 0 : suspension.durationNs + timeoutNs;
    return suspendedNs + 31 * timeoutNs + program.length * stepNs + Math.max(0, ...faultNs);
  }

  #newHost(id: ReplicaId, rules: ServiceRules, hooks: FaultHooks): TracerHost {
    const scenario = this.#scenario;
    const pick = (values: readonly number[] | undefined, index: number): number =>
      values === undefined || values.length === 0 ? 0 : (values[index % values.length] ?? 0);
    const options = coreOptionsOf(scenario, id);
    this.#moduli.set(id, options.sealKeys.moduli);
    const core = new Core(options, { ...allRules, ...scenario.rules });
    const transitions = this.#transitions;
    return new TracerHost(id, {
      core: transitions === undefined ? core : new WatchedCore(core, options, transitions),
      peers: peersOf(id, scenario.replicas),
      program: scenario.program,
      rules,
      hooks,
      nowNs: () => this.#nowNs,
      computeNs: (k) => pick(scenario.burstsNs, k) + pick(scenario.skewsNs[id - 1], k),
      timerJitterNs: pick(scenario.timerJittersNs, id - 1),
      clockOffsetNs: pick(scenario.clockOffsetsNs, id - 1),
      schedule: (atNs, eventPriority, run) => this.#schedule(atNs, id, run, eventPriority),
      transmit: (to, message) => this.#network.send(id, to, message),
      disconnect: (from) => this.#network.close(id, from),
    });
  }

  /**
   * R11, R12: peers do not redial, a service that has not flagged it takes a further connection. It
   * knows nothing of the session, runs from the start, and accuses those who do not answer.
   */
  #comeBack(id: ReplicaId, rules: ServiceRules): void {
    const host = this.#newHost(id, rules, {});
    this.#hosts.set(id, host);
    host.turnRogue({ answersViews: false });
    for (const [service, { flags }] of [
      [fileServer, this.#server],
      [monitor, this.#monitor],
    ] as const) {
      if (flags.flagged.has(id)) continue;
      this.#network.reopen(id, service);
      for (const accused of peersOf(id, this.#scenario.replicas)) {
        this.#network.send(id, service, { type: 'flag', accused, k: 0 });
      }
    }
    host.start();
  }

  #schedule(atNs: number, host: ReplicaId | undefined, run: () => void, eventPriority = 0): void {
    this.#queue.push({ atNs: Math.max(atNs, this.#nowNs), priority: eventPriority, host, run });
  }

  #deliver(from: Party, to: Party, message: SimMessage): void {
    if (to === fileServer) {
      if (message.type === 'call' || message.type === 'flag') this.#server.receive(from, message);
    } else if (to === monitor) {
      const isFirst = this.#hosts.get(from)?.record === this.#records.get(from);
      if (message.type === 'flag') this.#monitor.receive(from, message);
      else if (isFirst && isOfTheFirstConnection(message)) this.#monitor.receive(from, message);
    } else {
      this.#hosts.get(to)?.deliver(from, message);
    }
  }

  #makeBelieve(from: ReplicaId, to: ReplicaId, relay: Relay): void {
    const moduli = this.#moduli.get(to) ?? [];
    const right = moduli[relay.origin - 1] ?? 0;
    moduli[relay.origin - 1] = moduli[to - 1] ?? 0;
    this.#hosts.get(to)?.deliver(from, relay);
    moduli[relay.origin - 1] = right;
  }

  #closed(at: Party, other: Party): void {
    if (at === fileServer) this.#server.gone(other);
    else if (at === monitor) this.#monitor.gone(other);
    else this.#hosts.get(at)?.closed(other);
  }

  #control(rules: ServiceRules, index: number): SimControl {
    const { checksum } = rules;
    return {
      struck: () => this.#struck.add(index),
      nowNs: () => this.#nowNs,
      parties: Array.from({ length: this.#scenario.replicas }, (_, index) => index + 1),
      checksum,
      crash: (target, lost) => this.#hosts.get(target)?.crash(lost),
      restart: (target, afterNs) => {
        this.#hosts.get(target)?.crash([]);
        this.#schedule(this.#nowNs + afterNs, undefined, () => this.#comeBack(target, rules));
      },
      replicaDies: (target) =>
        this.#schedule(this.#nowNs, target, () => this.#hosts.get(target)?.replicaDies()),
      turnRogue: (target, how) => this.#hosts.get(target)?.turnRogue(how),
      resetLink: (a, b) => this.#network.reset(a, b),
      send: (from, to, message) => this.#network.send(from, to, message),
      notice: (from, accused, to) =>
        this.#network.send(from, to, { type: 'flag', accused, k: this.#hosts.get(from)?.k ?? 0 }),
      makeBelieve: (from, to, relay) =>
        this.#schedule(this.#nowNs, to, () => this.#makeBelieve(from, to, relay)),
      stopTracer: (target, durationNs) =>
        this.#stoppedUntilNs.set(target, this.#nowNs + durationNs),
    };
  }
}

/** The monitor takes only notices over a further connection of a replica. */
const isOfTheFirstConnection = (message: SimMessage): message is Exclude<ToMonitor, Notice> =>
  message.type === 'slot' || message.type === 'fenced' || message.type === 'stopped';

export const coreOptionsOf = (
  scenario: Scenario,
  self: ReplicaId,
): CoreOptions & { sealKeys: OwnSealKeys } => ({
  self,
  replicas: scenario.replicas,
  policy: scenario.policy,
  timeoutFrom: scenario.timeoutFrom,
  detect: scenario.detect,
  timeoutNs: scenario.timeoutNs,
  linkDelayNs: scenario.linkDelayNs,
  tickNs: scenario.tickNs,
  askDelayNs: scenario.askDelayNs,
  startTimeoutNs: 30 * scenario.timeoutNs,
  sealKeys: sealKeysOf(self, scenario.replicas),
});

const peersOf = (self: ReplicaId, replicas: number): ReplicaId[] =>
  Array.from({ length: replicas }, (_, index) => index + 1).filter((peer) => peer !== self);
