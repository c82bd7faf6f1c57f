/**
 * A simulated tracer with its replica: it holds a real core, walks through the program, carries out
 * effects, talks to file server and monitor. What a fault does to it comes through `FaultHooks`.
 */
import type {
  AgreedInputs,
  CoreEffect,
  CoreEvent,
  ProtocolCore,
  ReplicaId,
  ViewEntry,
  Vote,
} from '../types.ts';
import { blankVote } from '../vote.ts';
import { priority } from './event-queue.ts';
import type { FaultHooks, Phase } from './fault-hooks.ts';
import { fileServer, monitor } from './network.ts';
import type { Party, SimMessage } from './network.ts';
import { callAt, initialState, mix, stepAt } from './program.ts';
import type { Program, StepKind } from './program.ts';
import type { Ending, HostRecord } from './host-record.ts';
import { sealedBy } from './seals.ts';
import type { FromService, ServiceRules } from './services.ts';

export interface HostPorts {
  core: ProtocolCore;
  peers: readonly ReplicaId[];
  program: Program;
  rules: ServiceRules;
  hooks: FaultHooks;
  nowNs: () => number;
  /** From going on at k-1 to the arrival at k; ns. */
  computeNs: (k: number) => number;
  /** How late this tracer looks at its timers; ns. */
  timerJitterNs: number;
  /** Error of this host's clock; ns. */
  clockOffsetNs: number;
  schedule: (atNs: number, eventPriority: number, run: () => void) => void;
  transmit: (to: Party, message: SimMessage) => void;
  disconnect: (from: Party) => void;
}

interface Waiting {
  party: Party;
  slot: number;
  digest: number;
}

export class TracerHost {
  readonly id: ReplicaId;
  readonly record: HostRecord = {
    ending: 'running',
    reason: '',
    goOns: [],
    flags: [],
    linkSuspects: [],
    votes: [],
  };
  readonly #ports: HostPorts;
  #state = initialState;
  #k = 0;
  #waiting: Waiting | undefined;
  #deferred: (() => void)[] = [];
  #outbox: { to: Party; message: SimMessage }[] = [];
  #nextSlot = { [fileServer]: 0, [monitor]: 0 };
  #timerNs = Infinity;
  #rogue: { answersViews: boolean } | undefined;
  /** R18: since when, NaN while running; how long in all; the arrival that it put off. */
  #suspendedNs = NaN;
  #pausedNs = 0;
  #afterPause: (() => void) | undefined;

  constructor(id: ReplicaId, ports: HostPorts) {
    this.id = id;
    this.#ports = ports;
  }

  get k(): number {
    return this.#k;
  }

  get alive(): boolean {
    return this.record.ending === 'running';
  }

  start(): void {
    this.#event(() => this.#feed({ type: 'timer' }));
    this.#computeUntil(0);
  }

  deliver(from: Party, message: SimMessage): void {
    if (message.type === 'reply') this.#event(() => this.#replied(from, message));
    else if (isPeerMessage(message)) this.#fromPeer({ type: 'message', from, message });
  }

  closed(other: Party): void {
    if (this.#rogue !== undefined) return;
    if (other < fileServer) {
      this.#fromPeer({ type: 'link-closed', peer: other });
    } else if (this.#k < this.#ports.program.length) {
      this.#event(() => this.#leave('fenced', `lost party ${other}`));
    }
  }

  /** The tracer is gone; of what it just sent, messages to the parties in `lost` with it. */
  crash(lost: readonly Party[]): void {
    this.#outbox = this.#outbox.filter(({ to }) => !lost.includes(to));
    this.#leave('crashed', 'crash');
  }

  /** R18: Ctrl-Z. The replica stands still, the tracer goes on reading. */
  suspend(): void {
    this.#suspendedNs = this.#ports.nowNs();
    this.#event(() => this.#feed({ type: 'suspend' }));
  }

  resume(): void {
    this.#pausedNs += this.#ports.nowNs() - this.#suspendedNs;
    this.#suspendedNs = NaN;
    this.#event(() => this.#feed({ type: 'resume' }));
    this.#afterPause?.();
    this.#afterPause = undefined;
  }

  replicaDies(): void {
    this.#event(() => this.#feed({ type: 'replica-dead', reason: 'signal 9' }));
  }

  /** From now on this tracer does as it likes: no fence, no waiting for votes or replies. */
  turnRogue(how: { answersViews: boolean }): void {
    this.#rogue = how;
  }

  say(to: Party, message: SimMessage): void {
    this.#event(() => this.#outbox.push({ to, message }));
  }

  // --- the replica ----------------------------------------------------------------------------

  #computeUntil(k: number): void {
    const { hooks, computeNs } = this.#ports;
    const planned = computeNs(k);
    const actual = hooks.computeNs?.(this.id, k, planned) ?? planned;
    this.#arriveAfter(Math.max(1, actual), k);
  }

  /** A suspended replica stands still: a pause in between puts the arrival off by its length. */
  #arriveAfter(durationNs: number, k: number): void {
    const { nowNs, schedule } = this.#ports;
    const pausedBeforeNs = this.#pausedSoFarNs();
    schedule(nowNs() + durationNs, priority.arrival, () => {
      const owedNs = this.#pausedSoFarNs() - pausedBeforeNs;
      if (!Number.isNaN(this.#suspendedNs)) this.#afterPause = () => this.#arriveAfter(owedNs, k);
      else if (owedNs > 0) this.#arriveAfter(owedNs, k);
      else this.#event(() => this.#arrive(k));
    });
  }

  #pausedSoFarNs(): number {
    const currentNs = this.#ports.nowNs() - this.#suspendedNs;
    return this.#pausedNs + (Number.isNaN(currentNs) ? 0 : currentNs);
  }

  #arrive(k: number): void {
    const { hooks, program, nowNs, clockOffsetNs } = this.#ports;
    if (!this.#reached(k, 'arrival')) return;
    this.#state = hooks.state?.(this.id, k, this.#state) ?? this.#state;
    const { call, sigHi, sigLo } = callAt(program, k, this.#state);
    const inputs = { elapsedNs: nowNs() + clockOffsetNs, marks: 0 };
    const vote: Vote = { ...blankVote(), k, call, sigHi, sigLo, inputs };
    hooks.vote?.(this.id, vote);
    this.record.votes.push({ k, atNs: nowNs(), elapsedNs: vote.inputs.elapsedNs });
    if (this.#rogue === undefined) {
      this.#feed({ type: 'own-vote', vote });
      this.#reached(k, 'voted');
    } else {
      const sealed = sealedBy(this.id, vote);
      for (const to of this.#ports.peers) {
        this.#outbox.push({ to, message: { type: 'vote', vote: sealed } });
      }
      this.#execute(k, inputs);
      if (this.#waiting !== undefined) this.#finish(k, this.#madeUpReply(stepAt(program, k)));
    }
  }

  /** The call takes effect (R8). */
  #execute(k: number, inputs: AgreedInputs): void {
    const { program } = this.#ports;
    if (!this.#reached(k, 'going-on')) return;
    const step = stepAt(program, k);
    const { digest } = callAt(program, k, this.#state);
    switch (step) {
      case 'exec':
      case 'local':
        this.#next(k);
        break;
      case 'clock':
        this.#state = mix(this.#state, inputs.elapsedNs);
        this.#next(k);
        break;
      case 'read':
      case 'write': {
        const slot = this.#await(fileServer, digest);
        this.#outbox.push({ to: fileServer, message: { type: 'call', slot, kind: step, digest } });
        this.#reached(k, 'requested');
        break;
      }
      case 'output':
      case 'input':
      case 'exit': {
        const slot = this.#await(monitor, digest);
        this.#outbox.push({ to: monitor, message: { type: 'slot', slot, kind: step, digest } });
        this.#reached(k, 'requested');
        break;
      }
    }
  }

  #await(party: number, digest: number): number {
    const slot = this.#nextSlot[party] ?? 0;
    this.#nextSlot[party] = slot + 1;
    this.#waiting = { party, slot, digest };
    return slot;
  }

  #replied(from: Party, reply: FromService): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.party !== from || waiting.slot !== reply.slot) return;
    const compare = this.#ports.rules.compareExecuted && from === fileServer;
    if (compare && reply.executed !== waiting.digest) {
      this.#leave('fenced', 'the file server executed another call');
      return;
    }
    this.#finish(this.#k, reply.result);
  }

  /** A rogue does not wait for its reply. What it cannot know it makes up, no two of them alike (P6 excepts that). */
  #madeUpReply(step: StepKind): number {
    if (step === 'read' || step === 'input') return -this.id;
    return step === 'write' ? 1 : 0;
  }

  #finish(k: number, result: number): void {
    this.#waiting = undefined;
    this.#state = mix(this.#state, result);
    if (stepAt(this.#ports.program, k) === 'exit') {
      this.#k += 1;
      if (this.#rogue === undefined) this.#feed({ type: 'end' });
      else this.#leave('ended', 'rogue');
    } else {
      this.#next(k);
    }
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const run of deferred) run();
  }

  #next(k: number): void {
    this.#k = k + 1;
    this.#computeUntil(k + 1);
  }

  // --- the tracer -----------------------------------------------------------------------------

  #fromPeer(event: Extract<CoreEvent, { type: 'message' | 'link-closed' }>): void {
    const run = (): void => this.#event(() => this.#feedFromPeer(event));
    if (this.#waiting !== undefined && !this.#ports.rules.serveWhileWaiting) {
      this.#deferred.push(run);
    } else {
      run();
    }
  }

  #feedFromPeer(event: Extract<CoreEvent, { type: 'message' | 'link-closed' }>): void {
    if (this.#rogue === undefined) this.#feed(event);
    else if (this.#rogue.answersViews && event.type === 'message') this.#lie(event);
  }

  /** A rogue's answer to a view: everybody else is missing. */
  #lie({ from, message }: Extract<CoreEvent, { type: 'message' }>): void {
    if (message.type !== 'view') return;
    const own: Vote = { ...blankVote(), k: message.k, call: 666, sigHi: 6, sigLo: 6 };
    const entries: ViewEntry[] = [{ replica: this.id, state: 'vote', vote: own }];
    for (const replica of this.#ports.peers) entries.push({ replica, state: 'missing' });
    this.#outbox.push({ to: from, message: { type: 'view', stream: 0, k: message.k, entries } });
  }

  /** Everything that happens to this tracer at one instant; what it sends leaves at the end. */
  #event(happen: () => void): void {
    if (!this.alive) return;
    happen();
    this.#flush();
    this.#setTimer();
  }

  #flush(): void {
    const outbox = this.#outbox;
    this.#outbox = [];
    for (const { to, message } of outbox) this.#ports.transmit(to, message);
  }

  #feed(event: CoreEvent): void {
    const { core, nowNs } = this.#ports;
    for (const effect of core.handle(event, nowNs())) {
      if (this.alive) this.#carryOut(effect);
    }
  }

  #carryOut(effect: CoreEffect): void {
    const { record } = this;
    const atNs = this.#ports.nowNs();
    switch (effect.type) {
      case 'send':
        this.#outbox.push({ to: effect.to, message: effect.message });
        if (effect.message.type === 'ask') this.#reached(effect.message.k, 'asking');
        if (effect.message.type === 'view') this.#reached(effect.message.k, 'disputing');
        break;
      case 'go-on': {
        const inputs = { ...effect.inputs };
        record.goOns.push({ k: effect.k, atNs, inputs, members: effect.members });
        this.#execute(effect.k, inputs);
        break;
      }
      case 'flag': {
        const { accused, k } = effect;
        record.flags.push({ ...effect, atNs });
        this.#outbox.push({ to: fileServer, message: { type: 'flag', accused, k } });
        this.#outbox.push({ to: monitor, message: { type: 'flag', accused, k } });
        break;
      }
      case 'close-link':
        this.#flush();
        this.#ports.disconnect(effect.peer);
        break;
      case 'fence':
        this.#leave('fenced', effect.reason);
        break;
      case 'stop':
        this.#leave('stopped', effect.reason);
        break;
      case 'link-suspect':
        record.linkSuspects.push({ peer: effect.peer, k: effect.k });
        break;
      case 'ended':
        this.#leave('ended', '');
        break;
    }
  }

  /** R11 and every other way out: last words, then every connection is closed. */
  #leave(ending: Ending, reason: string): void {
    if (!this.alive) return;
    if (ending === 'fenced' || ending === 'stopped') {
      this.#outbox.push({ to: monitor, message: { type: ending, reason } });
    }
    this.#flush();
    this.record.ending = ending;
    this.record.reason = reason;
    for (const party of [...this.#ports.peers, fileServer, monitor]) this.#ports.disconnect(party);
  }

  #setTimer(): void {
    const { core, nowNs, schedule, timerJitterNs } = this.#ports;
    const deadlineNs = core.nextDeadlineNs();
    if (!this.alive || deadlineNs === this.#timerNs || this.#rogue !== undefined) return;
    this.#timerNs = deadlineNs;
    if (deadlineNs === Infinity) return;
    schedule(Math.max(nowNs(), deadlineNs) + timerJitterNs, priority.timer, () => {
      if (this.#rogue === undefined && core.nextDeadlineNs() <= nowNs()) {
        this.#timerNs = Infinity;
        this.#event(() => this.#feed({ type: 'timer' }));
      }
    });
  }

  /** Tells the fault where this tracer is; false when that was the end of it. */
  #reached(k: number, phase: Phase): boolean {
    this.#ports.hooks.reached?.(this.id, k, phase);
    return this.alive;
  }
}

const isPeerMessage = (
  message: SimMessage,
): message is Extract<CoreEvent, { type: 'message' }>['message'] =>
  !['reply', 'call', 'slot', 'flag', 'fenced', 'stopped'].includes(message.type);
