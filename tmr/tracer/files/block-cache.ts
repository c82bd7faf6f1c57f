/**
 * Content of files read ahead, in blocks. The least recently used block goes when the whole is full:
 * which one that is depends on the calls alone, so it is the same in all tracers (R12).
 */
import type { FileObject } from './object-table.ts';
import type { FileAttributes } from './types.ts';

export const BLOCK_BYTES = 256 * 1024;
const CACHE_BYTES_MAX = 64 * 1024 * 1024;

export interface Block {
  /** `length` bytes of it are content; fewer than BLOCK_BYTES where the file ended when it was read. */
  bytes: Buffer;
  length: number;
}

/** What is kept of one file. */
export interface CachedBlocks {
  blocks: Map<number, Block>;
  /** Others may write the file: attributes that differ from `seen` make the content void. */
  checked: boolean;
  seen: FileAttributes;
  /** The block that a sequential reader asks for next. */
  nextBlock: number;
}

export class BlockCache {
  /** In order of use. Entries whose block is gone from its object are only counted. */
  readonly #order = new Map<Block, { cached: CachedBlocks; index: number }>();
  #bytes = 0;
  readonly #max: number;

  constructor(max = CACHE_BYTES_MAX) {
    this.#max = max;
  }

  get(object: FileObject, index: number): Block | undefined {
    const block = object.blocks?.blocks.get(index);
    const entry = block === undefined ? undefined : this.#order.get(block);
    if (block === undefined || entry === undefined) return undefined;
    this.#order.delete(block);
    this.#order.set(block, entry);
    return block;
  }

  /** Keeps a copy of `content` as block `index`. */
  put(cached: CachedBlocks, index: number, content: Buffer): Block {
    const old = cached.blocks.get(index);
    if (old !== undefined) this.#drop(old);
    const block = { bytes: Buffer.from(content), length: content.length };
    cached.blocks.set(index, block);
    this.#order.set(block, { cached, index });
    this.#bytes += block.bytes.length;
    this.#trim();
    return block;
  }

  /** Writes go into the blocks that are kept; where they leave a gap the block is dropped. */
  overlay({ blocks: cached }: FileObject, offset: number, bytes: Buffer): void {
    if (cached === undefined || bytes.length === 0) return;
    const end = offset + bytes.length;
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    for (let index = Math.floor(offset / BLOCK_BYTES); index <= last; index++) {
      const block = cached.blocks.get(index);
      if (block === undefined) continue;
      const base = index * BLOCK_BYTES;
      const start = Math.max(offset - base, 0);
      const stop = Math.min(end - base, BLOCK_BYTES);
      if (start > block.length) {
        cached.blocks.delete(index);
        this.#drop(block);
        continue;
      }
      this.#grow(block, stop);
      bytes.copy(block.bytes, start, base + start - offset, base + stop - offset);
    }
  }

  /** The file was cut or grown at `offset`: what lies there and behind is not known any more. */
  cut({ blocks: cached }: FileObject, offset: number): void {
    if (cached === undefined) return;
    const first = Math.floor(offset / BLOCK_BYTES);
    for (const [index, block] of cached.blocks) {
      if (index < first) continue;
      cached.blocks.delete(index);
      this.#drop(block);
    }
  }

  #grow(block: Block, length: number): void {
    if (length > block.bytes.length) {
      const grown = Buffer.alloc(Math.min(BLOCK_BYTES, Math.max(length, block.bytes.length * 2)));
      block.bytes.copy(grown, 0, 0, block.length);
      if (this.#order.has(block)) this.#bytes += grown.length - block.bytes.length;
      block.bytes = grown;
    }
    block.length = Math.max(block.length, length);
  }

  #drop(block: Block): void {
    if (this.#order.delete(block)) this.#bytes -= block.bytes.length;
  }

  #trim(): void {
    for (const [block, { cached, index }] of this.#order) {
      if (this.#bytes <= this.#max) return;
      this.#drop(block);
      if (cached.blocks.get(index) === block) cached.blocks.delete(index);
    }
  }
}
