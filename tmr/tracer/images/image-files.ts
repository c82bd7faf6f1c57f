/** Digests of files, remembered while they do not change: hashing libc costs milliseconds. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readElf, type ElfImage } from './elf.ts';

export interface ImageFile {
  /** In hex. */
  sha256: string;
  /** Undefined when it is no 64-bit ELF file. */
  elf: ElfImage | undefined;
}

const CHUNK_BYTES = 1 << 20;
const REMEMBERED_MAX = 512;
/** A session process sees the same libraries again and again. */
const remembered = new Map<string, ImageFile>();

/** Undefined when there is no such regular file to read; follows symlinks. */
export function imageFile(path: string | Buffer): ImageFile | undefined {
  const stat = statIfAny(path);
  if (stat?.isFile() !== true) return undefined;
  return remembered.get(identity(stat)) ?? readImage(path);
}

function readImage(path: string | Buffer): ImageFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const key = identity(fstatSync(fd));
    const image = {
      sha256: digest(fd),
      elf: readElf((offset, length) => pread(fd, offset, length)),
    };
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    // Written to meanwhile: neither the old file nor the new one.
    if (identity(fstatSync(fd)) === key) remembered.set(key, image);
    return image;
  } finally {
    closeSync(fd);
  }
}

function digest(fd: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, fstatSync(fd).size + 1));
  for (let at = 0; ;) {
    const length = readSync(fd, chunk, 0, chunk.length, at);
    if (length === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, length));
    at += length;
  }
}

function pread(fd: number, offset: number, length: number): Buffer {
  const size = Math.max(0, Math.min(length, fstatSync(fd).size - offset));
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, size === 0 ? 0 : readSync(fd, bytes, 0, size, offset));
}

function statIfAny(path: string | Buffer): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // ENOTDIR, EACCES, ELOOP: the dynamic linker looks further too.
    return undefined;
  }
}

const identity = ({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string =>
  [dev, ino, size, mtimeMs, ctimeMs].join('/');
