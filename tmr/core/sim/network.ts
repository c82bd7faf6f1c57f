/**
 * Connections between parties: in order, each message after a delay of its own, ended by a close
 * that comes after everything sent before it.
 */
import type { PeerMessage } from '../types.ts';
import { cloneView } from '../table.ts';
import { cloneVote } from '../vote.ts';
import type { ToMonitor, ToServer, FromService } from './services.ts';
import { priority } from './event-queue.ts';
import type { EventQueue } from './event-queue.ts';

/** Tracers are 1..7. */
export type Party = number;
export const fileServer: Party = 8;
export const monitor: Party = 9;

export type SimMessage = PeerMessage | ToServer | ToMonitor | FromService;

/** A fault on a link returns what arrives instead, or undefined for nothing. */
export type LinkFilter = (from: Party, to: Party, message: SimMessage) => SimMessage | undefined;

export interface NetworkOptions {
  queue: EventQueue;
  nowNs: () => number;
  /** Delays of messages, used in turn; ns. */
  delaysNs: readonly number[];
  filter: LinkFilter;
  extraDelayNs: (from: Party, to: Party, message: SimMessage) => number;
  deliver: (from: Party, to: Party, message: SimMessage) => void;
  closed: (at: Party, other: Party) => void;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #lastNs = new Map<number, number>();
  readonly #ended = new Set<number>();
  #sent = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  send(from: Party, to: Party, message: SimMessage): void {
    if (this.isClosed(from, to)) return;
    const arriving = this.#options.filter(from, to, copyMessage(message));
    const atNs = this.#nextArrival(from, to, this.#options.extraDelayNs(from, to, message));
    if (arriving === undefined) return;
    this.#schedule(to, atNs, () => {
      if (!this.#ended.has(link(to, from))) this.#options.deliver(from, to, arriving);
    });
  }

  /** One end closes: it hears nothing more; the other end reads what is under way, then the end. */
  close(from: Party, to: Party): void {
    if (this.isClosed(from, to)) return;
    this.#ended.add(link(from, to));
    this.#schedule(to, this.#nextArrival(from, to), () => {
      if (this.#ended.has(link(to, from))) return;
      this.#ended.add(link(to, from));
      this.#options.closed(to, from);
    });
  }

  /** Both ends are told, without either's doing. */
  reset(a: Party, b: Party): void {
    for (const [at, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#schedule(at, this.#nextArrival(other, at), () => {
        if (this.#ended.has(link(at, other))) return;
        this.#ended.add(link(at, other));
        this.#options.closed(at, other);
      });
    }
  }

  /** A process that came back dials again, and is let in. */
  reopen(a: Party, b: Party): void {
    this.#ended.delete(link(a, b));
    this.#ended.delete(link(b, a));
  }

  isClosed(from: Party, to: Party): boolean {
    return this.#ended.has(link(from, to));
  }

  #nextArrival(from: Party, to: Party, extraNs = 0): number {
    const { delaysNs, nowNs } = this.#options;
    const delayNs = delaysNs[this.#sent % Math.max(1, delaysNs.length)] ?? 1;
    this.#sent += 1;
    const atNs = Math.max(nowNs() + delayNs + extraNs, this.#lastNs.get(link(from, to)) ?? 0);
    this.#lastNs.set(link(from, to), atNs);
    return atNs;
  }

  #schedule(to: Party, atNs: number, run: () => void): void {
    const host = to < fileServer ? to : undefined;
    this.#options.queue.push({ atNs, priority: priority.message, host, run });
  }
}

const link = (from: Party, to: Party): number => from * 16 + to;

/** The core reuses what it hands out, so a message on the way is a copy. */
const copyMessage = (message: SimMessage): SimMessage => {
  switch (message.type) {
    case 'vote':
      return { type: 'vote', vote: cloneVote(message.vote) };
    case 'relay':
      return { ...message, vote: cloneVote(message.vote) };
    case 'view':
      return { ...message, entries: cloneView(message.entries) };
    default:
      return { ...message };
  }
};
