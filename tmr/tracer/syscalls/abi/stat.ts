/** struct stat, statx and statfs of x86-64 (asm/stat.h, linux/stat.h, asm-generic/statfs.h). */
import type { FileAttributes, FileSystemStatus } from '../../files/types.ts';
import { FileMode } from './constants.ts';

export const STAT_BYTES = 144;
export const STATX_BYTES = 256;
export const STATFS_BYTES = 120;

const TYPE_BITS: Record<FileAttributes['type'], number> = {
  file: FileMode.file,
  directory: FileMode.directory,
  symlink: FileMode.symlink,
  char: FileMode.char,
  block: FileMode.block,
  fifo: FileMode.fifo,
  socket: FileMode.socket,
};
const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;
const NS_PER_S = 1_000_000_000n;
const STATX_BASIC_STATS = 0x7ff;

export const modeOf = (of: FileAttributes): number => TYPE_BITS[of.type] | (of.mode & 0o7777);

/** Kernel encoding of a device number in 64 bits (new_encode_dev with the full 32-bit halves). */
export function makeDevice(major: number, minor: number): bigint {
  const high = (BigInt(major) & 0xfffff000n) << 32n;
  const low = (BigInt(major) & 0xfffn) << 8n;
  return high | low | ((BigInt(minor) & 0xffffff00n) << 12n) | (BigInt(minor) & 0xffn);
}
export const deviceMajor = (device: bigint): number =>
  Number(((device >> 32n) & 0xfffff000n) | ((device >> 8n) & 0xfffn));
export const deviceMinor = (device: bigint): number =>
  Number(((device >> 12n) & 0xffffff00n) | (device & 0xffn));

const stat = Buffer.alloc(STAT_BYTES);
/** The 144 bytes of stat(2), in a buffer that the next call reuses. */
export function encodeStat(of: FileAttributes): Buffer {
  stat.fill(0);
  stat.writeBigUInt64LE(BigInt.asUintN(64, of.fsid), 0);
  stat.writeBigUInt64LE(BigInt.asUintN(64, of.fileid), 8);
  stat.writeBigUInt64LE(BigInt(of.nlink), 16);
  stat.writeUInt32LE(modeOf(of), 24);
  stat.writeUInt32LE(of.uid, 28);
  stat.writeUInt32LE(of.gid, 32);
  stat.writeBigUInt64LE(makeDevice(of.rdevMajor, of.rdevMinor), 40);
  stat.writeBigInt64LE(BigInt(of.size), 48);
  stat.writeBigInt64LE(BigInt(BLOCK_BYTES), 56);
  stat.writeBigInt64LE(BigInt(Math.ceil(of.used / SECTOR_BYTES)), 64);
  putTime(of.atimeNs, 72);
  putTime(of.mtimeNs, 88);
  putTime(of.ctimeNs, 104);
  return stat;
}

function putTime(ns: bigint, at: number): void {
  const [seconds, rest] = split(ns);
  stat.writeBigInt64LE(seconds, at);
  stat.writeBigInt64LE(rest, at + 8);
}

function split(ns: bigint): [seconds: bigint, rest: bigint] {
  const rest = ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
  return [(ns - rest) / NS_PER_S, rest];
}

const statx = Buffer.alloc(STATX_BYTES);
/** The 256 bytes of statx(2): the basic fields; no birth time and no mount id, as over NFSv3. */
export function encodeStatx(of: FileAttributes): Buffer {
  statx.fill(0);
  statx.writeUInt32LE(STATX_BASIC_STATS, 0);
  statx.writeUInt32LE(BLOCK_BYTES, 4);
  statx.writeUInt32LE(of.nlink, 16);
  statx.writeUInt32LE(of.uid, 20);
  statx.writeUInt32LE(of.gid, 24);
  statx.writeUInt16LE(modeOf(of), 28);
  statx.writeBigUInt64LE(BigInt.asUintN(64, of.fileid), 32);
  statx.writeBigUInt64LE(BigInt(of.size), 40);
  statx.writeBigUInt64LE(BigInt(Math.ceil(of.used / SECTOR_BYTES)), 48);
  const times: [bigint, number][] = [
    [of.atimeNs, 64],
    [of.ctimeNs, 96],
    [of.mtimeNs, 112],
  ];
  for (const [ns, at] of times) {
    const [seconds, rest] = split(ns);
    statx.writeBigInt64LE(seconds, at);
    statx.writeUInt32LE(Number(rest), at + 8);
  }
  statx.writeUInt32LE(of.rdevMajor, 128);
  statx.writeUInt32LE(of.rdevMinor, 132);
  const device = BigInt.asUintN(64, of.fsid);
  statx.writeUInt32LE(deviceMajor(device), 136);
  statx.writeUInt32LE(deviceMinor(device), 140);
  return statx;
}

const statfs = Buffer.alloc(STATFS_BYTES);
/** The 120 bytes of statfs(2); f_fsid and f_flags are 0. */
export function encodeStatfs(of: FileSystemStatus): Buffer {
  statfs.fill(0);
  const fields = [
    of.type,
    of.blockSize,
    of.blocks,
    of.blocksFree,
    of.blocksAvailable,
    of.files,
    of.filesFree,
  ];
  fields.forEach((value, i) => statfs.writeBigInt64LE(BigInt(Math.trunc(value)), 8 * i));
  statfs.writeBigInt64LE(BigInt(of.nameMax), 64);
  statfs.writeBigInt64LE(BigInt(of.blockSize), 72);
  return statfs;
}
