/**
 * Reading and writing of files with the caches of DESIGN.md 5: read-ahead, and writes gathered until
 * sync, close, `flushAll` or a bound. What is kept and when it goes out follows from the calls and
 * replies alone, never from time or memory pressure, so the RPCs of all tracers are the same (R12).
 */
import { fsstat } from '../../nfs/protocol/filesystem-procedures.ts';
import { SyscallError } from '../syscall-error.ts';
import { BLOCK_BYTES, BlockCache, type Block, type CachedBlocks } from './block-cache.ts';
import type { FileObject } from './object-table.ts';
import { Transfer } from './transfer.ts';
import type { VolumeTree } from './volume-tree.ts';
import { gather, newGathered } from './write-gathering.ts';

/** Bytes gathered of one file, and of all files, before they go out. */
const GATHER_BYTES_MAX = 1024 * 1024;
const GATHER_ALL_BYTES_MAX = 16 * 1024 * 1024;
/** Blocks fetched at once by a reader that has shown to be sequential: 1 MiB. */
const READ_AHEAD_BLOCKS = 4;
/** With less room than this a volume is "near full": ENOSPC must come with the write itself. */
const NEAR_FULL_BYTES = 64 * 1024 * 1024;
/** Bytes written to a volume before its room is asked for again. */
const ROOM_CHECK_BYTES = 16 * 1024 * 1024;
/** Writes that end beyond this may exceed what a file may have: EFBIG must come with the write. */
const GATHER_END_MAX = 2 ** 40;

/** Room on a volume as far as known. */
interface Room {
  available: number;
  /** Bytes of ours since it was asked for. */
  written: number;
}

export class FileData {
  readonly #tree: VolumeTree;
  readonly #transfer: Transfer;
  readonly #cache = new BlockCache();
  /** Files with gathered writes, the oldest first. */
  readonly #waiting = new Set<FileObject>();
  #gatheredBytes = 0;
  readonly #rooms = new Map<number, Room>();

  constructor(tree: VolumeTree) {
    this.#tree = tree;
    this.#transfer = new Transfer(tree);
  }

  /** Up to `count` bytes; fewer only at the end of the file. A view, valid until the next call. */
  read(object: FileObject, offset: number, count: number): Buffer {
    const volume = this.#tree.volume(object.volume);
    if (!volume.dataCached) return this.#transfer.read(object, offset, count);
    // Without other writers the known size is the end of the file: no call is needed to see it.
    const size = volume.cached ? this.#tree.current(object).size : Number.MAX_SAFE_INTEGER;
    const end = Math.min(offset + count, size);
    const pieces: Buffer[] = [];
    for (let at = offset; at < end;) {
      const index = Math.floor(at / BLOCK_BYTES);
      const base = index * BLOCK_BYTES;
      const wanted = Math.min(end - base, BLOCK_BYTES);
      const block = this.#block(object, index, wanted);
      const stop = Math.min(wanted, block.length);
      if (stop <= at - base) break;
      pieces.push(block.bytes.subarray(at - base, stop));
      at = base + stop;
      if (stop < wanted) break;
    }
    const [first] = pieces;
    return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
  }

  /** Writes at `offset`; with `stable` the bytes are on the server's disk before it returns. */
  write(object: FileObject, offset: number, bytes: Buffer, stable: boolean): number {
    if (!this.#mayGather(object, offset, bytes, stable)) {
      this.flush(object);
      return this.#writeThrough(object, offset, bytes, stable);
    }
    object.gathered ??= newGathered();
    const before = object.gathered.total;
    if (before + bytes.length > GATHER_BYTES_MAX || !gather(object.gathered, offset, bytes)) {
      this.flush(object);
      if (bytes.length >= GATHER_BYTES_MAX) {
        return this.#writeThrough(object, offset, bytes, stable);
      }
      object.gathered = newGathered();
      gather(object.gathered, offset, bytes);
      this.#gatheredBytes += object.gathered.total;
    } else {
      this.#gatheredBytes += object.gathered.total - before;
    }
    this.#waiting.add(object);
    this.#room(object).written += bytes.length;
    this.#cache.overlay(object, offset, bytes);
    const { attributes } = object;
    if (object.gathered.end > attributes.size) {
      object.attributes = { ...attributes, size: object.gathered.end };
    }
    if (this.#gatheredBytes > GATHER_ALL_BYTES_MAX) this.flushAll();
    return bytes.length;
  }

  /** Where O_APPEND writes: the end, own gathered writes counted. */
  appendOffset(object: FileObject): number {
    return object.gathered === undefined ? this.#tree.current(object).size : object.attributes.size;
  }

  /** Sends what is gathered of a file. A failure is kept for `check`. */
  flush(object: FileObject): void {
    const { gathered } = object;
    if (gathered === undefined) return;
    this.discard(object);
    const extents = gathered.extents.toSorted((a, b) => a.offset - b.offset);
    try {
      for (const { offset, length, bytes } of extents) {
        let done = 0;
        while (done < length) {
          done += this.#transfer.write(object, offset + done, bytes.subarray(done, length), false);
        }
      }
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      object.writeError = error.errno;
      object.valid = false;
      this.#cache.cut(object, 0);
    }
  }

  flushAll(): void {
    for (const object of this.#waiting) this.flush(object);
  }

  /** Forgets gathered writes: the file is emptied or gone. */
  discard(object: FileObject): void {
    if (object.gathered === undefined) return;
    this.#gatheredBytes -= object.gathered.total;
    object.gathered = undefined;
    this.#waiting.delete(object);
  }

  /** Throws, once, the error that a gathered write of the file met. */
  check(object: FileObject): void {
    const { writeError } = object;
    if (writeError === 0) return;
    object.writeError = 0;
    throw new SyscallError(writeError, 'a gathered write failed');
  }

  /** fsync(2). */
  sync(object: FileObject): void {
    this.flush(object);
    this.check(object);
    this.#transfer.commit(object);
  }

  /** The length is to become `size` by another call: content from the nearer end on is not known then. */
  resizing(object: FileObject, size: number): void {
    if (size === 0) this.discard(object);
    this.flush(object);
    this.#cache.cut(object, Math.min(size, object.attributes.size));
  }

  /** Block `index` with at least `wanted` bytes, unless the file ends before. */
  #block(object: FileObject, index: number, wanted: number): Block {
    const known = this.#cache.get(object, index);
    if (known !== undefined && known.length >= wanted) return known;
    this.flush(object);
    if (known !== undefined && this.#stillEnds(object, index, known)) return known;
    const cached = this.#cachedBlocks(object);
    const ahead = index > 0 && index === cached.nextBlock ? READ_AHEAD_BLOCKS : 1;
    const bytes = this.#transfer.read(object, index * BLOCK_BYTES, ahead * BLOCK_BYTES);
    // Attributes in the reply may have shown that another wrote the file: start anew then.
    const current = this.#cachedBlocks(object);
    current.seen = object.attributes;
    const first = this.#cache.put(current, index, bytes.subarray(0, BLOCK_BYTES));
    for (let i = 1; i * BLOCK_BYTES < bytes.length; i++) {
      this.#cache.put(current, index + i, bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    }
    current.nextBlock = index + ahead;
    return first;
  }

  /** Asks whether a file still ends in `block`, as a reader at the end of a growing file must. */
  #stillEnds(object: FileObject, index: number, block: Block): boolean {
    const offset = index * BLOCK_BYTES + block.length;
    const more = this.#transfer.read(object, offset, BLOCK_BYTES - block.length);
    return more.length === 0 && object.blocks?.blocks.get(index) === block;
  }

  #cachedBlocks(object: FileObject): CachedBlocks {
    object.blocks ??= {
      blocks: new Map(),
      checked: !this.#tree.volume(object.volume).cached,
      seen: object.attributes,
      nextBlock: 0,
    };
    return object.blocks;
  }

  #writeThrough(object: FileObject, offset: number, bytes: Buffer, stable: boolean): number {
    const count = this.#transfer.write(object, offset, bytes, stable);
    this.#cache.overlay(object, offset, bytes.subarray(0, count));
    const room = this.#rooms.get(object.volume);
    if (room !== undefined) room.written += count;
    return count;
  }

  #mayGather(object: FileObject, offset: number, bytes: Buffer, stable: boolean): boolean {
    if (stable || !this.#tree.volume(object.volume).dataCached) return false;
    if (offset + bytes.length > GATHER_END_MAX) return false;
    const room = this.#room(object);
    return room.available - room.written - bytes.length >= NEAR_FULL_BYTES;
  }

  #room(object: FileObject): Room {
    const known = this.#rooms.get(object.volume);
    if (known !== undefined && known.written < ROOM_CHECK_BYTES) return known;
    const { handle } = this.#tree.root(object.volume);
    const room = {
      available: this.#tree.client.do(fsstat, { object: handle }).availableBytes,
      written: 0,
    };
    this.#rooms.set(object.volume, room);
    return room;
  }
}
