/** stat(2) as fattr3. */
import type { BigIntStats } from 'node:fs';
import { fileType, type FileType } from '../protocol/constants.ts';
import type { FileAttributes3 } from '../protocol/attributes.ts';

const S_IFMT = 0o170000;
const typeOfMode = new Map<number, FileType>([
  [0o100000, fileType.REG],
  [0o040000, fileType.DIR],
  [0o060000, fileType.BLK],
  [0o020000, fileType.CHR],
  [0o120000, fileType.LNK],
  [0o140000, fileType.SOCK],
  [0o010000, fileType.FIFO],
]);

export function attributesOf(stat: BigIntStats): FileAttributes3 {
  const mode = Number(stat.mode);
  const rdev = stat.rdev;
  return {
    type: typeOf(stat),
    mode: mode & 0o7777,
    nlink: Number(stat.nlink),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: Number(stat.size),
    used: Number(stat.blocks) * 512,
    // gnu_dev_major(3)
    rdevMajor: rdev === 0n ? 0 : Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n)),
    rdevMinor: rdev === 0n ? 0 : Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n)),
    fsid: stat.dev,
    fileid: stat.ino,
    atimeNs: stat.atimeNs,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
  };
}

export function typeOf(stat: BigIntStats): FileType {
  return typeOfMode.get(Number(stat.mode) & S_IFMT) ?? fileType.REG;
}
