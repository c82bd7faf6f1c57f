/**
 * The `local` hosts: one process for each tracer daemon and one for the NFS server, kept running
 * between trials. A trial is a session on them; what a fault killed is started again.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceProcess } from './service-process.ts';

export interface LocalHostsOptions {
  /** The campaign's private directory. */
  directory: string;
  replicas: number;
  /** Trials at the same time. */
  jobs: number;
}

/** What a monitor must know to start a session here. */
export interface HostAddresses {
  tracers: string[];
  nfs: string;
  secretFile: string;
}

const LOOPBACK = '127.0.0.1:0';

export class LocalHosts {
  readonly secretFile: string;
  readonly #options: LocalHostsOptions;
  #tracers: ServiceProcess[] = [];
  #nfs: ServiceProcess | undefined;
  #closed = false;
  /** One start or stop at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #killAll = (): void => {
    for (const service of this.#services) service.kill();
  };

  constructor(options: LocalHostsOptions) {
    this.#options = options;
    this.secretFile = join(mkdtempSync(join(options.directory, 'hosts-')), 'secret');
    writeFileSync(this.secretFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    process.once('exit', this.#killAll);
  }

  /** Starts what is not running. Rejects when a daemon does not come up. */
  ready(): Promise<HostAddresses> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new Error('the hosts are closed');
      if (this.#nfs?.alive !== true) this.#nfs = this.#startNfs();
      for (let index = 0; index < this.#options.replicas; index++) {
        if (this.#tracers[index]?.alive !== true) this.#tracers[index] = this.#startTracer();
      }
      const [nfs, ...tracers] = await Promise.all(this.#services.map(({ address }) => address));
      return { nfs: nfs!, tracers, secretFile: this.secretFile };
    });
  }

  /** After a hang: nothing that an earlier session left behind may touch the next. */
  restart(): Promise<void> {
    return this.#inTurn(() => this.#stopAll());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#inTurn(() => this.#stopAll());
    process.off('exit', this.#killAll);
  }

  /** Pids of the daemons, the NFS server's first. */
  get pids(): number[] {
    return this.#services.map(({ pid }) => pid);
  }

  get #services(): ServiceProcess[] {
    return this.#nfs === undefined ? this.#tracers : [this.#nfs, ...this.#tracers];
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    this.#nfs = undefined;
    this.#tracers = [];
  }

  #startNfs(): ServiceProcess {
    const where = ['--export', '/', '--listen', LOOPBACK];
    return new ServiceProcess(['nfs', ...where, '--secret-file', this.secretFile]);
  }

  #startTracer(): ServiceProcess {
    const { jobs } = this.#options;
    // A session that a fault ended may still be leaving when the next begins.
    const limits = ['--max-sessions', String(2 * jobs + 2), '--keep-idle', String(jobs)];
    const where = ['--listen', LOOPBACK, '--secret-file', this.secretFile];
    return new ServiceProcess(['tracer', ...where, ...limits]);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
