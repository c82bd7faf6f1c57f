/** NFS and MOUNT calls over a synchronous RPC port: arguments in, typed result or an errno out. */
import { XdrReader, XdrWriter } from '../../wire/xdr.ts';
import type { NfsResult, Procedure } from '../protocol/codec.ts';
import {
  MOUNT_PROGRAM,
  MOUNT_VERSION,
  NFS_PROGRAM,
  NFS_VERSION,
  nfsStatus,
} from '../protocol/constants.ts';
import { mnt } from '../protocol/mount.ts';
import { errnoOfStatus } from './errno-of-status.ts';

/** What makes one RPC and waits for its reply; the tracer's FileServerPort is one. */
export interface RpcCaller {
  /** `args` and the result are XDR bodies; the result may be a view, valid until the next call. */
  call(program: number, version: number, procedure: number, args: Uint8Array): Buffer;
}

/** Throws the caller's kind of error for a positive errno. */
export type Fail = (errno: number, message: string) => never;

/** The body that a successful result has. */
export type Done<Result> = Extract<Result, { status: 0 }>;

export class NfsClient {
  readonly #port: RpcCaller;
  readonly #fail: Fail;
  readonly #writer = new XdrWriter(4096);

  constructor(port: RpcCaller, fail: Fail) {
    this.#port = port;
    this.#fail = fail;
  }

  /** Root handle of the volume that replicas see under `path`. */
  mount(path: Buffer): Buffer {
    const result = this.#call(MOUNT_PROGRAM, MOUNT_VERSION, mnt, path);
    if (result.status === nfsStatus.OK) return Buffer.from(result.root);
    return this.#fail(
      errnoOfStatus(result.status),
      `MNT ${path.toString()}: status ${result.status}`,
    );
  }

  /** One NFS call; its failure is a value. Opaque data in the result live until the next call. */
  try<Args, Ok, Bad>(
    procedure: Procedure<Args, NfsResult<Ok, Bad>>,
    args: Args,
  ): NfsResult<Ok, Bad> {
    return this.#call(NFS_PROGRAM, NFS_VERSION, procedure, args);
  }

  /** One NFS call that must succeed; else throws by `fail` with the status's errno. */
  do<Args, Ok, Bad>(
    procedure: Procedure<Args, NfsResult<Ok, Bad>>,
    args: Args,
  ): Done<NfsResult<Ok, Bad>> {
    const result = this.try(procedure, args);
    if (result.status === nfsStatus.OK) return result;
    return this.refuse(procedure.number, result.status);
  }

  /** Throws the errno of an NFS status. */
  refuse(procedure: number, status: number): never {
    return this.#fail(errnoOfStatus(status), `NFS procedure ${procedure}: status ${status}`);
  }

  #call<Args, Result>(
    program: number,
    version: number,
    procedure: Procedure<Args, Result>,
    args: Args,
  ): Result {
    procedure.args.write(this.#writer.reset(), args);
    const body = this.#port.call(program, version, procedure.number, this.#writer.bytes());
    return procedure.result.read(new XdrReader(body));
  }
}
