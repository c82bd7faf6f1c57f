/**
 * The session process's connection to the NFS server: HELLO, numbered calls (R12), notices and
 * liveness. One numbered call is under way at a time; notices and pings go beside it.
 */
import * as native from 'ptrace-napi';
import { DiallerHandshake, HelloError, NONCE_BYTES, type Identity } from '../../wire/hello.ts';
import { FRAME_MAX } from '../../wire/frame.ts';
import { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import { TMR_PROGRAM, TMR_VERSION, tmrProcedure } from '../../nfs/protocol/constants.ts';
import { encodeCaller, requestDigest } from '../../nfs/protocol/digest.ts';
import { machineName, xidOf } from '../../nfs/protocol/identity.ts';
import {
  bye,
  flag,
  hello,
  type FlagArgs,
  type HelloArgs,
} from '../../nfs/protocol/private-program.ts';
import {
  acceptStatus,
  decodeReply,
  encodeCall,
  type Reply,
  type SysCredential,
} from '../../nfs/protocol/rpc.ts';
import type { FileServerPort } from '../ports.ts';
import { waitRecord } from './handshake.ts';
import type { Link } from './link.ts';
import type { Pump } from './pump.ts';
import { SessionEnd } from './session-end.ts';

/** XIDs of the private program: apart from those of numbered calls, which start at 1. */
const PRIVATE_XID = 0xf000_0000;

export class ServerLink implements FileServerPort {
  readonly #link: Link;
  readonly #pump: Pump;
  readonly #session: string;
  readonly #credential: SysCredential;
  /** Of the credential, for digests. */
  readonly #caller: Buffer;
  readonly #sendTimeoutNs: number;
  readonly #writer = new XdrWriter(64 * 1024);
  readonly #argsWriter = new XdrWriter(2048);
  /** Calls so far; state of the stream that a checkpoint would carry. */
  counter = 0;
  /** What numbered calls go through; fault injection may stand in between. */
  outlet: (record: Buffer) => void = (record) => this.transmit(record);
  #privateXid = PRIVATE_XID;
  #waitingXid = -1;
  #reply: Reply | undefined;

  constructor(options: {
    link: Link;
    pump: Pump;
    session: string;
    uid: number;
    gid: number;
    groups: readonly number[];
    sendTimeoutNs: number;
  }) {
    this.#link = options.link;
    this.#pump = options.pump;
    this.#session = options.session;
    this.#sendTimeoutNs = options.sendTimeoutNs;
    this.#credential = {
      flavour: 'sys',
      stamp: 0,
      machineName: '',
      uid: options.uid,
      gid: options.gid,
      // AUTH_SYS has room for 16 (RFC 5531 appendix A).
      gids: options.groups.slice(0, 16),
    };
    this.#caller = encodeCaller(this.#credential);
  }

  /** Two calls of HELLO; before the pump watches this link. Throws HelloError. */
  hello(identity: Identity, key: Uint8Array, deadlineNs: number): void {
    const handshake = new DiallerHandshake(identity, key, native.randomBytes(NONCE_BYTES));
    const welcome = this.#helloStep({ step: 1, body: handshake.start() }, deadlineNs);
    const proof = handshake.onWelcome(welcome, 'the NFS server');
    this.#helloStep({ step: 2, body: proof, config: Buffer.alloc(0) }, deadlineNs);
    this.#link.maxRecord = FRAME_MAX;
  }

  /** From here on replies come through the pump. */
  watch(news: { heard(): void; closed(): void }): void {
    this.#pump.watch(this.#link, {
      record: (record) => {
        news.heard();
        this.#receive(record);
      },
      closed: () => news.closed(),
    });
  }

  call(program: number, version: number, procedure: number, args: Uint8Array): Buffer {
    this.counter++;
    this.#credential.machineName = machineName({
      session: this.#session,
      stream: 0,
      counter: this.counter,
    });
    const xid = xidOf(this.counter);
    const header = { xid, program, version, procedure, credential: this.#credential };
    this.#reply = undefined;
    this.#waitingXid = xid;
    this.outlet(encodeCall(this.#writer, header, args));
    this.#pump.until(() => this.#reply !== undefined);
    const reply = this.#reply as Reply | undefined;
    if (reply === undefined || reply.kind !== 'success') {
      const why = reply === undefined ? 'no reply' : refusalOf(reply);
      throw new SessionEnd('stopped', `file server did not accept call ${this.counter}: ${why}`);
    }
    // Outvoted at the server: this reply answers another call (R12).
    const digest = requestDigest(this.#caller, program, version, procedure, args);
    if (!reply.verifier.body.equals(digest)) {
      throw new SessionEnd('fenced', 'file-digest: the file server executed another request');
    }
    return reply.result;
  }

  /** One notice (R6); its answer is not waited for. */
  notice(args: FlagArgs): void {
    flag.args.write(this.#argsWriter.reset(), args);
    this.#private(tmrProcedure.FLAG, this.#argsWriter.bytes());
  }

  ping(): void {
    this.#private(tmrProcedure.NULL, Buffer.alloc(0));
  }

  bye(): void {
    bye.args.write(this.#argsWriter.reset(), undefined);
    this.#private(tmrProcedure.BYE, this.#argsWriter.bytes());
  }

  /** The pump closes the link and tells the session, as if the other end had. */
  drop(): void {
    this.#link.closed = true;
  }

  close(): void {
    if (!this.#link.closed) this.#link.close();
  }

  #helloStep(args: HelloArgs, deadlineNs: number): Buffer {
    hello.args.write(this.#argsWriter.reset(), args);
    this.#private(tmrProcedure.HELLO, this.#argsWriter.bytes());
    const reply = decodeReply(waitRecord(this.#link, deadlineNs));
    if (reply.kind !== 'success') {
      throw new HelloError('HELLO_GARBAGE', 'expected a tmr NFS server, got one without HELLO');
    }
    const result = hello.result.read(new XdrReader(reply.result));
    if (!result.ok) throw new HelloError('HELLO_REFUSED', result.reason);
    return Buffer.from(result.welcome);
  }

  #private(procedure: number, args: Uint8Array): void {
    const header = {
      xid: this.#privateXid++,
      program: TMR_PROGRAM,
      version: TMR_VERSION,
      procedure,
      credential: { flavour: 'none' } as const,
    };
    this.transmit(encodeCall(this.#writer, header, args));
  }

  transmit(record: Buffer): void {
    this.#link.send(record, native.monotonicNs() + this.#sendTimeoutNs);
  }

  #receive(record: Buffer): void {
    const reply = decodeReply(record);
    if (reply.xid === this.#waitingXid) {
      this.#waitingXid = -1;
      this.#reply = reply;
    }
  }
}

/** In the words of RFC 5531. */
function refusalOf(reply: Exclude<Reply, { kind: 'success' }>): string {
  if (reply.kind === 'rpc-mismatch') return 'RPC_MISMATCH';
  if (reply.kind === 'auth-error') return `AUTH_ERROR ${reply.status}`;
  const names = Object.entries(acceptStatus);
  return names.find(([, status]) => status === reply.status)?.[0] ?? `status ${reply.status}`;
}
