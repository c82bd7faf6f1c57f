/** READ, WRITE and COMMIT of one object, split to what the server takes in one. */
import type { WccData } from '../../nfs/protocol/attributes.ts';
import { stableHow } from '../../nfs/protocol/constants.ts';
import { commit, read, write } from '../../nfs/protocol/file-procedures.ts';
import { fromWire, sameContent } from './attributes.ts';
import { refuse } from './errno.ts';
import type { FileObject } from './object-table.ts';
import type { VolumeTree } from './volume-tree.ts';

export class Transfer {
  readonly #tree: VolumeTree;

  constructor(tree: VolumeTree) {
    this.#tree = tree;
  }

  /** Up to `count` bytes; fewer only at the end of the file. A view, valid until the next call. */
  read(object: FileObject, offset: number, count: number): Buffer {
    if (offset + count > Number.MAX_SAFE_INTEGER) refuse('EINVAL', `read at ${offset}`);
    if (count === 0) return Buffer.alloc(0);
    const most = this.#tree.limits(object.volume).read;
    const pieces: Buffer[] = [];
    let got = 0;
    while (got < count) {
      const reply = this.#tree.client.do(read, {
        object: object.handle,
        offset: offset + got,
        count: Math.min(most, count - got),
      });
      this.#tree.observe(object, reply.attributes);
      got += reply.data.length;
      const isLast = reply.eof || reply.data.length === 0 || got >= count;
      if (isLast && pieces.length === 0) return reply.data;
      // A reply lives until the next call only.
      pieces.push(isLast ? reply.data : Buffer.from(reply.data));
      if (isLast) break;
    }
    return Buffer.concat(pieces);
  }

  /** Writes all bytes; with `stable` they are on the server's disk before it returns. */
  write(object: FileObject, offset: number, bytes: Buffer, stable: boolean): number {
    if (offset + bytes.length > Number.MAX_SAFE_INTEGER) refuse('EFBIG', `write at ${offset}`);
    const most = this.#tree.limits(object.volume).write;
    let done = 0;
    while (done < bytes.length) {
      const data = bytes.subarray(done, done + most);
      const result = this.#tree.client.try(write, {
        object: object.handle,
        offset: offset + done,
        count: data.length,
        stable: stable ? stableHow.FILE_SYNC : stableHow.UNSTABLE,
        data,
      });
      keepOwnContent(object, result.wcc);
      this.#tree.observe(object, result.wcc.after);
      if (result.status !== 0) {
        // As write(2): what is written counts, the error comes with the next call.
        if (done > 0) return done;
        return this.#tree.client.refuse(write.number, result.status);
      }
      if (result.count === 0) return done;
      done += result.count;
    }
    return done;
  }

  /** fsync(2). */
  commit(object: FileObject): void {
    const result = this.#tree.client.do(commit, { object: object.handle, offset: 0, count: 0 });
    this.#tree.observe(object, result.wcc.after);
  }
}

/** Our own write moved the attributes: what was read before stays good if nobody wrote in between. */
function keepOwnContent({ blocks }: FileObject, { before, after }: WccData): void {
  if (blocks === undefined || before === undefined || after === undefined) return;
  if (sameContent(blocks.seen, before)) blocks.seen = fromWire(after);
}
