/** A tree in memory behind the RPC face, for tests of the path walk alone: no data, no changes. */
import type { RpcCaller } from '../../../nfs/client/nfs-client.ts';
import type { FileAttributes3 } from '../../../nfs/protocol/attributes.ts';
import type { Procedure } from '../../../nfs/protocol/codec.ts';
import { MOUNT_PROGRAM, fileType, nfsStatus } from '../../../nfs/protocol/constants.ts';
import { lookup } from '../../../nfs/protocol/directory-procedures.ts';
import { getattr, readlink } from '../../../nfs/protocol/file-procedures.ts';
import { mnt } from '../../../nfs/protocol/mount.ts';
import { XdrReader, XdrWriter } from '../../../wire/xdr.ts';

/** A directory's entries; a string that begins with "->" is a symlink, another one a file. */
export interface Tree {
  [name: string]: Tree | string;
}

interface Item {
  id: number;
  tree: Tree | string;
}

export class MemoryTree implements RpcCaller {
  /** Names looked up, in order. */
  readonly lookups: string[] = [];
  readonly #items: Item[] = [];
  readonly #volumes: Record<string, Tree>;
  /** Modes of directories by name; 0755 else. */
  readonly #modes: Record<string, number>;

  constructor(volumes: Record<string, Tree>, modes: Record<string, number> = {}) {
    this.#volumes = volumes;
    this.#modes = modes;
  }

  call(program: number, _version: number, procedure: number, args: Uint8Array): Buffer {
    const reader = new XdrReader(Buffer.from(args));
    if (program === MOUNT_PROGRAM) return this.#mount(mnt.args.read(reader).toString());
    if (procedure === getattr.number) {
      const item = this.#item(getattr.args.read(reader).object);
      return encode(getattr, { status: nfsStatus.OK, attributes: this.#attributes(item, '') });
    }
    if (procedure === readlink.number) {
      const { tree } = this.#item(readlink.args.read(reader).object);
      const target = Buffer.from(typeof tree === 'string' ? tree.slice(2) : '');
      return encode(readlink, { status: nfsStatus.OK, attributes: undefined, target });
    }
    if (procedure !== lookup.number) throw new Error(`the memory tree has no call ${procedure}`);
    const { directory, name } = lookup.args.read(reader);
    return this.#lookup(this.#item(directory), name.toString());
  }

  #mount(path: string): Buffer {
    const tree = this.#volumes[path];
    if (tree === undefined) return encode(mnt, { status: nfsStatus.NOENT });
    return encode(mnt, { status: nfsStatus.OK, root: this.#handle(tree), flavours: [1] });
  }

  #lookup({ tree }: Item, name: string): Buffer {
    this.lookups.push(name);
    const found = typeof tree === 'string' ? undefined : tree[name];
    if (found === undefined) {
      return encode(lookup, { status: nfsStatus.NOENT, directoryAttributes: undefined });
    }
    const object = this.#handle(found);
    const attributes = this.#attributes(this.#item(object), name);
    return encode(lookup, {
      status: nfsStatus.OK,
      object,
      attributes,
      directoryAttributes: undefined,
    });
  }

  #handle(tree: Tree | string): Buffer {
    let item = this.#items.find((known) => known.tree === tree && typeof tree !== 'string');
    if (item === undefined) this.#items.push((item = { id: this.#items.length + 1, tree }));
    return Buffer.from([item.id]);
  }

  #item(handle: Buffer): Item {
    const item = this.#items[(handle[0] ?? 0) - 1];
    if (item === undefined) throw new Error('expected a handle that was given out');
    return item;
  }

  #attributes({ id, tree }: Item, name: string): FileAttributes3 {
    const isLink = typeof tree === 'string' && tree.startsWith('->');
    const type = typeof tree !== 'string' ? fileType.DIR : isLink ? fileType.LNK : fileType.REG;
    const zero = { uid: 0, gid: 0, size: 0, used: 0, rdevMajor: 0, rdevMinor: 0, fsid: 1n };
    const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n };
    return {
      type,
      mode: this.#modes[name] ?? 0o755,
      nlink: 1,
      ...zero,
      ...times,
      fileid: BigInt(id),
    };
  }
}

function encode<Args, Result>(procedure: Procedure<Args, Result>, result: Result): Buffer {
  const writer = new XdrWriter();
  procedure.result.write(writer, result);
  return Buffer.from(writer.bytes());
}
