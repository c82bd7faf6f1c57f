/**
 * One TCP connection. It starts as nobody's: records of at most 1 KiB, for 5 s. HELLO binds it to a
 * monitor or a replica; the first NFS or MOUNT call makes it a plain client's where that is allowed.
 */
import type { Socket } from 'node:net';
import { HELLO_DEADLINE_MS, UNPROVEN_RECORD_MAX } from '../wire/hello.ts';
import { RecordError, RecordReader } from '../wire/record.ts';
import { XdrError, XdrReader, XdrWriter } from '../wire/xdr.ts';
import { callerOf } from './permissions.ts';
import type { CallContext } from './procedures/handler.ts';
import {
  AUTH_TMR_DIGEST,
  MOUNT_PROGRAM,
  NFS_PROGRAM,
  RPC_RECORD_MAX,
  TMR_PROGRAM,
  TMR_VERSION,
} from './protocol/constants.ts';
import { encodeCaller, requestDigest } from './protocol/digest.ts';
import { parseMachineName } from './protocol/identity.ts';
import {
  acceptStatus,
  authStatus,
  decodeCall,
  encodeAuthError,
  encodeNotAccepted,
  encodeRpcMismatch,
  RpcVersionError,
  type AuthStatus,
  type Call,
} from './protocol/rpc.ts';
import { PrivateProgram, type Bound } from './private-program.ts';
import { handlerOf, perform, withXid } from './rpc-dispatch.ts';
import type { ServerParts } from './server.ts';

/** Requests of one connection that wait for others; beyond, the socket is not read. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const WAITING_MAX = 2048;
/**
 * Silence after which the other host is asked whether it is there; with the ten probes that follow, 1 s
 * apart, a session whose monitor's host vanished gives its volumes and its place back within 40 s. Other
 * than a deadline for pings, the kernel's probes are answered for a monitor that Ctrl-Z stopped. Longer
 * than the time in which the parties themselves call a service lost (R19, 5 s by default).
 */
const KEEP_ALIVE_MS = 30_000;

export class Connection {
  readonly client: string;
  readonly #socket: Socket;
  readonly #parts: ServerParts;
  readonly #reader = new RecordReader(UNPROVEN_RECORD_MAX);
  readonly #private: PrivateProgram;
  readonly #plainAllowed: boolean;
  /** AUTH_SYS of a plain client is believed: see `isTrusted`. */
  readonly #trusted: boolean;
  #phase: 'new' | 'plain' | 'bound' = 'new';
  #deadline: NodeJS.Timeout;
  #waiting = 0;
  #waitingBytes = 0;
  #draining = false;
  #logged = false;

  constructor(socket: Socket, parts: ServerParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.client = socket.remoteAddress ?? 'unknown';
    this.#plainAllowed = parts.plain.served && isLoopback(this.client);
    this.#trusted = isTrusted(socket.remotePort ?? 0, parts.options.plainAnyPort ?? false);
    this.#private = new PrivateProgram(parts, this);
    this.#deadline = setTimeout(() => this.#late(), HELLO_DEADLINE_MS);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('drain', () => this.#drained());
    socket.on('error', () => this.cut());
    socket.on('end', () => this.cut());
    socket.on('close', () => this.#closed());
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Sends what is on its way, then ends the connection. */
  finish(): void {
    this.#socket.end();
  }

  /** HELLO step 1 was taken: the next record may hold a session's configuration. */
  expectConfig(bytes: number): void {
    this.#reader.maxLength = UNPROVEN_RECORD_MAX + bytes;
  }

  /** HELLO is done. */
  proven(): void {
    this.#phase = 'bound';
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#reader.maxLength = RPC_RECORD_MAX;
    clearTimeout(this.#deadline);
  }

  send(record: Buffer): void {
    if (this.#socket.destroyed) return;
    if (!this.#socket.write(record) && !this.#draining) {
      // A client that does not read its replies is not read either.
      this.#draining = true;
      this.#socket.pause();
    }
  }

  /** At most one line on stderr for each connection. */
  log(message: string): void {
    if (this.#logged) return;
    this.#logged = true;
    this.#parts.log(`${this.client}: ${message}`);
  }

  #received(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
      for (;;) {
        if (this.#socket.destroyed) return;
        const record = this.#reader.next();
        if (record === undefined) return;
        this.#record(record);
      }
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Bytes after which nothing can be trusted to be a record. */
  #broken(error: unknown): void {
    const expected = error instanceof RecordError || error instanceof XdrError;
    this.log(
      expected
        ? `closed: ${(error as Error).message}`
        : `closed: ${String((error as Error).stack)}`,
    );
    this.cut();
  }

  #record(record: Buffer): void {
    let call: Call;
    try {
      call = decodeCall(record);
    } catch (error) {
      if (!(error instanceof RpcVersionError)) throw error;
      this.log(error.message);
      this.send(encodeRpcMismatch(new XdrWriter(64), error.xid));
      return;
    }
    if (call.program === TMR_PROGRAM) this.#privateCall(call);
    else if (call.credential.flavour === 'other') this.#deny(call, authStatus.REJECTEDCRED);
    else if (this.#phase === 'bound') this.#boundCall(call);
    else this.#plainCall(call);
  }

  #privateCall(call: Call): void {
    if (call.version !== TMR_VERSION) {
      const versions = { low: TMR_VERSION, high: TMR_VERSION };
      this.#notAccepted(call, acceptStatus.PROG_MISMATCH, versions);
      return;
    }
    if (this.#phase === 'plain') this.#deny(call, authStatus.TOOWEAK);
    else {
      try {
        this.#private.handle(call, new XdrReader(call.args));
      } catch (error) {
        if (!(error instanceof XdrError)) throw error;
        this.log(`bad arguments of the private program: ${error.message}`);
        this.#notAccepted(call, acceptStatus.GARBAGE_ARGS);
      }
    }
  }

  #plainCall(call: Call): void {
    const files = call.program === NFS_PROGRAM || call.program === MOUNT_PROGRAM;
    if (!files) {
      this.#notAccepted(call, acceptStatus.PROG_UNAVAIL);
      return;
    }
    if (!this.#plainAllowed || this.#private.started) {
      this.log('refused: a call to NFS or MOUNT before HELLO (ordinary clients: --plain SUBTREE)');
      this.#deny(call, authStatus.TOOWEAK);
      return;
    }
    if (this.#phase === 'new') {
      this.#phase = 'plain';
      this.#reader.maxLength = RPC_RECORD_MAX;
      clearTimeout(this.#deadline);
    }
    const { parts, client } = { parts: this.#parts, client: this.client };
    const context: CallContext = {
      ...parts.callParts,
      view: parts.plain.view,
      mounts: parts.plain.mountsFor(client),
      caller: callerOf(call.credential, this.#trusted),
    };
    const run = () => perform(call, context);
    const once = handlerOf(call)?.mutating === true;
    this.send(once ? parts.duplicates.reply(client, context.caller, call, run) : run());
  }

  /** Every call of a replica is a slot (R12). */
  #boundCall(call: Call): void {
    const bound = this.#private.bound;
    if (bound?.role !== 'tracer') {
      this.#deny(call, authStatus.TOOWEAK);
      return;
    }
    const { credential } = call;
    const identity =
      credential.flavour === 'sys' ? parseMachineName(credential.machineName) : undefined;
    if (identity === undefined || identity.session !== bound.session.id) {
      if (call.procedure === 0) this.send(perform(call, this.#contextOf(bound, call)));
      else {
        this.log(`refused: a call without machine name tmr/${bound.session.id}/STREAM/COUNTER`);
        this.#deny(call, authStatus.BADCRED);
      }
      return;
    }
    const { program, version, procedure, args } = call;
    const context = this.#contextOf(bound, call);
    const digest = requestDigest(encodeCaller(context.caller), program, version, procedure, args);
    const verifier = { flavour: AUTH_TMR_DIGEST, body: digest };
    this.#wait(args.length);
    const refusal = bound.session.request({
      replica: bound.replica,
      stream: identity.stream,
      counter: identity.counter,
      digest,
      mutating: handlerOf(call)?.mutating ?? false,
      execute: () => perform(call, context, verifier),
      answer: (record) => {
        this.#waited(args.length);
        this.send(withXid(record, call.xid));
      },
      superseded: () => this.#waited(args.length),
    });
    if (refusal === undefined) return;
    this.#waited(args.length);
    this.log(`refused: call ${identity.counter} of stream ${identity.stream}: ${refusal}`);
    this.#notAccepted(call, acceptStatus.SYSTEM_ERR);
  }

  #contextOf(bound: Bound, call: Call): CallContext {
    const { view, mounts } = bound.session.files;
    const caller = callerOf(call.credential, true);
    return { ...this.#parts.callParts, view, mounts, caller };
  }

  #wait(bytes: number): void {
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#throttle();
  }

  #waited(bytes: number): void {
    this.#waiting--;
    this.#waitingBytes -= bytes;
    this.#throttle();
  }

  #throttle(): void {
    const full = this.#waiting > WAITING_MAX || this.#waitingBytes > WAITING_BYTES_MAX;
    if (full) this.#socket.pause();
    else if (!this.#draining && this.#socket.isPaused()) this.#socket.resume();
  }

  #drained(): void {
    this.#draining = false;
    this.#throttle();
  }

  #notAccepted(
    call: Call,
    status: (typeof acceptStatus)[keyof typeof acceptStatus],
    versions?: { low: number; high: number },
  ): void {
    this.send(encodeNotAccepted(new XdrWriter(64), call.xid, status, versions));
  }

  #deny(call: Call, status: AuthStatus): void {
    this.send(encodeAuthError(new XdrWriter(64), call.xid, status));
  }

  #late(): void {
    if (this.#phase !== 'new') return;
    this.log(`closed: no HELLO within ${HELLO_DEADLINE_MS / 1000} s`);
    this.cut();
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    this.#private.closed();
    this.#parts.connections.delete(this);
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/**
 * AUTH_SYS is only as good as who may send it. Where the server runs as root, a plain client must
 * come from a port that only root can bind, as with Linux's `secure` exports; others are nobody.
 */
function isTrusted(port: number, anyPort: boolean): boolean {
  return anyPort || process.geteuid?.() !== 0 || (port > 0 && port < 1024);
}
