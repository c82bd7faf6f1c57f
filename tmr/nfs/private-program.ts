/** HELLO, FLAG, BYE, STATUS and CLOCK on one connection. */
import { randomBytes } from 'node:crypto';
import { hrtime } from 'node:process';
import type { ReplicaId } from '../core/types.ts';
import { clockIdentity } from '../wire/clock-identity.ts';
import {
  HelloError,
  ListenerHandshake,
  NONCE_BYTES,
  sessionKey,
  type Identity,
  type Role,
} from '../wire/hello.ts';
import { XdrError, XdrWriter, type XdrReader } from '../wire/xdr.ts';
import { ExportError } from './exports/export.ts';
import type { Connection } from './connection.ts';
import type { Procedure } from './protocol/codec.ts';
import { tmrProcedure } from './protocol/constants.ts';
import * as protocol from './protocol/private-program.ts';
import {
  acceptStatus,
  authStatus,
  encodeAuthError,
  encodeNotAccepted,
  finishReply,
  startReply,
  type Call,
} from './protocol/rpc.ts';
import { ConfigError, parseSessionConfig } from './session/config.ts';
import { SessionRefused } from './session/registry.ts';
import type { Session } from './session/session.ts';
import type { ServerParts } from './server.ts';

/** What HELLO made of a connection. */
export interface Bound {
  role: Role;
  replica: ReplicaId;
  session: Session;
}

export class PrivateProgram {
  readonly #parts: ServerParts;
  readonly #connection: Connection;
  #handshake: ListenerHandshake | undefined;
  #bound: Bound | undefined;
  /** Gives the STATUS call up that waits for a change. */
  #poll: (() => void) | undefined;

  constructor(parts: ServerParts, connection: Connection) {
    this.#parts = parts;
    this.#connection = connection;
  }

  get bound(): Bound | undefined {
    return this.#bound;
  }

  /** HELLO has begun: the connection is no plain client's. */
  get started(): boolean {
    return this.#handshake !== undefined;
  }

  /** Throws XdrError on bad arguments. */
  handle(call: Call, args: XdrReader): void {
    if (call.procedure === tmrProcedure.NULL) this.#reply(call, () => undefined);
    else if (call.procedure === tmrProcedure.HELLO) this.#hello(call, read(protocol.hello, args));
    else if (call.procedure > tmrProcedure.CLOCK) {
      const status = acceptStatus.PROC_UNAVAIL;
      this.#connection.send(encodeNotAccepted(new XdrWriter(64), call.xid, status));
    } else if (this.#bound === undefined) {
      this.#connection.send(encodeAuthError(new XdrWriter(64), call.xid, authStatus.TOOWEAK));
    } else this.#ofSession(call, args, this.#bound);
  }

  /** The connection has ended. */
  closed(): void {
    this.#poll?.();
    const bound = this.#bound;
    if (bound === undefined) return;
    if (bound.role === 'monitor') this.#parts.sessions.close(bound.session);
    else bound.session.unbind(bound.replica, this.#connection);
  }

  #ofSession(call: Call, args: XdrReader, bound: Bound): void {
    if (call.procedure === tmrProcedure.STATUS) {
      this.#status(call, read(protocol.status, args), bound.session);
    } else if (call.procedure === tmrProcedure.CLOCK) {
      read(protocol.clock, args);
      const result = { tNs: Number(hrtime.bigint()), clockId: clockIdentity() };
      this.#reply(call, (writer) => protocol.clock.result.write(writer, result));
    } else if (call.procedure === tmrProcedure.FLAG) {
      const result = this.#flag(read(protocol.flag, args), bound);
      this.#reply(call, (writer) => protocol.flag.result.write(writer, result));
    } else {
      read(protocol.bye, args);
      this.#reply(call, () => undefined);
      if (bound.role === 'monitor') this.#parts.sessions.close(bound.session);
      else bound.session.leave(bound.replica);
      this.#connection.finish();
    }
  }

  #hello(call: Call, args: protocol.HelloArgs): void {
    let result: protocol.HelloResult;
    try {
      result = { ok: true, welcome: args.step === 1 ? this.#identify(args) : this.#prove(args) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#connection.log(`HELLO refused: ${error.message}`);
      result = { ok: false, reason: error.message };
    }
    this.#reply(call, (writer) => protocol.hello.result.write(writer, result));
    if (!result.ok) this.#connection.finish();
  }

  #identify(args: { body: Buffer }): Buffer {
    if (this.#handshake !== undefined) {
      throw new HelloError('HELLO_GARBAGE', 'expected one HELLO on a connection, got a second one');
    }
    const handshake = new ListenerHandshake(randomBytes(NONCE_BYTES));
    this.#handshake = handshake;
    const welcome = handshake.onHello(args.body, (identity) =>
      sessionKey(this.#parts.secret, identity.session),
    );
    // Told only to who knows the secret: what sessions there are is nobody else's business.
    if (handshake.identity?.role === 'monitor') {
      this.#connection.expectConfig(protocol.CONFIG_MAX);
    }
    return welcome;
  }

  #prove(args: { body: Buffer; config: Buffer }): Buffer {
    if (this.#handshake === undefined) {
      throw new HelloError('HELLO_GARBAGE', 'expected HELLO step 1 before step 2');
    }
    if (this.#bound !== undefined) {
      throw new HelloError('HELLO_GARBAGE', 'expected one HELLO on a connection, got a second one');
    }
    const identity = this.#handshake.onProof(args.body);
    const bound = this.#bind(identity, args.config);
    this.#bound = bound;
    if (bound.role === 'tracer') bound.session.bind(bound.replica, this.#connection);
    this.#connection.proven();
    return Buffer.alloc(0);
  }

  #bind(identity: Identity, config: Buffer): Bound {
    const { role, replica } = identity;
    if (role === 'monitor') {
      const session = this.#parts.sessions.open(identity.session, parseSessionConfig(config));
      return { role, replica, session };
    }
    const session = this.#parts.sessions.find(identity.session);
    const refusal =
      session === undefined
        ? `session ${identity.session} is not open here: its monitor has to say HELLO first`
        : session.refusal(replica);
    if (session === undefined || refusal !== undefined) {
      throw new HelloError('HELLO_REFUSED', refusal ?? 'refused');
    }
    return { role, replica, session };
  }

  #flag(args: protocol.FlagArgs, bound: Bound): protocol.FlagResult {
    if (bound.role === 'tracer') return bound.session.flag(bound.replica, args);
    return { ok: false, reason: 'expected a notice of a replica, got one of the monitor' };
  }

  #status(call: Call, args: protocol.StatusArgs, session: Session): void {
    const tell = (status: protocol.SessionStatus) =>
      this.#reply(call, (writer) => protocol.status.result.write(writer, status));
    if (session.version > args.since) tell(session.status());
    else if (this.#poll === undefined) {
      this.#poll = session.whenChanged((status) => {
        this.#poll = undefined;
        tell(status);
      });
    } else {
      this.#connection.log('refused: a second STATUS that would wait');
      this.#connection.send(
        encodeNotAccepted(new XdrWriter(64), call.xid, acceptStatus.SYSTEM_ERR),
      );
    }
  }

  #reply(call: Call, write: (writer: XdrWriter) => void): void {
    const writer = startReply(new XdrWriter(256), call.xid);
    write(writer);
    this.#connection.send(finishReply(writer));
  }
}

function read<Args, Result>(procedure: Procedure<Args, Result>, reader: XdrReader): Args {
  const args = procedure.args.read(reader);
  reader.end();
  return args;
}

function isRefusal(error: unknown): error is Error {
  return (
    error instanceof HelloError ||
    error instanceof SessionRefused ||
    error instanceof ConfigError ||
    error instanceof ExportError ||
    error instanceof XdrError
  );
}
