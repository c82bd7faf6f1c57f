/** The `docker` hosts: a room of containers that stands between trials (tmr/containers). */
import { appendFileSync, createReadStream, createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEventLine, type WriteEvent } from '../faults/event-log.ts';
import type { ContainerControl } from '../faults/container-injector.ts';
import type { ProcessIdentity } from '../faults/process-state.ts';
import { demultiplex } from '../tmr/containers/demultiplex.ts';
import { openRoom } from '../tmr/containers/open-room.ts';
import { imagePaths } from '../tmr/containers/image.ts';
import type { ContainerRoom } from '../tmr/containers/room.ts';
import { callerVariable } from '../tmr/monitor/program.ts';
import type { ReplicaId } from '../tmr/core/types.ts';
import { containerControl } from './container-control.ts';
import type { EventSink, Hosts, MonitorRun } from './hosts.ts';
import { monotonicNs, type ProcessEnd } from './process-run.ts';
import type { DockerOptions } from './types.ts';

export interface DockerHostsOptions {
  /** The campaign's private directory: shared with file server and monitor. */
  directory: string;
  replicas: number;
  jobs: number;
  docker: DockerOptions;
  /** Programs of the workloads, and those that lie on volumes. */
  programs: readonly string[];
  onVolumes: readonly string[];
}

/** A line of an injector reaches us within this after it was written; measured: below 5 ms. */
const EVENTS_SETTLE_MS = 60;

export class DockerHosts implements Hosts {
  readonly name = 'docker';
  readonly interposeModule = imagePaths.interpose;
  readonly #room: ContainerRoom;
  readonly #sinks = new Map<string, (line: string) => void>();
  /** Directories outside of runs that the containers have got. */
  readonly #pushed = new Set<string>();
  readonly control: ContainerControl;
  #sinkNumber = 0;

  private constructor(open: (onLine: (line: string) => void) => ContainerRoom) {
    this.#room = open((line) => this.#take(line));
    this.control = containerControl(this.#room);
  }

  /** Finds the engines and makes the image. Rejects with what is missing. */
  static async open(
    options: DockerHostsOptions,
    onLine: (line: string) => void,
  ): Promise<DockerHosts> {
    const { docker, directory, ...rest } = options;
    const make = await openRoom({ ...docker, ...rest, shared: [directory] }, onLine);
    return new DockerHosts(make);
  }

  get owner(): { uid: number; gid: number } | null {
    return process.getuid?.() === this.#room.user.uid ? null : this.#room.user;
  }

  ready(): Promise<void> {
    return this.#room.ready();
  }

  restart(): Promise<void> {
    return this.#room.restart();
  }

  close(): Promise<void> {
    return this.#room.close();
  }

  async runMonitor(run: MonitorRun): Promise<ProcessEnd> {
    run.signal.throwIfAborted();
    if (!this.#pushed.has(run.cwd)) await this.#room.push(run.cwd);
    this.#pushed.add(run.cwd);
    await this.#room.push(run.directory);
    const session = await this.#room.startSession(run.options, {
      cwd: run.cwd,
      environment: callerVariable(run.environment),
      tty: false,
    });
    const startNs = monotonicNs();
    let type = 'exited' as ProcessEnd['type'];
    const { connection } = session;
    // The process itself ends with its container, which the caller replaces.
    const breakOff = (): void => void connection.destroy();
    const timer = setTimeout(() => {
      type = 'limit';
      breakOff();
    }, run.limitMs);
    run.signal.addEventListener('abort', breakOff);
    const [stdout, stderr] = [run.stdout, run.stderr].map((path) =>
      createWriteStream(path, { mode: 0o600 }),
    );
    try {
      if (run.stdin === null) connection.end();
      else createReadStream(run.stdin).pipe(connection);
      await demultiplex(connection, stdout!, stderr!).catch(() => undefined);
      run.signal.throwIfAborted();
      const status = type === 'limit' ? null : await session.status();
      const endNs = monotonicNs();
      if (type === 'exited') {
        // Its streams came to us, and lie there already.
        const streams = [run.stdout, run.stderr].map((path) => basename(path));
        await this.#room.pull(run.directory, run.directory, streams);
      }
      return { type, status, signal: null, startNs, endNs };
    } finally {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', breakOff);
      session.release();
      await Promise.all([stdout!, stderr!].map((stream) => finished(stream.end())));
    }
  }

  openEvents(file: string, onEvent: WriteEvent): EventSink {
    const tag = `${process.pid}-${this.#sinkNumber++}`;
    const events: string[] = [];
    this.#sinks.set(tag, (line) => {
      const parsed = parseEventLine(line);
      if (parsed === undefined) return;
      events.push(`${JSON.stringify(parsed.event)}\n`);
      onEvent(parsed.event);
    });
    return {
      eventLog: { stderr: tag },
      write: (event) => void events.push(`${JSON.stringify(event)}\n`),
      close: async () => {
        await sleep(EVENTS_SETTLE_MS);
        this.#sinks.delete(tag);
        appendFileSync(file, events.join(''));
      },
    };
  }

  async isDead(replica: ReplicaId, { pid, startTime }: ProcessIdentity): Promise<boolean> {
    const state = await this.control.state(replica);
    return !state.running || this.#room.isProcessGone(replica, pid, startTime);
  }

  async describe(): Promise<Record<string, unknown>> {
    return { engines: await this.#room.describe() };
  }

  /** `tmr-event TAG {...}` of any tracer. */
  #take(line: string): void {
    const tag = /^tmr-event (\S+) /.exec(line)?.[1];
    if (tag !== undefined) this.#sinks.get(tag)?.(line);
  }
}
