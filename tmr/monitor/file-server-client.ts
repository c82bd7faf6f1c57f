/**
 * The NFS server as the monitor talks to it: HELLO opens the session there, STATUS tells who was
 * isolated, NULL shows that it lives (R19), CLOCK its time, BYE ends the session. ONC RPC over
 * node:net.
 */
import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import { hrtime } from 'node:process';
import { TMR_PROGRAM, TMR_VERSION, tmrProcedure } from '../nfs/protocol/constants.ts';
import { clock, hello, status } from '../nfs/protocol/private-program.ts';
import type { HelloArgs, SessionConfig, SessionStatus } from '../nfs/protocol/private-program.ts';
import { decodeReply, encodeCall } from '../nfs/protocol/rpc.ts';
import { FRAME_MAX } from '../wire/frame.ts';
import { DiallerHandshake, HELLO_DEADLINE_MS, HelloError, NONCE_BYTES } from '../wire/hello.ts';
import type { Identity } from '../wire/hello.ts';
import type { Address } from '../wire/messages.ts';
import { RecordReader } from '../wire/record.ts';
import { XdrReader, XdrWriter } from '../wire/xdr.ts';
import { formatAddress } from './addresses.ts';
import { probeClock } from './clock-offset.ts';
import type { ClockAnswers } from './clock-offset.ts';
import { messageOf, StartError, wrongPart } from './errors.ts';
import { connect } from './framed-socket.ts';

export interface FileServerNews {
  status(status: SessionStatus): void;
  /** The connection ended, or no answer came for the service time-out. */
  lost(why: string): void;
}

/** How long the last words may take when the session is over. */
const FAREWELL_MS = 500;

export class FileServerClient {
  readonly #socket: net.Socket;
  readonly #reader = new RecordReader(FRAME_MAX);
  readonly #writer = new XdrWriter(1024);
  readonly #args = new XdrWriter(1024);
  readonly #pending = new Map<number, (result: Buffer | Error) => void>();
  #xid = 0;
  #heardMs = performance.now();
  #news: FileServerNews | undefined;
  #ping: NodeJS.Timeout | undefined;
  #last: SessionStatus | undefined;
  #over: string | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the connection was closed'));
  }

  /** Opens the session at the server. Throws StartError with what to do. */
  static async open(
    address: Address,
    identity: Identity,
    key: Uint8Array,
    config: SessionConfig,
  ): Promise<FileServerClient> {
    const name = 'the NFS server';
    let client: FileServerClient | undefined;
    try {
      client = new FileServerClient(await connect(address, name));
      try {
        const handshake = new DiallerHandshake(identity, key, randomBytes(NONCE_BYTES));
        const welcome = await client.#hello({ step: 1, body: handshake.start() });
        const body = handshake.onWelcome(welcome, name);
        await client.#hello({ step: 2, body, config: Buffer.from(JSON.stringify(config)) });
      } catch (error) {
        client.#end('HELLO failed');
        throw error;
      }
      return client;
    } catch (error) {
      // Not reached, or a server of ours that says why not; anything else is no server of ours.
      if (client === undefined || error instanceof HelloError) {
        throw new StartError(messageOf(error));
      }
      throw wrongPart('nfs', formatAddress(address), messageOf(error));
    }
  }

  /** Long-polls the session's state and pings every L/4, until `bye`. */
  watch(serviceTimeoutMs: number, news: FileServerNews): void {
    this.#news = news;
    this.#heardMs = performance.now();
    if (this.#over !== undefined) news.lost(this.#over);
    const periodMs = serviceTimeoutMs / 4;
    let lastMs = this.#heardMs;
    this.#ping = setInterval(() => {
      const nowMs = performance.now();
      // Late ourselves (stopped, Ctrl-Z): what has arrived since is still unread.
      if (nowMs - lastMs > 2 * periodMs) this.#heardMs = nowMs;
      lastMs = nowMs;
      if (nowMs - this.#heardMs >= serviceTimeoutMs) {
        this.#end(`no answer for ${serviceTimeoutMs} ms`);
      } else {
        void this.#call(tmrProcedure.NULL, Buffer.alloc(0)).catch(() => undefined);
      }
    }, periodMs);
    void this.#poll(0);
  }

  /** Asks for the server's time, beside all else, while `go` says so. Never rejects. */
  probeClock(go: () => boolean): Promise<ClockAnswers | undefined> {
    const ask = async () => {
      const reply = await this.#call(tmrProcedure.CLOCK, Buffer.alloc(0));
      const tReceivedNs = nowNs();
      return { ...clock.result.read(new XdrReader(reply)), tReceivedNs };
    };
    return probeClock(ask, nowNs, go);
  }

  /** The last state, then BYE; the last one that was heard when the server does not answer soon. */
  async bye(): Promise<SessionStatus | undefined> {
    clearInterval(this.#ping);
    this.#news = undefined;
    if (this.#over !== undefined) return this.#last;
    const farewell = (async () => {
      const last = await this.#status(0);
      await this.#call(tmrProcedure.BYE, Buffer.alloc(0));
      return last;
    })().catch(() => undefined);
    const last = await Promise.race([farewell, delay(FAREWELL_MS)]);
    this.#end('the session is over');
    return last ?? this.#last;
  }

  async #poll(since: number): Promise<void> {
    try {
      for (;;) {
        const state = await this.#status(since);
        since = state.version;
        this.#last = state;
        this.#news?.status(state);
        if (this.#news === undefined) return;
      }
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  async #status(since: number): Promise<SessionStatus> {
    status.args.write(this.#args.reset(), { since });
    const result = await this.#call(tmrProcedure.STATUS, this.#args.bytes());
    return status.result.read(new XdrReader(result));
  }

  async #hello(args: HelloArgs): Promise<Buffer> {
    hello.args.write(this.#args.reset(), args);
    const reply = await Promise.race([
      this.#call(tmrProcedure.HELLO, this.#args.bytes()),
      delay(HELLO_DEADLINE_MS),
    ]);
    if (reply === undefined) {
      throw new Error('it does not answer');
    }
    const result = hello.result.read(new XdrReader(reply));
    if (!result.ok)
      throw new HelloError('HELLO_REFUSED', `the NFS server refused: ${result.reason}`);
    return Buffer.from(result.welcome);
  }

  #call(procedure: number, args: Uint8Array): Promise<Buffer> {
    if (this.#over !== undefined) return Promise.reject(new Error(this.#over));
    const xid = ++this.#xid;
    const header = {
      xid,
      program: TMR_PROGRAM,
      version: TMR_VERSION,
      procedure,
      credential: { flavour: 'none' } as const,
    };
    return new Promise((resolve, reject) => {
      this.#pending.set(xid, (result) => {
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
      this.#socket.write(Buffer.from(encodeCall(this.#writer, header, args)));
    });
  }

  #receive(bytes: Buffer): void {
    this.#heardMs = performance.now();
    this.#reader.push(bytes);
    try {
      for (;;) {
        const record = this.#reader.next();
        if (record === undefined) return;
        const reply = decodeReply(record);
        const settle = this.#pending.get(reply.xid);
        this.#pending.delete(reply.xid);
        settle?.(
          reply.kind === 'success'
            ? reply.result
            : new Error(`expected tmr's NFS server, got one that answers '${reply.kind}'`),
        );
      }
    } catch (error) {
      this.#end(`garbage: ${messageOf(error)}`);
    }
  }

  #end(why: string): void {
    if (this.#over !== undefined) return;
    this.#over = why;
    clearInterval(this.#ping);
    this.#socket.destroy();
    for (const settle of this.#pending.values()) settle(new Error(why));
    this.#pending.clear();
    this.#news?.lost(why);
  }
}

function nowNs(): number {
  return Number(hrtime.bigint());
}

function delay(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });
}
