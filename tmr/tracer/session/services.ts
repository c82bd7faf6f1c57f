/**
 * Liveness of the trusted parties (R19): pings every L/4, and when NFS server or monitor is lost the
 * session does nothing more that has effect, tells the other, and ends T/4 later.
 */
import * as native from 'ptrace-napi';
import type { Timed } from './pump.ts';
import { SessionEnd } from './session-end.ts';

export type Party = 'file server' | 'monitor';

export class Services implements Timed {
  readonly #serviceTimeoutNs: number;
  readonly #graceNs: number;
  readonly #ping: Record<Party, () => void>;
  readonly #tell: (lost: Party) => void;
  #heardNs: Record<Party, number>;
  #nextPingNs: number;
  #lost: Party | undefined;
  #leaveNs = Infinity;

  constructor(options: {
    /** L (R19). */
    serviceTimeoutNs: number;
    /** T/4: time for the others to hear of it. */
    graceNs: number;
    ping: Record<Party, () => void>;
    tell: (lost: Party) => void;
  }) {
    this.#serviceTimeoutNs = options.serviceTimeoutNs;
    this.#graceNs = options.graceNs;
    this.#ping = options.ping;
    this.#tell = options.tell;
    const nowNs = native.monotonicNs();
    this.#heardNs = { 'file server': nowNs, monitor: nowNs };
    this.#nextPingNs = nowNs + this.#serviceTimeoutNs / 4;
  }

  /** True once a party is lost: no further call may take effect. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  heard(party: Party): void {
    this.#heardNs[party] = native.monotonicNs();
  }

  lose(party: Party): void {
    if (this.#lost !== undefined) return;
    this.#lost = party;
    this.#leaveNs = native.monotonicNs() + this.#graceNs;
    this.#tell(party);
  }

  /** Ctrl-Z (R18): nobody is expected to answer. */
  suspend(): void {
    this.#nextPingNs = Infinity;
  }

  resume(): void {
    const nowNs = native.monotonicNs();
    this.#heardNs = { 'file server': nowNs, monitor: nowNs };
    this.#nextPingNs = nowNs + this.#serviceTimeoutNs / 4;
  }

  nextDeadlineNs(): number {
    // Paused, or one is lost already.
    if (this.#nextPingNs === Infinity) return this.#leaveNs;
    const heardNs = Math.min(this.#heardNs['file server'], this.#heardNs.monitor);
    return Math.min(this.#nextPingNs, heardNs + this.#serviceTimeoutNs);
  }

  expire(nowNs: number): void {
    if (this.#lost !== undefined) {
      if (nowNs >= this.#leaveNs) throw new SessionEnd('lost', `${this.#lost} lost`);
      this.#nextPingNs = Infinity;
      return;
    }
    // Stopped meanwhile, with its container perhaps: nobody was asked, so nobody owes an answer.
    if (nowNs - this.#nextPingNs > this.#serviceTimeoutNs / 2) {
      this.#heardNs = { 'file server': nowNs, monitor: nowNs };
    }
    const isPingDue = nowNs >= this.#nextPingNs;
    for (const party of ['file server', 'monitor'] as const) {
      if (nowNs - this.#heardNs[party] >= this.#serviceTimeoutNs) this.lose(party);
      else if (isPingDue) this.#ping[party]();
    }
    if (isPingDue) this.#nextPingNs = nowNs + this.#serviceTimeoutNs / 4;
  }
}
