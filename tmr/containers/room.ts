/**
 * The whole system in containers: one for each tracer, one for the NFS server, one for the monitor, on
 * networks of their own. It stands across sessions; what a fault broke is replaced. See ARCHITECTURE.md,
 * "Containers".
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Container } from 'dockerode';
import { messageOf, StartError } from '../monitor/errors.ts';
import { allDone } from './all-done.ts';
import { execIn, PartContainer, type ExecRequest, type ExecRun } from './container.ts';
import { demultiplex } from './demultiplex.ts';
import type { Engine } from './engine.ts';
import { imagePaths } from './image.ts';
import { ownerLabel } from './leftovers.ts';
import {
  hardened,
  ordinaryUser,
  userText,
  type ContainerLimits,
  type ContainerUser,
} from './privileges.ts';
import { PART_LABEL, ROOM_LABEL } from './rooms.ts';
import { pathsBelow } from './sync-back.ts';
import {
  engineOf,
  privateTopology,
  publishedTopology,
  type Part,
  type Topology,
} from './topology.ts';
import { giveVolumes, mountOf, pull, push, type SharedDirectory } from './transfer.ts';

export interface RoomOptions {
  /** One, or several for tracers on different machines. */
  engines: readonly Engine[];
  /** The tag that every engine has. */
  image: string;
  replicas: number;
  /** Sessions at once. */
  jobs: number;
  /** Directories that file server and monitor share with us, at the same path. */
  shared: readonly string[];
  transfer: 'auto' | 'bind' | 'copy';
  sessionPorts: string;
  limits: ContainerLimits;
  /** Lines that tracers write to stderr. */
  onLine?: (replica: number, line: string) => void;
}

export class ContainerRoom {
  readonly id = randomBytes(4).toString('hex');
  readonly user: ContainerUser = ordinaryUser();
  readonly #options: RoomOptions;
  readonly #secret = randomBytes(32).toString('hex');
  readonly #labels: Record<string, string>;
  readonly #parts = new Map<Part, PartContainer>();
  readonly #freeSlots: number[];
  readonly #sent = new Map<string, ReadonlySet<string>>();
  #topology: Topology | undefined;
  #shared: SharedDirectory[] = [];
  #isSetUp = false;
  #closed = false;
  /** One start or stop at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#labels = { ...ownerLabel(), [ROOM_LABEL]: this.id };
    this.#freeSlots = Array.from({ length: options.jobs }, (_, slot) => slot);
  }

  /** Starts what is not there and replaces what is not as it was. Throws StartError. */
  ready(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new StartError('the containers have been removed');
      if (this.#isSetUp) await this.#ensureAll();
      else await this.#setUp();
    });
  }

  /** Removes the containers; the next `ready` starts them anew. */
  restart(): Promise<void> {
    return this.#inTurn(() => this.#stopParts());
  }

  /** Removes everything of this room; may be called more than once. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#inTurn(async () => {
      await this.#stopParts();
      await this.#topology?.close();
      this.#topology = undefined;
      const { docker } = engineOf(this.#options.engines, 'nfs');
      for (const { volume } of this.#shared) {
        if (volume !== null) await docker.getVolume(volume).remove({ force: true });
      }
      this.#shared = [];
    });
  }

  /** True when the shared directories are the engine's own copies. */
  get copies(): boolean {
    return this.#shared.some(({ volume }) => volume !== null);
  }

  /** Brings a tree below a shared directory into the containers; nothing to do for a bind mount. */
  async push(path: string): Promise<void> {
    if (!this.copies) return;
    const root = this.#shared.find(
      (shared) => path === shared.path || path.startsWith(`${shared.path}/`),
    );
    if (root === undefined) throw new StartError(`${path} is not shared with the containers`);
    await push(this.#container('nfs'), root.path, path, this.user);
  }

  /** Brings it back, into `into` when that is given. */
  async pull(path: string, into = path, keep: readonly string[] = []): Promise<void> {
    if (this.copies) await pull(this.#container('nfs'), path, into, keep);
  }

  /** `tmr monitor` with its own options, as a process of the monitor's container. */
  async startSession(
    options: readonly string[],
    request: Omit<ExecRequest, 'command'>,
  ): Promise<SessionExec> {
    const slot = this.#freeSlots.shift();
    if (slot === undefined)
      throw new StartError('more sessions at once than the room was made for');
    const args = this.#topology!.sessionArguments(slot);
    const command = [imagePaths.node, imagePaths.script, 'monitor', ...args];
    try {
      const run = await execIn(this.#container('monitor'), {
        ...request,
        command: [...command, '--secret-file', '/run/tmr/secret', ...options],
      });
      return { ...run, release: () => void this.#freeSlots.push(slot) };
    } catch (error) {
      this.#freeSlots.push(slot);
      throw new StartError(`cannot start the monitor in its container: ${messageOf(error)}`);
    }
  }

  /** To the sessions of this room. */
  async signal(name: string): Promise<void> {
    await this.#container('monitor').kill({ signal: name });
  }

  /** The container of a tracer, for faults. */
  tracer(replica: number): Container {
    return this.#container(replica);
  }

  networksOf(replica: number, peer?: number): ReturnType<Topology['networksOf']> {
    return this.#topology?.networksOf(replica, peer) ?? [];
  }

  /** A file of the monitor's own memory; undefined when there is none. */
  async readFile(path: string): Promise<string | undefined> {
    const run = await execIn(this.#container('monitor'), {
      command: [imagePaths.node, '-e', `process.stdout.write(fs.readFileSync('${path}'))`],
      cwd: '/',
      environment: {},
      tty: false,
    });
    run.connection.end();
    const [stdout, stderr] = [new PassThrough(), new PassThrough().resume()];
    const all = text(stdout);
    await demultiplex(run.connection, stdout, stderr);
    stdout.end();
    const content = await all;
    return (await run.status()) === 0 ? content : undefined;
  }

  /** What the containers got of a shared directory: paths relative to it. */
  pushed(path: string): ReadonlySet<string> {
    return this.#sent.get(path) ?? new Set();
  }

  /** CPUs that each container may use. */
  get cpus(): number {
    return this.#options.limits.cpus;
  }

  /** Whether a process in a tracer's container has ended; `startTime` is field 22 of its stat. */
  async isProcessGone(replica: number, pid: number, startTime: string): Promise<boolean> {
    const script =
      `const s=require('fs').readFileSync('/proc/${pid}/stat','utf8');` +
      `const f=s.slice(s.lastIndexOf(')')+2).split(' ');` +
      `process.exit(f[19]==='${startTime}'&&!/[ZX]/.test(f[0])?0:1)`;
    const run = await execIn(this.#container(replica), {
      command: [imagePaths.node, '-e', script],
      cwd: '/',
      environment: {},
      tty: false,
    });
    run.connection.resume().end();
    await once(run.connection, 'close');
    return (await run.status()) !== 0;
  }

  /** What a manifest says about where this ran. */
  async describe(): Promise<Record<string, unknown>[]> {
    const { engines, image } = this.#options;
    return Promise.all(
      [...new Set(engines)].map(async ({ docker, url, apiVersion }) => {
        const [info, version] = await Promise.all([docker.info(), docker.version()]);
        const { Driver, CgroupVersion, KernelVersion, NCPU, OperatingSystem } = info;
        return {
          engine: url,
          version: version.Version,
          apiVersion,
          storage: Driver,
          cgroupVersion: CgroupVersion ?? null,
          kernel: KernelVersion,
          cpus: NCPU,
          operatingSystem: OperatingSystem,
          image,
          imageId: (await docker.getImage(image).inspect()).Id,
          limits: this.#options.limits,
          user: userText(this.user),
          transfer: this.copies ? 'copy' : 'bind',
        };
      }),
    );
  }

  get #replicas(): number[] {
    return Array.from({ length: this.#options.replicas }, (_, index) => index + 1);
  }

  #container(part: Part): Container {
    const container = this.#parts.get(part)?.container;
    if (container !== undefined) return container;
    throw new StartError(`the container of ${titleOf(part)} is not there`);
  }

  /** The first start also finds out whether the engine sees our files. */
  async #setUp(): Promise<void> {
    const { transfer, shared } = this.#options;
    const isCopied = transfer === 'copy';
    this.#shared = shared.map((path) => ({ path, volume: null }));
    await allDone([this.#connect(), isCopied ? this.#makeVolumes() : Promise.resolve()]);
    try {
      await this.#ensureAll();
    } catch (error) {
      const elsewhere = /bind source path does not exist/i.test(messageOf(error));
      if (transfer !== 'auto' || !elsewhere) throw error;
      await this.#stopParts();
      await this.#makeVolumes();
      await this.#ensureAll();
    }
    for (const path of this.copies ? shared : []) {
      this.#sent.set(path, pathsBelow(path));
      await this.push(path);
    }
    this.#isSetUp = true;
  }

  async #connect(): Promise<void> {
    const { engines, replicas, jobs, sessionPorts } = this.#options;
    const [first] = engines;
    const [room, labels] = [this.id, this.#labels];
    this.#topology ??= await (engines.length === 1
      ? privateTopology(first!, room, replicas, labels)
      : publishedTopology({ engines, room, replicas, jobs, sessionPorts, labels }));
  }

  async #makeVolumes(): Promise<void> {
    const { shared, engines, image } = this.#options;
    const engine = engineOf(engines, 'nfs');
    this.#shared = shared.map((path, index) => ({ path, volume: `tmr-${this.id}-${index}` }));
    for (const { volume } of this.#shared) {
      await engine.docker.createVolume({ Name: volume!, Labels: this.#labels });
    }
    await giveVolumes(engine, image, this.#labels, this.#shared, this.user);
  }

  async #ensureAll(): Promise<void> {
    const all: Part[] = ['nfs', 'monitor', ...this.#replicas];
    await allDone(all.map((part) => this.#ensure(part)));
  }

  async #ensure(part: Part): Promise<void> {
    const before = this.#parts.get(part);
    if (before !== undefined && (await this.#isIntact(part, before))) return;
    this.#parts.delete(part);
    await before?.stop();
    const started = await PartContainer.start(this.#partOptions(part));
    this.#parts.set(part, started);
  }

  #partOptions(part: Part): PartStart {
    const { engines, image, jobs, onLine } = this.#options;
    const { create, host, networks, listen } = this.#topology!.attachment(part);
    const name = typeof part === 'number' ? `tracer-${part}` : part;
    const mounts =
      typeof part === 'number' ? [] : this.#shared.map((directory) => mountOf(directory, false));
    return {
      engine: engineOf(engines, part),
      name: `tmr-${this.id}-${name}`,
      title: titleOf(part),
      secret: this.#secret,
      networks,
      onLine: (line) => {
        if (typeof part === 'number') onLine?.(part, line);
      },
      create: {
        ...create,
        Image: image,
        Cmd: [imagePaths.node, imagePaths.script, 'contained', ...commandOf(part, listen, jobs)],
        User: userText(this.user),
        // The program's host name comes from the monitor.
        Hostname: part === 'monitor' ? hostname() : name,
        WorkingDir: '/',
        Labels: { ...this.#labels, [PART_LABEL]: name },
        HostConfig: {
          ...hardened(this.user, this.#options.limits),
          ...host,
          Mounts: mounts,
          AutoRemove: true,
          LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
        },
      },
    };
  }

  /** Running, not paused, ours, and on all its networks. */
  async #isIntact(part: Part, { container, attached }: PartContainer): Promise<boolean> {
    if (!attached) return false;
    try {
      const { State, NetworkSettings, HostConfig } = await container.inspect();
      const expected = typeof part === 'number' ? this.#topology!.networksOf(part).length : 1;
      return (
        State.Running &&
        !State.Paused &&
        Object.keys(NetworkSettings.Networks).length === expected &&
        HostConfig.Memory === this.#options.limits.memoryBytes &&
        HostConfig.NanoCpus === Math.round(this.#options.limits.cpus * 1e9)
      );
    } catch {
      return false;
    }
  }

  async #stopParts(): Promise<void> {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    await Promise.all(parts.map((part) => part.stop()));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

export type SessionExec = ExecRun & { release(): void };
type PartStart = Parameters<typeof PartContainer.start>[0];

function commandOf(part: Part, listen: string, jobs: number): string[] {
  if (part === 'monitor') return ['monitor'];
  if (part === 'nfs') return ['nfs', '--export', '/', '--listen', listen];
  // A session that a fault ended may still be leaving when the next begins.
  const limits = ['--max-sessions', String(2 * jobs + 2), '--keep-idle', String(jobs)];
  return ['tracer', '--listen', listen, ...limits];
}

function titleOf(part: Part): string {
  if (typeof part === 'number') return `tracer ${part}`;
  return part === 'nfs' ? 'the NFS server' : 'the monitor';
}
