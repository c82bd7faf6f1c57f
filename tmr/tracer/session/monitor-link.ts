/** The session process's side of the monitor connection: slots, news, signals (R13, R16, R18, R19). */
import * as native from 'ptrace-napi';
import { checkFrame, encodeFrame } from '../../wire/frame.ts';
import type { FromMonitor, SlotOp, ToMonitor } from '../../wire/messages.ts';
import { decodeFromMonitor, encodeToMonitor } from '../../wire/monitor-codec.ts';
import { XdrWriter } from '../../wire/xdr.ts';
import type { MonitorPort } from '../ports.ts';
import type { Link } from './link.ts';
import type { Pump } from './pump.ts';
import { SessionEnd } from './session-end.ts';

/** What the session does with news that is no answer to a slot. */
export interface MonitorNews {
  peers(peers: Extract<FromMonitor, { type: 'peers' }>['peers']): void;
  /** All replicas have the same bytes: the program may run. */
  go(): void;
  signal(signal: number): void;
  suspend(): void;
  resume(): void;
  /** The connection ended. */
  closed(): void;
  /** Anything came: the monitor lives. */
  heard(): void;
}

export class MonitorLink implements MonitorPort {
  readonly #link: Link;
  readonly #pump: Pump;
  readonly #writer = new XdrWriter(64 * 1024);
  readonly #sendTimeoutNs: number;
  #slot = 0;
  /** What `send` goes through; fault injection may stand in between. */
  outlet: (message: ToMonitor) => void = (message) => this.transmit(message);
  #reply: { result: number; bytes: Buffer } | undefined;

  constructor(link: Link, pump: Pump, sendTimeoutNs: number, news: MonitorNews) {
    this.#link = link;
    this.#pump = pump;
    this.#sendTimeoutNs = sendTimeoutNs;
    pump.watch(link, {
      record: (body) => {
        news.heard();
        this.#receive(body, news);
      },
      closed: () => news.closed(),
    });
  }

  send(message: ToMonitor): void {
    this.outlet(message);
  }

  /** Blocks at most for the send time-out; a monitor that takes nothing is a lost one. */
  transmit(message: ToMonitor): void {
    const frame = encodeFrame(this.#writer, (w) => encodeToMonitor(w, message));
    this.#link.send(frame, native.monotonicNs() + this.#sendTimeoutNs);
  }

  slot(op: SlotOp): { result: number; bytes: Buffer } {
    this.#reply = undefined;
    this.send({ type: 'slot', n: this.#slot, op });
    this.#pump.until(() => this.#reply !== undefined);
    this.#slot++;
    return this.#reply ?? { result: 0, bytes: Buffer.alloc(0) };
  }

  refused(kind: 'call' | 'path', what: string, errno: string, fatal: boolean): void {
    this.send({ type: 'refused', kind, what, errno, fatal });
  }

  /** The pump closes the link and tells the session, as if the other end had. */
  drop(): void {
    this.#link.closed = true;
  }

  close(): void {
    if (!this.#link.closed) this.#link.close();
  }

  #receive(record: Buffer, news: MonitorNews): void {
    const body = checkFrame(record);
    if (body === undefined) return;
    const message = decodeFromMonitor(body);
    switch (message.type) {
      case 'slot-reply':
        // The bytes are a view on the link's buffer, and the handler will wait again.
        if (message.n === this.#slot) {
          this.#reply = { result: message.result, bytes: Buffer.from(message.bytes) };
        }
        break;
      case 'peers':
        news.peers(message.peers);
        break;
      case 'go':
        news.go();
        break;
      case 'signal':
        news.signal(message.signal);
        break;
      case 'suspend':
        news.suspend();
        break;
      case 'resume':
        news.resume();
        break;
      case 'end':
        throw new SessionEnd('ended', message.reason);
      case 'flagged':
      case 'pong':
        break;
    }
  }
}
