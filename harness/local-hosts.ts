/**
 * The `local` hosts: one process for each tracer daemon and one for the NFS server, kept running
 * between trials. A trial is a session on them; what a fault killed is started again.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDead, type ProcessIdentity } from '../faults/process-state.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import { interposeModule, tmrScript } from './entry-points.ts';
import type { EventSink, Hosts, MonitorRun } from './hosts.ts';
import { runProcess, type ProcessEnd } from './process-run.ts';
import { ServiceProcess } from './service-process.ts';

export interface LocalHostsOptions {
  /** The campaign's private directory. */
  directory: string;
  replicas: number;
  /** Trials at the same time. */
  jobs: number;
}

const LOOPBACK = '127.0.0.1:0';

export class LocalHosts implements Hosts {
  readonly name = 'local';
  readonly owner = null;
  readonly control = null;
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
  async ready(): Promise<void> {
    await this.addresses();
  }

  /** As `ready`; options of `tmr monitor` that say where the parts are. */
  addresses(): Promise<string[]> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new Error('the hosts are closed');
      if (this.#nfs?.alive !== true) this.#nfs = this.#startNfs();
      for (let index = 0; index < this.#options.replicas; index++) {
        if (this.#tracers[index]?.alive !== true) this.#tracers[index] = this.#startTracer();
      }
      const [nfs, ...tracers] = await Promise.all(this.#services.map(({ address }) => address));
      const where = ['--tracers', tracers.join(','), '--nfs', nfs!];
      return [...where, '--secret-file', this.secretFile];
    });
  }

  get interposeModule(): string {
    return interposeModule();
  }

  async runMonitor({ options, ...run }: MonitorRun): Promise<ProcessEnd> {
    const where = await this.addresses();
    const command = [process.execPath, tmrScript(), 'monitor', ...where, ...options];
    return runProcess({ ...run, command });
  }

  /** Session processes append to the file itself. */
  openEvents(file: string): EventSink {
    return {
      eventLog: file,
      write: (event) => appendFileSync(file, `${JSON.stringify(event)}\n`),
      close: () => Promise.resolve(),
    };
  }

  isDead(_: ReplicaId, process: ProcessIdentity): Promise<boolean> {
    return Promise.resolve(isDead(process));
  }

  describe(): Promise<Record<string, unknown>> {
    return Promise.resolve({});
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
