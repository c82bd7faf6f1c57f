/** struct linux_dirent64 and the older linux_dirent (getdents(2)). */
import type { DirectoryEntry } from '../../files/types.ts';

export type DirentForm = '64' | 'old';

/** d_type values. */
export const direntType = {
  fifo: 1,
  char: 2,
  directory: 4,
  block: 6,
  file: 8,
  symlink: 10,
  socket: 12,
} as const;

const ALIGN = 8;
/** d_ino, d_off, d_reclen and, in the newer form, d_type. */
const HEAD_BYTES = { '64': 19, old: 18 } as const;

/** Writes one entry at `at`; returns its length, or 0 where it does not fit before `end`. */
export function encodeDirent(
  form: DirentForm,
  entry: DirectoryEntry,
  into: Buffer,
  at: number,
  end: number,
): number {
  const head = HEAD_BYTES[form];
  // The older form has d_type in its last byte, after the NUL.
  const bytes = head + entry.name.length + (form === '64' ? 1 : 2);
  const length = Math.ceil(bytes / ALIGN) * ALIGN;
  if (at + length > end) return 0;
  into.fill(0, at, at + length);
  into.writeBigUInt64LE(BigInt.asUintN(64, entry.fileid), at);
  into.writeBigInt64LE(BigInt(entry.next), at + 8);
  into.writeUInt16LE(length, at + 16);
  into[form === '64' ? at + 18 : at + length - 1] = entry.type;
  entry.name.copy(into, at + head);
  return length;
}
