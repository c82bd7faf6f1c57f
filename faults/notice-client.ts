/**
 * A flag notice from outside: a fresh connection to the NFS server that proves it is a replica's
 * (it knows the session's secret) and sends FLAG. The counterpart of the interposed
 * `false-flag-notice`, without any part of the session process.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TMR_PROGRAM, TMR_VERSION } from '../tmr/nfs/protocol/constants.ts';
import type { Procedure } from '../tmr/nfs/protocol/codec.ts';
import { flag, hello, type FlagArgs, type HelloArgs } from '../tmr/nfs/protocol/private-program.ts';
import { decodeReply, encodeCall } from '../tmr/nfs/protocol/rpc.ts';
import { buildId } from '../tmr/wire/build-id.ts';
import { FRAME_MAX } from '../tmr/wire/frame.ts';
import { DiallerHandshake, NONCE_BYTES, sessionKey } from '../tmr/wire/hello.ts';
import type { Address } from '../tmr/wire/messages.ts';
import { RecordReader } from '../tmr/wire/record.ts';
import { XdrReader, XdrWriter } from '../tmr/wire/xdr.ts';

export interface NoticeOptions extends FlagArgs {
  nfs: Address;
  /** Contents of the session's secret file, as `tmr` reads it. */
  secret: Uint8Array;
  session: string;
  /** The replica in whose name it is sent. */
  accuser: number;
}

/** Resolves with whether the accused is out now. Rejects when the server refuses, with its reason. */
export async function sendNotice(options: NoticeOptions): Promise<{ counted: boolean }> {
  const { nfs, accuser, session, secret, accused, stream, k, mechanism } = options;
  const socket = connect({ host: nfs.host, port: nfs.port, noDelay: true });
  try {
    await once(socket, 'connect');
    const client = new PrivateClient(socket);
    const identity = { role: 'tracer', session, replica: accuser, buildId: buildId() } as const;
    const key = sessionKey(secret, session);
    const handshake = new DiallerHandshake(identity, key, randomBytes(NONCE_BYTES));
    const welcome = await client.hello({ step: 1, body: handshake.start() });
    const proof = handshake.onWelcome(welcome, 'the NFS server');
    await client.hello({ step: 2, body: proof, config: Buffer.alloc(0) });
    const result = await client.call(flag, { accused, stream, k, mechanism });
    if (!result.ok) throw new Error(`the NFS server refused the notice: ${result.reason}`);
    return { counted: result.counted };
  } finally {
    socket.destroy();
  }
}

/** One call at a time of the private program. */
class PrivateClient {
  readonly #socket: Socket;
  readonly #reader = new RecordReader(FRAME_MAX);
  readonly #writer = new XdrWriter(2048);
  readonly #args = new XdrWriter(2048);
  #xid = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async hello(args: HelloArgs): Promise<Buffer> {
    const result = await this.call(hello, args);
    if (!result.ok) throw new Error(`the NFS server refused HELLO: ${result.reason}`);
    return result.welcome;
  }

  async call<Args, Result>(procedure: Procedure<Args, Result>, args: Args): Promise<Result> {
    procedure.args.write(this.#args.reset(), args);
    const header = {
      xid: ++this.#xid,
      program: TMR_PROGRAM,
      version: TMR_VERSION,
      procedure: procedure.number,
      credential: { flavour: 'none' } as const,
    };
    this.#socket.write(Buffer.from(encodeCall(this.#writer, header, this.#args.bytes())));
    const reply = decodeReply(await this.#record());
    if (reply.kind === 'success') return procedure.result.read(new XdrReader(reply.result));
    throw new Error(`expected tmr's NFS server, got one that answers '${reply.kind}'`);
  }

  async #record(): Promise<Buffer> {
    for (;;) {
      const record = this.#reader.next();
      if (record !== undefined) return record;
      const [bytes] = (await Promise.race([
        once(this.#socket, 'data'),
        once(this.#socket, 'close').then(() => {
          throw new Error('the NFS server closed the connection');
        }),
      ])) as [Buffer];
      this.#reader.push(bytes);
    }
  }
}
