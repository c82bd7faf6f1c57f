/**
 * Feeds the events of a model's trace to real cores and compares what they do, effect by effect. What
 * the model prints about a tracer's host (its crash, a reply that makes it fence) ends the comparison
 * there, since the core hears nothing of it.
 *
 * Not compared: the mask `direct` in votes that are relayed or shown in views (nothing reads it there),
 * reasons in words, times in flags, seals that a core makes or passes on.
 */
import { createCore } from '../create-core.ts';
import { sealedBy, sealKeysOf } from '../sim/seals.ts';
import type {
  CoreEffect,
  CoreEvent,
  PeerMessage,
  ProtocolCore,
  ViewEntry,
  Vote,
} from '../types.ts';
import { blankVote } from '../vote.ts';

/** One tick of the model in the core's ns. */
const tickNs = 1000;

export interface Timing {
  T: number;
  Q: number;
  D: number;
}

export interface Replayed {
  /** Where model and core part: the event, what the model does, what the core does. */
  differences: string[];
  events: number;
  /** Names of events and effects that occurred. */
  seen: Set<string>;
}

export function replay(lines: readonly string[], timing: Timing): Replayed {
  const trio = new Trio(timing);
  for (const line of lines) trio.read(line);
  trio.compare();
  return trio;
}

class Trio implements Replayed {
  readonly differences: string[] = [];
  readonly seen = new Set<string>();
  events = 0;
  readonly #cores = new Map<number, ProtocolCore>();
  /** Held by a fault: what is due there may wait. */
  readonly #stopped = new Set<number>();
  #tick = 0;
  #event: { line: string; actual: string[] } | undefined;
  #expected: string[] = [];

  constructor(timing: Timing) {
    for (let self = 1; self <= 3; self += 1) this.#cores.set(self, startedCore(self, timing));
  }

  read(line: string): void {
    const [kind = '', ...words] = line.split(' ');
    switch (kind) {
      case 'EV':
        this.compare();
        this.#happen(line, fieldsOf(words));
        break;
      case 'EF':
        this.#expected.push(effectOf(words));
        break;
      case 'TICK':
        this.compare();
        this.#nothingIsDue();
        this.#tick += 1;
        break;
      case 'HOST':
        this.compare();
        this.#leaveToItsHost(line);
        break;
      default:
        break;
    }
  }

  /** The effects of the last event, once all of the model's are read. */
  compare(): void {
    if (this.#event !== undefined) {
      const { line, actual } = this.#event;
      for (const effect of actual) this.seen.add(effect.split(' ')[0] ?? '');
      if (actual.join('\n') !== this.#expected.join('\n')) {
        this.differences.push(
          `${line}\n  model: ${this.#expected.join('; ')}\n  core:  ${actual.join('; ')}`,
        );
      }
    }
    this.#event = undefined;
    this.#expected = [];
  }

  #happen(line: string, fields: Fields): void {
    // What follows would be of another session.
    if (this.differences.length > 0) return;
    const tracer = fields.number('tracer');
    const core = this.#cores.get(tracer);
    if (core === undefined) {
      this.differences.push(`${line}\n  an event of a tracer that is gone`);
      return;
    }
    if (fields.number('t') !== this.#tick) {
      this.differences.push(`${line}\n  at tick ${this.#tick}`);
    }
    this.events += 1;
    this.#stopped.delete(tracer);
    const event = eventOf(fields);
    this.seen.add(event.type === 'message' ? nameOfMessage(event.message, fields) : event.type);
    const nowNs = this.#tick * tickNs;
    if (event.type === 'timer' && core.nextDeadlineNs() > nowNs) {
      this.differences.push(`${line}\n  core: nothing is due before ${core.nextDeadlineNs()} ns`);
    }
    const actual = core.handle(event, nowNs).map(nameOf);
    if (actual.some((effect) => ['fence', 'stop', 'ended'].includes(effect))) {
      this.#cores.delete(tracer);
    }
    this.#event = { line, actual };
  }

  /** The model lets time pass: no core may have anything due either. */
  #nothingIsDue(): void {
    for (const [tracer, core] of this.#cores) {
      if (!this.#stopped.has(tracer) && core.nextDeadlineNs() <= this.#tick * tickNs) {
        this.differences.push(
          `tick ${this.#tick}: a timer of core ${tracer} is due, none in the model`,
        );
      }
    }
  }

  #leaveToItsHost(line: string): void {
    const tracer = Number(/tracer=(\d)/.exec(line)?.[1] ?? 0);
    if (line.endsWith('stops')) this.#stopped.add(tracer);
    else this.#cores.delete(tracer);
  }
}

/** A core whose rendezvous 0 is closed; the clocks as in the model's CLOCK. */
function startedCore(self: number, { T, Q, D }: Timing): ProtocolCore {
  const core = createCore({
    self,
    replicas: 3,
    policy: 'agreed',
    timeoutFrom: 'quorum',
    detect: 'any',
    timeoutNs: T * tickNs,
    askDelayNs: Q * tickNs,
    linkDelayNs: D * tickNs,
    // No timer of the model is late.
    tickNs: 0,
    startTimeoutNs: 1e9,
    sealKeys: sealKeysOf(self, 3),
  });
  const clocks = [3, 0, 2];
  clocks.forEach((clock, index) => {
    const from = index + 1;
    const vote = sealedBy(from, voteOf(0, 4 | (clock << 3), 0));
    if (from !== self) core.handle({ type: 'message', from, message: { type: 'vote', vote } }, 0);
  });
  core.handle({ type: 'own-vote', vote: voteOf(0, 4 | ((clocks[self - 1] ?? 0) << 3), 0) }, 0);
  return core;
}

// --- the model's words -> the core's ------------------------------------------------------------

interface Fields {
  kind: string;
  number: (name: string) => number;
}

function fieldsOf(words: readonly string[]): Fields {
  const pairs = new Map(words.map((word) => word.split('=') as [string, string | undefined]));
  const kind = words.find((word) => !word.includes('=')) ?? '';
  return { kind, number: (name) => Number(pairs.get(name)) };
}

/** Message types of tmr.pml by number. */
const messageTypes = ['', 'vote', 'relay', 'view', 'ask', 'down', 'done', 'ping', 'pong'] as const;

/** An entry of tmr.pml: 4 | signature | inputs << 3, or OPEN, MISSING, DOWN, ABSENT. */
const voteOf = (k: number, entry: number, direct: number): Vote => ({
  ...blankVote(),
  k,
  call: 39,
  sigHi: k,
  sigLo: entry & 3,
  inputs: { elapsedNs: ((entry >> 3) & 7) * tickNs, marks: 0 },
  direct,
});
const entryOf = (vote: Vote): number => 4 | vote.sigLo | ((vote.inputs.elapsedNs / tickNs) << 3);

const states = ['open', 'missing', 'down'] as const;
const absent = 3;

function eventOf(fields: Fields): CoreEvent {
  switch (fields.kind) {
    case 'own-vote':
      return { type: 'own-vote', vote: voteOf(fields.number('k'), fields.number('vote'), 0) };
    case 'link-closed':
      return { type: 'link-closed', peer: fields.number('peer') };
    case 'message':
      return { type: 'message', from: fields.number('from'), message: messageOf(fields) };
    case 'replica-dead':
      return { type: 'replica-dead', reason: 'signal 9' };
    case 'end':
    case 'timer':
      return { type: fields.kind };
    default:
      throw new Error(`expected an event of the core, the model says "${fields.kind}"`);
  }
}

/** How tmr.pml says that the seal of a vote or relay does not fit: its c is not 0. */
function brought(origin: number, vote: Vote, c: number): Vote {
  const sealed = sealedBy(origin, vote);
  return c === 0 ? sealed : { ...sealed, seal: sealed.seal + 1 };
}

const nameOfMessage = ({ type }: PeerMessage, { number }: Fields): string =>
  (type === 'vote' || type === 'relay') && number('c') !== 0 ? `${type} without its seal` : type;

function messageOf({ number }: Fields): PeerMessage {
  const [k, a, b, c] = [number('k'), number('a'), number('b'), number('c')];
  const type = messageTypes[number('type')];
  switch (type) {
    case 'vote':
      return { type, vote: brought(number('from'), voteOf(k, a, b), c) };
    case 'relay':
      return { type, origin: b, vote: brought(b, voteOf(k, a, 0), c) };
    case 'view':
      return { type, stream: 0, k, entries: viewOf(k, [a, b, c]) };
    case 'ask':
      return { type, stream: 0, k, missing: a };
    case 'down':
      return { type, reason: 'signal 9' };
    case 'done':
    case 'ping':
    case 'pong':
      return { type };
    default:
      throw new Error(`expected a message type of tmr.pml, found ${number('type')}`);
  }
}

const viewOf = (k: number, entries: readonly number[]): ViewEntry[] =>
  entries.flatMap((entry, index): ViewEntry[] => {
    const replica = index + 1;
    if (entry === absent) return [];
    const state = states[entry];
    if (state !== undefined) return [{ replica, state }];
    return [{ replica, state: 'vote', vote: voteOf(k, entry, 0) }];
  });

// --- effects, as text, from both sides ------------------------------------------------------------

const mechanisms = ['', 'signature', 'time-out', 'connection-closed', 'replica-dead'];

/** What the model prints after `EF`. */
function effectOf(words: readonly string[]): string {
  const { kind, number } = fieldsOf(words);
  switch (kind) {
    case 'send': {
      const type = messageTypes[number('type')] ?? '';
      const said = `${type} to=${number('to')}`;
      const [k, a, b, c] = [number('k'), number('a'), number('b'), number('c')];
      if (type === 'vote') return `${said} k=${k} vote=${a} direct=${b}`;
      if (type === 'relay') return `${said} k=${k} vote=${a} origin=${b}`;
      if (type === 'view') return `${said} k=${k} entries=${a},${b},${c}`;
      if (type === 'ask') return `${said} k=${k} missing=${a}`;
      return said;
    }
    case 'go-on':
      return `go-on k=${number('k')} inputs=${number('inputs')} members=${number('members')}`;
    case 'flag':
      return `flag accused=${number('accused')} k=${number('k')} ${mechanisms[number('mechanism')]}`;
    case 'close-link':
      return `close-link ${number('peer')}`;
    case 'link-suspect':
      return `link-suspect ${number('peer')} k=${number('k')}`;
    default:
      return kind;
  }
}

function nameOf(effect: CoreEffect): string {
  switch (effect.type) {
    case 'send':
      return sendOf(effect.to, effect.message);
    case 'go-on': {
      const members = effect.members.reduce((mask, member) => mask | (1 << (member - 1)), 0);
      return `go-on k=${effect.k} inputs=${effect.inputs.elapsedNs / tickNs} members=${members}`;
    }
    case 'flag':
      return `flag accused=${effect.accused} k=${effect.k} ${effect.mechanism}`;
    case 'close-link':
      return `close-link ${effect.peer}`;
    case 'link-suspect':
      return `link-suspect ${effect.peer} k=${effect.k}`;
    default:
      return effect.type;
  }
}

function sendOf(to: number, message: PeerMessage): string {
  const said = `${message.type} to=${to}`;
  switch (message.type) {
    case 'vote':
      return `${said} k=${message.vote.k} vote=${entryOf(message.vote)} direct=${message.vote.direct}`;
    case 'relay':
      return `${said} k=${message.vote.k} vote=${entryOf(message.vote)} origin=${message.origin}`;
    case 'view': {
      const entries = [1, 2, 3].map((replica) => {
        const entry = message.entries.find((one) => one.replica === replica);
        if (entry === undefined) return absent;
        return entry.vote === undefined
          ? (states as readonly string[]).indexOf(entry.state)
          : entryOf(entry.vote);
      });
      return `${said} k=${message.k} entries=${entries.join()}`;
    }
    case 'ask':
      return `${said} k=${message.k} missing=${message.missing}`;
    default:
      return said;
  }
}
