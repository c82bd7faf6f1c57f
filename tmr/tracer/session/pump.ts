/**
 * The one place where a session process waits for its sockets. Every wait, whether for a vote, a
 * file call, a slot or while the replica computes, turns this pump, so that asks, views and pings
 * are answered within a tick (R9). Timers are looked at only after the sockets have been drained
 * (protocol.md 1).
 */
import * as native from 'ptrace-napi';
import type { Link } from './link.ts';

/** What to do with what arrives. Handlers may throw SessionEnd. */
export interface PumpHandler {
  /** A record's body; a view, valid until the handler returns. */
  record(body: Buffer): void;
  closed(): void;
}

interface Watched {
  link: Link;
  handler: PumpHandler;
  gone: boolean;
}

/** Something with a deadline: the core, liveness of the services, the grace after a loss. */
export interface Timed {
  nextDeadlineNs(): number;
  /** Called when its deadline has passed, the sockets drained. */
  expire(nowNs: number): void;
}

const MAX_LINKS = 16;
/** A peer's vote is mostly this near; a sleep and its wake-up on another core cost as much. */
const SPIN_NS = 50_000;

export class Pump {
  readonly #watched: Watched[] = [];
  readonly #timed: Timed[] = [];
  readonly #fds = new Int32Array(MAX_LINKS);
  readonly #ready = new Uint8Array(MAX_LINKS);
  #fresh = false;

  watch(link: Link, handler: PumpHandler): void {
    this.#watched.push({ link, handler, gone: false });
    const i = this.#watched.length - 1;
    this.#fds[i] = link.fd;
    // HELLO may have read a record beyond its own.
    this.#fresh = true;
  }

  addTimed(timed: Timed): void {
    this.#timed.push(timed);
  }

  /** Turns until `done` says so. */
  until(done: () => boolean): void {
    while (!done()) this.turn(Infinity, SPIN_NS);
  }

  /** Waits for traffic, the deadline given or the next timer; takes what is there; fires what is due. */
  turn(deadlineNs: number, spinNs = 0): void {
    if (this.#fresh) this.#takeAll();
    for (let i = 0; i < this.#watched.length; i++) this.#watched[i]?.link.flush();
    const until = Math.min(deadlineNs, this.#nextDeadlineNs());
    const count = native.poll(this.#fds, this.#watched.length, this.#ready, until, spinNs);
    if (count < 0) return; // A signal: the sockets were not looked at, so no timer may fire.
    if (count > 0) {
      for (let i = 0; i < this.#watched.length; i++) if (this.#ready[i] === 1) this.#take(i);
    }
    this.#reapClosed();
    this.#expire();
  }

  /** A turn that does not wait: for ticks while the replica runs. */
  poll(): void {
    this.turn(0);
  }

  #takeAll(): void {
    this.#fresh = false;
    for (let i = 0; i < this.#watched.length; i++) this.#take(i);
  }

  /** A link that a failed send closed has no readiness to tell. */
  #reapClosed(): void {
    for (let i = 0; i < this.#watched.length; i++) this.#noticeClosed(i);
  }

  #take(i: number): void {
    const watched = this.#watched[i];
    if (watched === undefined || watched.gone) return;
    const { link, handler } = watched;
    if (!link.closed) {
      link.receive();
      for (let body = link.next(); body !== undefined; body = link.next()) handler.record(body);
    }
    this.#noticeClosed(i);
  }

  #noticeClosed(i: number): void {
    const watched = this.#watched[i];
    if (watched === undefined || watched.gone || !watched.link.closed) return;
    watched.gone = true;
    this.#fds[i] = -1;
    watched.link.close();
    watched.handler.closed();
  }

  #expire(): void {
    const nowNs = native.monotonicNs();
    for (const timed of this.#timed) {
      if (nowNs >= timed.nextDeadlineNs()) timed.expire(nowNs);
    }
  }

  #nextDeadlineNs(): number {
    let next = Infinity;
    for (const timed of this.#timed) next = Math.min(next, timed.nextDeadlineNs());
    return next;
  }
}
