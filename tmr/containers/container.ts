/**
 * One standing container with one part of the system in it (`tmr contained ROLE`). Its standard input is
 * ours alone: the secret goes in by its first line, and when it ends, with us or by us, so does the
 * container. The engine removes it then.
 */
import { PassThrough, type Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, ContainerCreateOptions } from 'dockerode';
import { messageOf, StartError } from '../monitor/errors.ts';
import { demultiplex } from './demultiplex.ts';
import type { Engine } from './engine.ts';

export interface PartOptions {
  engine: Engine;
  name: string;
  /** For messages: `tracer 2`. */
  title: string;
  create: Omit<ContainerCreateOptions, 'name'>;
  /** Networks beside the one it is created in, with its address there. */
  networks: readonly { id: string; address: string }[];
  secret: string;
  /** Lines of its stderr. */
  onLine: (line: string) => void;
}

/** Generous: one that cannot start ends, which is told at once; a busy machine takes its time. */
const START_MS = 60_000;
const COMPLAINTS_MAX = 2000;
const STATUS_POLL_MS = 2;

export class PartContainer {
  readonly options: PartOptions;
  readonly container: Container;
  readonly #connection: Duplex;
  #ended = false;

  private constructor(options: PartOptions, container: Container, connection: Duplex) {
    this.options = options;
    this.container = container;
    this.#connection = connection;
  }

  /** Resolves when the part says that it listens. Throws StartError, and leaves nothing. */
  static async start(options: PartOptions): Promise<PartContainer> {
    const { engine, name, title, create } = options;
    let container: Container | undefined;
    try {
      container = await engine.docker.createContainer({
        ...create,
        name,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        OpenStdin: true,
        StdinOnce: true,
        Tty: false,
      });
      for (const { id, address } of options.networks) {
        await engine.docker.getNetwork(id).connect({
          Container: container.id,
          EndpointConfig: { IPAMConfig: { IPv4Address: address } },
        });
      }
      const connection = (await container.attach({
        stream: true,
        stdin: true,
        stdout: true,
        stderr: true,
        hijack: true,
      })) as unknown as Duplex;
      const part = new PartContainer(options, container, connection);
      const listening = part.#listen();
      // Awaited below, but for a start that fails before.
      listening.catch(() => undefined);
      await container.start();
      connection.write(`${options.secret}\n`);
      await listening;
      return part;
    } catch (error) {
      await removeContainer(container);
      throw error instanceof StartError
        ? error
        : new StartError(`cannot start the container of ${title}: ${messageOf(error)}`);
    }
  }

  /** Its streams are still ours: it has neither ended nor been restarted. */
  get attached(): boolean {
    return !this.#ended;
  }

  async stop(): Promise<void> {
    this.#connection.destroy();
    await removeContainer(this.container);
  }

  /** Resolves at the line `...: listening on ...` or `...: ready`. */
  #listen(): Promise<void> {
    const { title, onLine } = this.options;
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let complaints = '';
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new StartError(`${title} did not start within ${START_MS} ms: ${complaints}`));
      }, START_MS);
      onLines(stdout, (line) => {
        if (!/: (listening on|ready)/.test(line)) return;
        clearTimeout(timer);
        resolve();
      });
      onLines(stderr, (line) => {
        complaints = `${complaints}${line}\n`.slice(-COMPLAINTS_MAX);
        onLine(line);
      });
      const end = (): void => {
        this.#ended = true;
        clearTimeout(timer);
        reject(new StartError(`${title} ended at once: ${complaints.trim() || 'without a word'}`));
      };
      demultiplex(this.#connection, stdout, stderr).then(end, end);
    });
  }
}

/** Whatever its state, paused ones too. No error when it is gone or going. */
export async function removeContainer(container: Container | undefined): Promise<void> {
  if (container === undefined) return;
  const gone = container.wait({ condition: 'removed' }).catch(() => undefined);
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status === 404) return;
    // Conflict: the engine removes it already.
    if (status === 409) await gone;
    else throw error;
  }
}

function onLines(stream: PassThrough, onLine: (line: string) => void): void {
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => {
    const lines = (text + more).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/** Runs a command in a running container. */
export interface ExecRequest {
  command: readonly string[];
  cwd: string;
  environment: Record<string, string>;
  /** A terminal in the container, when the caller's streams are one. */
  tty: boolean;
}

export interface ExecRun {
  /** Standard input and, with a terminal, its output; else framed output. */
  connection: Duplex;
  resize(columns: number, rows: number): Promise<void>;
  /** Exit status, as a shell gives it: 128 + signal. Call it when the connection has ended. */
  status(): Promise<number>;
}

export async function execIn(container: Container, request: ExecRequest): Promise<ExecRun> {
  const exec = await container.exec({
    Cmd: [...request.command],
    WorkingDir: request.cwd,
    Env: Object.entries(request.environment).map(([name, value]) => `${name}=${value}`),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: request.tty,
  });
  const connection = await exec.start({ hijack: true, stdin: true, Tty: request.tty });
  return {
    connection,
    resize: async (columns, rows) => void (await exec.resize({ w: columns, h: rows })),
    async status() {
      for (;;) {
        const { Running, ExitCode } = await exec.inspect();
        if (!Running) return ExitCode ?? 125;
        // The streams end a moment before the engine has the status.
        await sleep(STATUS_POLL_MS);
      }
    },
  };
}
