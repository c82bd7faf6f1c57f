/**
 * Programs and libraries, which each replica's host reads itself (R0: the same bytes everywhere).
 * What stat shows of them is made equal: device and inode numbers are those of the order in which
 * files were met, access and change times are the modification time.
 */
import { accessSync, lstatSync, readlinkSync, statSync, type BigIntStats } from 'node:fs';
import type { CallRun } from '../ports.ts';
import type { FileAttributes, FileSystemStatus } from '../files/types.ts';
import { FileMode } from './abi/constants.ts';
import { deviceMajor, deviceMinor } from './abi/stat.ts';
import { localCall } from './fail.ts';
import { toScratch } from './memory.ts';

/** st_dev of everything local: a device that no volume has. */
const LOCAL_DEVICE = 0xfe00n;
/** Virtual inode numbers of local files start here. */
const FIRST_INODE = 0x7a00_0000;

const TYPES: Record<number, FileAttributes['type']> = {
  [FileMode.file]: 'file',
  [FileMode.directory]: 'directory',
  [FileMode.symlink]: 'symlink',
  [FileMode.char]: 'char',
  [FileMode.block]: 'block',
  [FileMode.fifo]: 'fifo',
  [FileMode.socket]: 'socket',
};

export function localAttributes(run: CallRun, path: Buffer, nofollow: boolean): FileAttributes {
  const stats = localCall(() => (nofollow ? lstatSync : statSync)(path, { bigint: true }));
  const made = canonical(run, stats);
  // The hosts' files are the same by R0; where they are not, the next vote tells.
  run.foldNumber(made.size);
  run.foldNumber(Number(stats.mode));
  run.foldNumber(Number(stats.mtimeNs / 1_000_000_000n));
  return made;
}

function canonical(run: CallRun, stats: BigIntStats): FileAttributes {
  return {
    type: TYPES[Number(stats.mode) & FileMode.mask] ?? 'file',
    mode: Number(stats.mode) & 0o7777,
    nlink: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    used: Number(stats.blocks) * 512,
    rdevMajor: deviceMajor(stats.rdev),
    rdevMinor: deviceMinor(stats.rdev),
    fsid: LOCAL_DEVICE,
    fileid: BigInt(virtualInode(run, `${stats.dev}:${stats.ino}`)),
    atimeNs: stats.mtimeNs,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.mtimeNs,
  };
}

/** Number of the file "device:inode": hard links keep one. */
export function virtualInode(run: CallRun, key: string): number {
  const { inodes } = run.process;
  const known = inodes.get(key);
  if (known !== undefined) return known;
  const made = FIRST_INODE + inodes.size;
  inodes.set(key, made);
  return made;
}

export const localReadlink = (path: Buffer): Buffer =>
  localCall(() => readlinkSync(path, { encoding: 'buffer' }));

export const localAccess = (path: Buffer, mode: number): void =>
  localCall(() => accessSync(path, mode));

/** How full the hosts' disks are differs by nature: a full file system of 64 GiB, as ext4 says it. */
export const localStatfs: FileSystemStatus = {
  type: 0xef53,
  blockSize: 4096,
  blocks: 2 ** 24,
  blocksFree: 0,
  blocksAvailable: 0,
  files: 2 ** 22,
  filesFree: 0,
  nameMax: 255,
};

/**
 * Makes argument `pathArg` of the call at hand name `canonicalPath` for the kernel: the program's
 * own string where it is that path, else a copy in the scratch pages.
 */
export function passPath(
  run: CallRun,
  pathArg: number,
  given: Buffer,
  canonicalPath: Buffer,
): void {
  if (given.equals(canonicalPath)) return;
  const text = Buffer.concat([canonicalPath, Buffer.from([0])]);
  run.tracee.setArg(pathArg, toScratch(run, text));
}
