/**
 * The real server's procedures on a real directory, called in this process: no sockets and slots
 * between, so that thousands of calls take a second. Also records calls and plays them back.
 */
import type { RpcCaller } from '../../../nfs/client/nfs-client.ts';
import { Export, ExportView } from '../../../nfs/exports/export.ts';
import { DirectorySnapshots } from '../../../nfs/files/directory-snapshots.ts';
import { WriteVerifier } from '../../../nfs/files/write-verifier.ts';
import type { Caller } from '../../../nfs/permissions.ts';
import type { CallContext } from '../../../nfs/procedures/handler.ts';
import { handlersOf } from '../../../nfs/procedures/index.ts';
import { XdrReader, XdrWriter } from '../../../wire/xdr.ts';

export interface DirectVolume {
  /** As replicas see it. */
  path: string;
  /** The real directory. */
  real: string;
  readOnly?: boolean;
}

/** One call as it went over the port. */
export interface RecordedCall {
  program: number;
  procedure: number;
  args: Buffer;
  reply: Buffer;
}

export class DirectServer implements RpcCaller {
  /** All calls so far. */
  readonly calls: RecordedCall[] = [];
  readonly #context: CallContext;

  constructor(volumes: readonly DirectVolume[], caller?: Partial<Caller>) {
    const exports = new Map(
      volumes.map(({ path, real, readOnly }) => [
        path,
        new Export({ owner: path, path: real, readOnly: readOnly ?? false, durable: false }),
      ]),
    );
    this.#context = {
      view: new ExportView(exports.values()),
      caller: { ...thisUser(), ...caller },
      mounts: {
        find: (path) => {
          const found = exports.get(path);
          return found && { export: found, below: [] };
        },
        list: () => [...exports.keys()],
        mounted: () => undefined,
        unmounted: () => undefined,
        dump: () => [],
      },
      verifier: new WriteVerifier(),
      snapshots: new DirectorySnapshots(),
      onDefect: (error) => {
        throw error;
      },
    };
  }

  call(program: number, _version: number, procedure: number, args: Uint8Array): Buffer {
    const handler = handlersOf(program)?.get(procedure);
    if (handler === undefined) throw new Error(`expected a known procedure, got ${procedure}`);
    const request = Buffer.from(args);
    const writer = new XdrWriter(handler.replyBytes);
    handler.run(this.#context, new XdrReader(request), writer);
    const reply = Buffer.from(writer.bytes());
    this.calls.push({ program, procedure, args: request, reply: Buffer.from(reply) });
    return reply;
  }
}

/** Answers with recorded replies; a call that differs from the recorded one is an error (R12). */
export class Playback implements RpcCaller {
  readonly #calls: readonly RecordedCall[];
  #next = 0;

  constructor(calls: readonly RecordedCall[]) {
    this.#calls = calls;
  }

  get left(): number {
    return this.#calls.length - this.#next;
  }

  call(program: number, _version: number, procedure: number, args: Uint8Array): Buffer {
    const expected = this.#calls[this.#next++];
    const same =
      expected?.program === program &&
      expected.procedure === procedure &&
      expected.args.equals(args);
    if (expected === undefined || !same) {
      throw new Error(
        `call ${this.#next} differs: expected ${expected?.procedure}, got ${procedure}`,
      );
    }
    return Buffer.from(expected.reply);
  }
}

/** As the server takes a caller that is the user it runs as. */
function thisUser(): Caller {
  const uid = process.getuid?.() ?? 0;
  return { uid, gid: process.getgid?.() ?? 0, gids: [], checks: uid === 0 ? 'root' : 'self' };
}
