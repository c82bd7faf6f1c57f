/**
 * One session as the monitor sees it: start, slots, flags, signals, end. Input and output come in
 * as `SessionOutside`, so that tests drive the same object as `launch.ts` does.
 */
import type { Mechanism, ReplicaId } from '../core/types.ts';
import type { SlotOp, ToMonitor } from '../wire/messages.ts';
import { exitStatus } from './errors.ts';
import { flagFact, SessionFacts } from './facts.ts';
import type { SessionResult } from './facts.ts';
import { NoticeBook } from './notices.ts';
import type { Notice, NoticeDecision } from './notices.ts';
import type {
  ReplicaLink,
  ReplicaRecord,
  ReplicaState,
  SessionOptions,
  SessionOutside,
} from './session-types.ts';
import { ForwardedSignal } from './forwarded-signal.ts';
import { hasWord, Roster } from './roster.ts';
import { differenceOfFiles } from './same-files.ts';
import { SlotQuorum } from './slots.ts';
import type { SlotDecision } from './slots.ts';

type Phase = 'starting' | 'running' | 'ending' | 'ended';

export class MonitorSession {
  readonly facts: SessionFacts;
  readonly ended: Promise<SessionResult>;
  readonly #options: SessionOptions;
  readonly #outside: SessionOutside;
  readonly #roster: Roster;
  readonly #slots: SlotQuorum;
  readonly #notices: NoticeBook;
  /** What monitor or file server saw themselves, before the replica's peers flag it. */
  readonly #evidence = new Map<ReplicaId, Mechanism>();
  readonly #nfsLostBy = new Set<ReplicaId>();
  readonly #stoppedBy = new Map<ReplicaId, string>();
  /** Those that were told the exit status: they came to the program's end. */
  readonly #atEnd = new Set<ReplicaId>();
  #exitSlot = -1;
  readonly #signals: ForwardedSignal;
  #resolve!: (result: SessionResult) => void;
  #phase: Phase = 'starting';
  #suspended = false;
  #completed: SessionResult | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(options: SessionOptions, outside: SessionOutside) {
    this.#options = options;
    this.#outside = outside;
    this.facts = new SessionFacts(options.replicas);
    this.#roster = new Roster(options.replicas);
    this.#slots = new SlotQuorum(this.#roster.ids, Math.min(2, options.replicas));
    this.#notices = new NoticeBook(this.#roster.ids, options.policy);
    this.#signals = new ForwardedSignal({
      graceMs: options.signalGraceMs,
      live: () => this.#roster.live(),
      after: (ms, due) => this.#outside.after(ms, due),
      interrupt: (signal) => {
        // A program that has ended by itself was not interrupted.
        if (this.#completed === undefined) this.#interrupt(signal);
      },
    });
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#startTimer();
  }

  get state(): Phase | 'suspended' {
    return this.#suspended ? 'suspended' : this.#phase;
  }

  get slotsCompleted(): number {
    return this.#slots.completed;
  }

  get replicas(): readonly Readonly<ReplicaRecord>[] {
    return this.#roster.all;
  }

  /** A frame of a proven session process. `digest` is that of a slot's bytes. */
  message(replica: ReplicaId, link: ReplicaLink, message: ToMonitor, digest = ''): void {
    const record = this.#roster.find(replica);
    if (record === undefined || this.#phase === 'ended') return;
    if (message.type === 'ping') {
      link.send({ type: 'pong' });
      return;
    }
    if (message.type === 'flag') {
      this.#notice({ ...message, accuser: replica });
      return;
    }
    if (message.type === 'ready' && record.link === undefined) {
      this.#ready(record, link, message);
      return;
    }
    // A session process that could not even listen says so before it is ready.
    if (message.type === 'stopped' && record.link === undefined) {
      this.#stopped(record, message.reason);
      return;
    }
    // A further connection of the same replica may give notices; the rest comes over the first.
    if (record.link !== link) return;
    this.#ownMessage(record, message, digest);
  }

  /** A frame whose checksum failed: not received (protocol.md 2). */
  corrupt(replica: ReplicaId): void {
    this.facts.corrupt(replica);
  }

  closed(replica: ReplicaId, link: ReplicaLink, why: string): void {
    const record = this.#roster.find(replica);
    if (record?.link !== link) return;
    record.connected = false;
    if (this.#phase === 'ended') return;
    if (this.#phase === 'starting') {
      this.#fail(`replica ${replica} ended before the program started: ${record.reason || why}`);
      return;
    }
    if (record.state === 'member') this.#leave(record, 'gone', record.reason || why);
    else this.#afterLeaving();
  }

  /** The file server saw this replica outvoted at a request (R12). */
  fileEvidence(replica: ReplicaId): void {
    if (!this.#evidence.has(replica)) this.#evidence.set(replica, 'file-digest');
  }

  /** Ends the session safely: nothing unvoted gets out. */
  stop(reason: string): void {
    if (this.#completed !== undefined) this.#finish(this.#completed);
    else if (this.#phase === 'starting') this.#fail(reason);
    else this.#end({ outcome: 'stopped', reason, exit: { status: exitStatus.failed } });
  }

  /** The file server is gone (R19). */
  fileServerLost(why: string): void {
    this.facts.trustedLost = true;
    this.stop(`file server lost: ${why}`);
  }

  fail(reason: string, status: number = exitStatus.failed): void {
    this.#fail(reason, status);
  }

  /** SIGINT, SIGTERM or SIGHUP from the user (R18). */
  signal(signal: number): void {
    if (this.#phase === 'ended') return;
    if (this.#completed !== undefined) this.#finish(this.#completed);
    else if (this.#phase === 'starting') this.#interrupt(signal);
    else this.#signals.raise(signal);
  }

  /** A signal that is not the program's business: ends the session (R18). */
  interrupt(signal: number): void {
    if (this.#phase === 'ended') return;
    if (this.#completed !== undefined) this.#finish(this.#completed);
    else this.#interrupt(signal);
  }

  suspend(): void {
    this.#suspended = true;
    this.#roster.tellLive({ type: 'suspend' });
    this.#outside.changed();
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#roster.tellLive({ type: 'resume' });
    // As all timers (R18): restarted from zero.
    if (this.#phase === 'starting') this.#startTimer();
    if (this.#phase === 'ending') this.#lingerTimer();
    if (this.#phase === 'running') this.#afterLeaving();
    this.#outside.changed();
  }

  #ownMessage(record: ReplicaRecord, message: ToMonitor, digest: string): void {
    const { replica } = record;
    this.facts.lastWords(replica, message);
    // One that is out has no word any more: it could let itself in again, or stop the others.
    if (!hasWord(record)) return;
    switch (message.type) {
      case 'started':
        if (record.state !== 'starting') break;
        record.replicaPid = message.replicaPid;
        record.files = message.files;
        record.state = 'member';
        this.#maybeRunning();
        break;
      case 'slot':
        this.#apply(this.#slots.arrive(replica, message.n, message.op, digest));
        break;
      case 'fenced':
        this.#leave(record, 'fenced', message.reason);
        break;
      case 'down':
        this.#leave(record, 'gone', `its process ended: ${message.reason}`);
        break;
      case 'lost':
        this.#lostNow();
        this.#nfsLostBy.add(replica);
        if (this.#nfsLostBy.size >= Math.min(2, this.#roster.live().length)) {
          this.fileServerLost('the tracers get no answer from it');
        }
        break;
      case 'stopped':
        this.#stopped(record, message.reason);
        break;
      case 'refused':
        this.facts.refuse(replica, message.kind, message.what, message.errno);
        break;
      case 'progress':
        this.facts.reach(replica, message.rendezvous);
        break;
      case 'disposition':
        this.#signals.answer(replica, message.signal, message.kind);
        break;
      case 'ready':
      case 'flag':
      case 'statistics':
      case 'ping':
        break;
    }
  }

  #ready(
    record: ReplicaRecord,
    link: ReplicaLink,
    message: Extract<ToMonitor, { type: 'ready' }>,
  ): void {
    record.link = link;
    record.connected = true;
    record.pid = message.pid;
    record.address = message.address;
    this.#outside.changed();
    if (this.#phase !== 'starting') return;
    if (this.#roster.all.some(({ address }) => address === undefined)) return;
    this.#roster.introduce((from, to, own) => this.#outside.route(from, to, own));
  }

  /** R0: nothing runs before all stand at their exec stop with the same bytes. */
  #maybeRunning(): void {
    if (this.#phase !== 'starting') return;
    const { all } = this.#roster;
    if (all.some(({ state }) => state !== 'member')) return;
    const difference = differenceOfFiles(new Map(all.map((each) => [each.replica, each.files])));
    if (difference !== undefined) {
      this.#fail(difference);
      return;
    }
    this.#phase = 'running';
    this.#cancelTimer();
    this.#roster.tellLive({ type: 'go' });
    this.#outside.changed();
  }

  #apply(decisions: SlotDecision[]): void {
    for (const decision of decisions) {
      if (this.#phase === 'ended') return;
      switch (decision.type) {
        case 'execute':
          this.#execute(decision.n, decision.op);
          break;
        case 'reply':
          if (decision.n === this.#exitSlot) this.#atEnd.add(decision.to);
          this.#roster
            .find(decision.to)
            ?.link?.send({ type: 'slot-reply', n: decision.n, ...decision.result });
          break;
        case 'odd':
          this.#atEnd.delete(decision.replica);
          this.#expel(decision.replica, `outvoted at the monitor, slot ${decision.n}`);
          break;
        case 'violation':
          this.#expel(
            decision.replica,
            `sent slot ${decision.got} where slot ${decision.expected} was due`,
          );
          break;
        case 'behind':
          this.#expel(decision.replica, `does not ask for slot ${decision.n}`);
          break;
        case 'no-quorum':
          this.stop('no quorum at monitor');
          break;
      }
    }
  }

  #execute(n: number, op: SlotOp): void {
    const nothing = Buffer.alloc(0);
    if (op.type === 'abort') {
      this.stop(op.reason);
    } else if (op.type === 'exit') {
      const exit = op.kind === 'signal' ? { signal: op.value } : { status: op.value };
      this.#completed = { outcome: 'completed', reason: '', exit };
      this.#phase = 'ending';
      this.#exitSlot = n;
      this.#lingerTimer();
      this.#outside.changed();
      this.#apply(this.#slots.done(n, { result: 0, bytes: nothing }));
    } else {
      void this.#outside.perform(op).then((result) => {
        if (this.#phase !== 'ended') this.#apply(this.#slots.done(n, result));
      });
    }
  }

  /** Its own word, or its silence, has shown it faulty; it fences, and its peers flag it for the closed connection. */
  #expel(replica: ReplicaId, reason: string): void {
    const record = this.#roster.find(replica);
    if (record === undefined || record.state !== 'member') return;
    if (!this.#evidence.has(replica)) this.#evidence.set(replica, 'output-digest');
    record.link?.send({ type: 'end', reason });
    record.link?.close();
    this.#leave(record, 'gone', reason);
  }

  #notice(notice: Notice): void {
    const nowNs = this.#outside.nowNs();
    const decision = this.#notices.add(notice, nowNs);
    if (decision.type === 'duplex') this.stop('notice in duplex');
    if (decision.type === 'flag') this.#flag(decision, nowNs);
  }

  #flag(decision: Extract<NoticeDecision, { type: 'flag' }>, tQuorumNs: number): void {
    const { accused, notices } = decision;
    const told = notices[0]?.mechanism as Mechanism;
    const fact = flagFact(notices, this.#mechanism(accused, told), tQuorumNs);
    const { k, mechanism, accusers } = fact;
    this.facts.flags.push(fact);
    this.#outside.say(
      `replica ${accused} flagged at rendezvous ${k}: ${mechanism} ` +
        `(accused by ${accusers.join(' and ')})`,
    );
    const record = this.#roster.find(accused) as ReplicaRecord;
    record.state = 'flagged';
    record.link?.send({ type: 'end', reason: `flagged: ${mechanism}` });
    record.link?.close();
    this.#roster.tellLive({ type: 'flagged', accused });
    this.#outside.stopReplica(accused);
    this.#leave(record, 'flagged', mechanism);
  }

  /** What monitor or file server saw explains a replica that merely fell silent. */
  #mechanism(accused: ReplicaId, told: Mechanism): Mechanism {
    const silent = told === 'connection-closed' || told === 'time-out';
    return (silent ? this.#evidence.get(accused) : undefined) ?? told;
  }

  /** R6, two members: either may stop the session. A lone tracer of three only leaves it. */
  #stopped(record: ReplicaRecord, reason: string): void {
    if (this.#phase === 'starting') {
      this.#fail(reason, startStatus(reason));
      return;
    }
    this.#stoppedBy.set(record.replica, reason);
    const members = this.#notices.members.length;
    if (members <= 2 || this.#stoppedBy.size >= 2) this.stop(reason);
    else this.#leave(record, 'gone', `stopped: ${reason}`);
  }

  #lostNow(): void {
    if (Number.isNaN(this.facts.tFirstLostNs)) this.facts.tFirstLostNs = this.#outside.nowNs();
  }

  #leave(record: ReplicaRecord, state: ReplicaState, reason: string): void {
    if (record.state !== 'flagged') record.state = state;
    record.reason ||= reason;
    this.#outside.changed();
    this.#apply(this.#slots.remove(record.replica));
    this.#afterLeaving();
  }

  #afterLeaving(): void {
    if (this.#phase === 'ended') return;
    const live = this.#roster.live().length;
    if (this.#completed !== undefined) {
      if (live === 0) this.#finish(this.#completed);
    } else if (live === 0) {
      this.stop(`no replica is left (${this.#roster.reasons()})`);
    } else if (live < Math.min(2, this.#options.replicas)) {
      // Nothing will be agreed any more. Mostly it says so itself, and why; a rogue says nothing.
      this.#cancelTimer();
      this.#cancelTimer = this.#outside.after(this.#options.lingerMs, () =>
        this.stop(`too few replicas are left (${this.#roster.reasons()})`),
      );
    }
  }

  /** A completed session says of each replica what became of it: a silent loss is a loss. */
  #noteLost(): void {
    const { flags, fences, lost } = this.facts;
    const known = new Set([...this.#atEnd, ...[...flags, ...fences].map(({ replica }) => replica)]);
    for (const { replica, reason } of this.#roster.all) {
      if (!known.has(replica)) lost.push({ replica, reason: reason || 'left behind' });
    }
  }

  #startTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#outside.after(this.#options.startTimeoutMs, () => {
      const late = this.#roster.all.filter(({ state }) => state === 'starting');
      this.#fail(
        `replica ${late.map(({ replica }) => replica).join(', ')} did not start within ` +
          `${this.#options.startTimeoutMs} ms: see the tracer's messages, or raise --start-timeout`,
      );
    });
  }

  #lingerTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#outside.after(this.#options.lingerMs, () => {
      if (this.#completed !== undefined) this.#finish(this.#completed);
    });
  }

  #interrupt(signal: number): void {
    this.#end({ outcome: 'interrupted', reason: `signal ${signal}`, exit: { signal } });
  }

  #fail(reason: string, status: number = exitStatus.failed): void {
    this.#end({ outcome: 'failed-to-start', reason, exit: { status } });
  }

  #end(result: SessionResult): void {
    if (this.#phase === 'ended') return;
    if (result.outcome === 'stopped') this.#outside.say(`stopped: ${result.reason}`);
    if (result.outcome === 'failed-to-start') this.#outside.say(`cannot start: ${result.reason}`);
    this.#finish(result);
  }

  #finish(result: SessionResult): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#cancelTimer();
    this.facts.notices = this.#notices.notices;
    if (result.outcome === 'completed') this.#noteLost();
    const connected = this.#roster.all.filter((record) => record.connected);
    // All are told before the first is gone: none is to take another's leaving for a fault.
    for (const { link } of connected) {
      link?.send({ type: 'end', reason: result.reason || result.outcome });
    }
    for (const { link, replica } of connected) {
      link?.close();
      this.#outside.stopReplica(replica);
    }
    this.#outside.changed();
    this.#resolve(result);
  }
}

/** A program that the replicas could not execute ends as env(1) says. */
function startStatus(reason: string): number {
  if (/\b(ENOEXEC|EACCES)\b/.test(reason)) return exitStatus.notExecutable;
  if (/\bENOENT\b/.test(reason)) return exitStatus.notFound;
  return exitStatus.failed;
}
