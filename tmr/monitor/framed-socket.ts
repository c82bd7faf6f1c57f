/**
 * tmr frames over node:net: HELLO first, then whole frames in and out. Writing never waits: what a
 * slow reader has not taken stays in Node's buffer, and beyond a bound the connection is ended.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { checkFrame, encodeFrame, FRAME_MAX } from '../wire/frame.ts';
import {
  DiallerHandshake,
  encodeRefused,
  HELLO_DEADLINE_MS,
  HelloError,
  ListenerHandshake,
  NONCE_BYTES,
  UNPROVEN_RECORD_MAX,
} from '../wire/hello.ts';
import type { Identity } from '../wire/hello.ts';
import type { Address } from '../wire/messages.ts';
import { RecordReader } from '../wire/record.ts';
import { XdrWriter } from '../wire/xdr.ts';
import { messageOf } from './errors.ts';

/**
 * Silence after which the kernel asks for a sign of life, ten times in as many seconds: a host that
 * vanished sends no end of its connections. Tracers speak far more often (R19) unless Ctrl-Z has
 * stopped them, and those are not to be lost for a short break of the network.
 */
const KEEP_ALIVE_MS = 60_000;
/** Unsent bytes beyond which a reader is taken for dead. */
const BACKLOG_MAX = 4 * FRAME_MAX;

export interface FrameHandler {
  /** Body of a frame whose checksum holds. */
  frame(body: Buffer): void;
  /** A record whose checksum does not hold. */
  corrupt(): void;
  /** The connection ended; called once. */
  closed(why: string): void;
}

export class FramedSocket {
  readonly #socket: net.Socket;
  readonly #reader = new RecordReader(UNPROVEN_RECORD_MAX);
  readonly #writer = new XdrWriter(1024);
  #handler: FrameHandler | undefined;
  #early: Buffer[] = [];
  #why: string | undefined;
  #closing = false;

  /** Our own address on this connection. */
  readonly localHost: string;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.localHost = socket.localAddress ?? '127.0.0.1';
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the connection was closed'));
  }

  /** Frames that came before are handed over at once. Undefined: frames are kept until then. */
  handle(handler: FrameHandler | undefined): void {
    this.#handler = handler;
    if (handler === undefined) return;
    const ended = this.#why;
    const early = this.#early;
    this.#early = [];
    this.#guard(() => {
      for (const record of early) this.#deliver(record);
    });
    if (ended !== undefined) handler.closed(ended);
  }

  /** The peer has proved itself: frames may be long from here on, and its end must be noticed. */
  trust(): void {
    this.#reader.maxLength = FRAME_MAX;
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
  }

  send(body: (writer: XdrWriter) => void): void {
    if (this.#why !== undefined || this.#socket.destroyed) return;
    // The writer is used again before the socket has taken the bytes.
    this.#socket.write(Buffer.from(encodeFrame(this.#writer, body)));
    if (this.#socket.writableLength > BACKLOG_MAX) this.destroy('it does not read what it is sent');
  }

  sendBytes(bytes: Uint8Array): void {
    this.send((writer) => void writer.raw(bytes));
  }

  /** Sends what is under way, then ends the connection. What still comes goes to the handler, if any. */
  close(): void {
    this.#closing = true;
    this.#socket.end();
    // A stopped process at the other end never answers; nothing of it is waited for.
    this.#socket.unref();
  }

  destroy(why: string): void {
    this.#end(why);
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#reader.push(bytes);
    this.#guard(() => {
      for (;;) {
        const record = this.#reader.next();
        if (record === undefined) return;
        if (this.#handler !== undefined) this.#deliver(record);
        else if (!this.#closing) this.#early.push(record);
      }
    });
  }

  /** What one connection brings must end no more than that connection. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destroy(messageOf(error));
    }
  }

  #deliver(record: Buffer): void {
    const body = checkFrame(record);
    if (body === undefined) this.#handler?.corrupt();
    else this.#handler?.frame(body);
  }

  #end(why: string): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#handler?.closed(why);
  }
}

/** Dials and proves both sides. Throws HelloError, or the system's error with what to do. */
export async function dial(
  address: Address,
  identity: Identity,
  key: Uint8Array,
  name: string,
): Promise<FramedSocket> {
  const framed = new FramedSocket(await connect(address, name));
  const handshake = new DiallerHandshake(identity, key, randomBytes(NONCE_BYTES));
  framed.sendBytes(handshake.start());
  await exchange(framed, name, (body) => {
    framed.sendBytes(handshake.onWelcome(body, name));
    return true;
  }).catch((error: unknown) => {
    framed.destroy(messageOf(error));
    throw error;
  });
  return framed;
}

/** A TCP connection. The error says what was dialled and what to do. */
export function connect(address: Address, name: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address.host, port: address.port });
    const at = `${name} at ${address.host}:${address.port}`;
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${at} does not answer: is the address right, and the host up?`));
    }, HELLO_DEADLINE_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`cannot reach ${at}: ${error.message}; is it running?`));
    });
  });
}

/**
 * The listener's side. `keyOf` gives the session's key or throws HelloError. Resolves with the
 * identity once the dialler has proved it; a stranger is refused by name and hung up on.
 */
export async function acceptHello(
  framed: FramedSocket,
  keyOf: (identity: Identity) => Uint8Array,
): Promise<Identity> {
  const handshake = new ListenerHandshake(randomBytes(NONCE_BYTES));
  let identity: Identity | undefined;
  await exchange(framed, 'a dialler', (body) => {
    if (handshake.identity === undefined) {
      framed.sendBytes(handshake.onHello(body, keyOf));
      return false;
    }
    identity = handshake.onProof(body);
    return true;
  }).catch((error: unknown) => {
    framed.sendBytes(encodeRefused(messageOf(error)));
    framed.close();
    throw error;
  });
  return identity as Identity;
}

/**
 * Runs a handshake under the HELLO deadline: `step` gets each frame and says whether it is done;
 * what it throws ends the handshake. Later frames wait for the next handler.
 */
function exchange(
  framed: FramedSocket,
  name: string,
  step: (body: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      clearTimeout(timer);
      framed.handle(undefined);
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error(messageOf(error)));
    };
    const timer = setTimeout(() => {
      settle(new HelloError('HELLO_REFUSED', `${name} did not finish HELLO in time`));
    }, HELLO_DEADLINE_MS);
    framed.handle({
      frame: (body) => {
        try {
          if (!step(body)) return;
          framed.trust();
          settle();
        } catch (error) {
          settle(error);
        }
      },
      corrupt: () =>
        settle(new HelloError('HELLO_GARBAGE', `expected HELLO of ${name}, got garbage`)),
      closed: (why) =>
        settle(new HelloError('HELLO_REFUSED', `${name} hung up during HELLO: ${why}`)),
    });
  });
}
