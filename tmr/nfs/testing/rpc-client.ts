/** A small asynchronous RPC client for tests: real TCP, one connection. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  DiallerHandshake,
  NONCE_BYTES,
  sessionKey,
  type Identity,
  type Role,
} from '../../wire/hello.ts';
import type { Address } from '../../wire/messages.ts';
import { RecordReader } from '../../wire/record.ts';
import { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import type { Procedure } from '../protocol/codec.ts';
import {
  MOUNT_PROGRAM,
  MOUNT_VERSION,
  NFS_PROGRAM,
  NFS_VERSION,
  RPC_RECORD_MAX,
  TMR_PROGRAM,
  TMR_VERSION,
} from '../protocol/constants.ts';
import { machineName, xidOf } from '../protocol/identity.ts';
import * as privateProgram from '../protocol/private-program.ts';
import { decodeReply, encodeCall, type Credential, type Reply } from '../protocol/rpc.ts';

export const SECRET = Buffer.from('the secret of the tests');

/** `ended`: the server closed the connection before it answered. */
export class ConnectionEnded extends Error {}

export class RpcClient {
  readonly #socket: Socket;
  readonly #reader = new RecordReader(RPC_RECORD_MAX * 2);
  readonly #waiting = new Map<
    number,
    { resolve: (r: Reply) => void; reject: (e: Error) => void }
  >();
  readonly ended: Promise<void>;
  /** All replies in order of arrival, late duplicates too. */
  readonly replies: Reply[] = [];
  #xid = 1000;
  credential: Credential = sys('test', { uid: process.getuid?.() ?? 0 });

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        for (const { reject } of this.#waiting.values()) reject(new ConnectionEnded('ended'));
        this.#waiting.clear();
        resolve();
      });
    });
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      this.#reader.push(bytes);
      for (let record = this.#reader.next(); record; record = this.#reader.next()) {
        const reply = decodeReply(record);
        this.replies.push(reply);
        this.#waiting.get(reply.xid)?.resolve(reply);
        this.#waiting.delete(reply.xid);
      }
    });
  }

  static async dial(address: Address): Promise<RpcClient> {
    const socket = connect(address.port, address.host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RpcClient(socket);
  }

  /** This end's port. */
  get port(): number {
    return this.#socket.localPort ?? 0;
  }

  close(): Promise<void> {
    this.#socket.destroy();
    return this.ended;
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a call and waits for the reply of its XID. */
  raw(
    program: number,
    version: number,
    procedure: number,
    args: Uint8Array,
    options: { xid?: number; credential?: Credential } = {},
  ): Promise<Reply> {
    const xid = options.xid ?? this.#xid++;
    const credential = options.credential ?? this.credential;
    const header = { xid, program, version, procedure, credential };
    return new Promise((resolve, reject) => {
      this.#waiting.set(xid, { resolve, reject });
      this.#socket.write(Buffer.from(encodeCall(new XdrWriter(), header, args)));
    });
  }

  async call<Args, Result>(
    program: number,
    version: number,
    procedure: Procedure<Args, Result>,
    args: Args,
    options: { xid?: number; credential?: Credential } = {},
  ): Promise<Result> {
    const writer = new XdrWriter();
    procedure.args.write(writer, args);
    const body = Buffer.from(writer.bytes());
    const reply = await this.raw(program, version, procedure.number, body, options);
    return resultOf(procedure, reply);
  }

  nfs<Args, Result>(procedure: Procedure<Args, Result>, args: Args): Promise<Result> {
    return this.call(NFS_PROGRAM, NFS_VERSION, procedure, args);
  }

  mount<Args, Result>(procedure: Procedure<Args, Result>, args: Args): Promise<Result> {
    return this.call(MOUNT_PROGRAM, MOUNT_VERSION, procedure, args);
  }

  tmr<Args, Result>(procedure: Procedure<Args, Result>, args: Args): Promise<Result> {
    return this.call(TMR_PROGRAM, TMR_VERSION, procedure, args);
  }

  /** The same call as a replica's call `counter` of a stream. */
  slot<Args, Result>(
    where: { session: string; stream?: number; counter: number; uid?: number },
    program: number,
    procedure: Procedure<Args, Result>,
    args: Args,
  ): Promise<Reply> {
    const writer = new XdrWriter();
    procedure.args.write(writer, args);
    const name = machineName({ stream: 0, ...where });
    const uid = where.uid ?? process.getuid?.() ?? 0;
    const options = { xid: xidOf(where.counter), credential: sys(name, { uid }) };
    return this.raw(program, 3, procedure.number, Buffer.from(writer.bytes()), options);
  }

  /** Both steps. Rejects with the server's reason, or HelloError. */
  async hello(
    identity: Pick<Identity, 'session'> & { role?: Role; replica?: number },
    options: { secret?: Uint8Array; config?: unknown } = {},
  ): Promise<void> {
    const { session, role = 'tracer', replica = 0 } = identity;
    const key = sessionKey(options.secret ?? SECRET, session);
    const who: Identity = { role, session, replica, buildId: 'test' };
    const handshake = new DiallerHandshake(who, key, randomBytes(NONCE_BYTES));
    const first = await this.tmr(privateProgram.hello, { step: 1, body: handshake.start() });
    if (!first.ok) throw new Error(first.reason);
    const body = handshake.onWelcome(first.welcome, 'the file server');
    const text = options.config === undefined ? '' : JSON.stringify(options.config);
    const second = await this.tmr(privateProgram.hello, {
      step: 2,
      body,
      config: Buffer.from(text),
    });
    if (!second.ok) throw new Error(second.reason);
  }
}

export function resultOf<Args, Result>(procedure: Procedure<Args, Result>, reply: Reply): Result {
  if (reply.kind !== 'success') throw new Error(`expected success, got ${JSON.stringify(reply)}`);
  const reader = new XdrReader(reply.result);
  const result = procedure.result.read(reader);
  reader.end();
  return result;
}

export function sys(
  machine: string,
  who: { uid?: number; gid?: number; gids?: number[] } = {},
): Credential {
  const { uid = 0, gid = process.getgid?.() ?? 0, gids = [] } = who;
  return { flavour: 'sys', stamp: 0, machineName: machine, uid, gid, gids };
}
