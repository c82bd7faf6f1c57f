/**
 * The tracer daemon (paper section 4): accepts a monitor that knows the secret, and gives each
 * session a process of its own. A crash of one session costs no other.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { hrtime } from 'node:process';
import { randomBytes } from 'node:crypto';
import {
  HELLO_DEADLINE_MS,
  HelloError,
  ListenerHandshake,
  NONCE_BYTES,
  UNPROVEN_RECORD_MAX,
  encodeRefused,
  sessionKey,
} from '../wire/hello.ts';
import { FRAME_MAX, checkFrame, encodeFrame } from '../wire/frame.ts';
import {
  decodeControl,
  encodeControl,
  type FromDaemon,
  type ToDaemon,
} from '../wire/control-codec.ts';
import { clockIdentity } from '../wire/clock-identity.ts';
import type { Address } from '../wire/messages.ts';
import { RecordReader } from '../wire/record.ts';
import { SchemaError, parseToDaemon } from '../wire/schema.ts';
import { XdrWriter } from '../wire/xdr.ts';
import { buildId } from '../wire/build-id.ts';
import { SessionPool, type RunningSession } from './pool.ts';

export interface TracerDaemonOptions {
  listen: Address;
  secret: Buffer;
  maxSessions: number;
  /** Idle session processes kept warm. */
  keepIdle: number;
  /** Bundled session process; for tests. */
  entry?: string;
  /** Whether this machine traps rdtsc; for tests. */
  trapsTsc?: () => boolean;
}

const CANNOT_TRAP =
  'expected a machine that traps rdtsc, for --tsc trap, and this one takes the request (PR_SET_TSC) and traps ' +
  'nothing; use another machine, or --tsc native for a program whose output does not depend on the counter';

interface Placed {
  session: string;
  replica: number;
  running: RunningSession;
}

export class TracerDaemon {
  readonly #options: TracerDaemonOptions;
  readonly #pool: SessionPool;
  readonly #server: Server;
  readonly #sessions = new Map<string, Placed>();
  readonly #sockets = new Set<Socket>();
  readonly #clockId = clockIdentity();
  /** Sessions being placed count against the maximum too. */
  #starting = 0;

  constructor(options: TracerDaemonOptions) {
    this.#options = options;
    this.#pool = new SessionPool({
      keepIdle: options.keepIdle,
      ...(options.entry === undefined ? {} : { entry: options.entry }),
    });
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Rejects with the system error (EADDRINUSE, EACCES) when it cannot listen. */
  listen(): Promise<Address> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve({ host, port: typeof address === 'object' && address ? address.port : port });
      });
    });
  }

  /** Ends every session of this daemon. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#pool.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    const connection: ControlConnection = new ControlConnection(
      socket,
      this.#options.secret,
      (message) => this.#handle(message, connection),
    );
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #handle(message: ToDaemon, connection: ControlConnection): Promise<void> {
    switch (message.type) {
      case 'start':
        await this.#start(message.plan, connection);
        break;
      case 'stop':
        for (const placed of this.#sessions.values()) {
          if (placed.session === message.session) placed.running.kill();
        }
        break;
      case 'status':
        connection.send(this.#status());
        break;
      case 'clock':
        connection.send({ type: 'clock', tNs: Number(hrtime.bigint()), clockId: this.#clockId });
        break;
    }
  }

  async #start(
    plan: Extract<ToDaemon, { type: 'start' }>['plan'],
    connection: ControlConnection,
  ): Promise<void> {
    const { session, replica } = plan;
    if (session !== connection.session) {
      connection.refuse('plan', `expected a plan of session ${connection.session}, got ${session}`);
      return;
    }
    if (this.#sessions.size + this.#starting >= this.#options.maxSessions) {
      connection.refuse(
        'busy',
        `this tracer runs its maximum of ${this.#options.maxSessions} sessions: wait for one to end, or start it with a higher --max-sessions`,
      );
      return;
    }
    this.#starting++;
    try {
      const { tsc } = plan.settings;
      if (tsc === 'trap' && !(await this.#trapsTsc())) {
        connection.refuse('tsc', CANNOT_TRAP);
        return;
      }
      const key = sessionKey(this.#options.secret, session).toString('hex');
      const running = await this.#pool.start({ ...plan, sessionKey: key });
      const id = `${session}/${replica}/${running.pid}`;
      this.#sessions.set(id, { session, replica, running });
      // Found out, the first time, while the session's process starts.
      const trapsTsc = tsc === 'native' || (await this.#trapsTsc());
      connection.send({ type: 'starting', pid: running.pid, trapsTsc });
      void running.done.then(({ code, signal }) => {
        this.#sessions.delete(id);
        connection.send({ type: 'ended', session, code, signal });
      });
    } catch (error) {
      connection.refuse('failed', error instanceof Error ? error.message : String(error));
    } finally {
      this.#starting--;
    }
  }

  /** A machine where it cannot be found out is left to the session, which says what is wrong. */
  async #trapsTsc(): Promise<boolean> {
    const { trapsTsc } = this.#options;
    if (trapsTsc !== undefined) return trapsTsc();
    try {
      return (await import('./determinism/tsc-probe.ts')).machineTrapsTsc();
    } catch {
      return true;
    }
  }

  #status(): FromDaemon {
    return {
      type: 'status',
      version: buildId(),
      maxSessions: this.#options.maxSessions,
      idle: this.#pool.idle,
      sessions: [...this.#sessions.values()].map(({ session, replica, running }) => ({
        session,
        replica,
        pid: running.pid,
      })),
    };
  }
}

/** One monitor's connection: HELLO, then control messages in order. */
class ControlConnection {
  session = '';
  readonly #socket: Socket;
  readonly #secret: Buffer;
  readonly #reader = new RecordReader(UNPROVEN_RECORD_MAX);
  readonly #writer = new XdrWriter(4096);
  readonly #handshake = new ListenerHandshake(randomBytes(NONCE_BYTES));
  readonly #onMessage: (message: ToDaemon) => Promise<void>;
  #state: 'hello' | 'proof' | 'open' = 'hello';

  constructor(socket: Socket, secret: Buffer, onMessage: (message: ToDaemon) => Promise<void>) {
    this.#socket = socket;
    this.#secret = secret;
    this.#onMessage = onMessage;
    const deadline = setTimeout(() => socket.destroy(), HELLO_DEADLINE_MS);
    deadline.unref();
    socket.on('data', (bytes) => {
      try {
        this.#receive(bytes);
        if (this.#state === 'open') clearTimeout(deadline);
      } catch (error) {
        if (error instanceof HelloError) this.#sendBody(encodeRefused(error.message));
        socket.destroySoon();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(deadline));
  }

  send(message: FromDaemon): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(Buffer.from(encodeFrame(this.#writer, (w) => encodeControl(w, message))));
  }

  refuse(code: string, reason: string): void {
    this.send({ type: 'refused', code, reason });
  }

  #receive(bytes: Buffer): void {
    this.#reader.push(bytes);
    for (let record = this.#reader.next(); record !== undefined; record = this.#reader.next()) {
      const body = checkFrame(record);
      if (body === undefined)
        throw new HelloError('HELLO_GARBAGE', 'expected a tmr frame, got garbage');
      this.#body(body);
    }
  }

  #body(body: Buffer): void {
    switch (this.#state) {
      case 'hello':
        this.#sendBody(
          this.#handshake.onHello(body, (identity) => {
            if (identity.role === 'monitor') return sessionKey(this.#secret, identity.session);
            throw new HelloError(
              'HELLO_REFUSED',
              'expected a monitor: this port is a tracer daemon',
            );
          }),
        );
        this.#state = 'proof';
        break;
      case 'proof':
        this.session = this.#handshake.onProof(body).session;
        this.#reader.maxLength = FRAME_MAX;
        this.#state = 'open';
        break;
      case 'open':
        this.#message(body);
        break;
    }
  }

  #message(body: Buffer): void {
    try {
      void this.#onMessage(parseToDaemon(decodeControl(body)));
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.refuse('plan', error.message);
    }
  }

  #sendBody(body: Buffer): void {
    this.#socket.write(Buffer.from(encodeFrame(this.#writer, (w) => w.raw(body))));
  }
}
