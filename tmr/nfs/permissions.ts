/**
 * Who may do what. Node cannot change its user for one request (setgroups signals every thread:
 * 576 us), so a server that runs as root checks modes itself and gives new files to the caller with
 * lchown(2). A server of an ordinary user leaves its own requests to the kernel and refuses changes
 * in the name of others.
 */
import { accessSync, constants, type BigIntStats } from 'node:fs';
import type { Credential } from './protocol/rpc.ts';
import { NfsError } from './nfs-error.ts';
import { accessBit, nfsStatus } from './protocol/constants.ts';

export interface Caller {
  uid: number;
  gid: number;
  gids: readonly number[];
  /** `root`: this process may do anything, so the modes are checked here. `self`: the kernel checks. */
  checks: 'root' | 'self' | 'foreign';
}

export const NOBODY = 65534;
/** Permission bits as in one digit of a mode. */
export const may = { read: 4, write: 2, search: 1 } as const;

/** `trusted` false: whatever the credential says, the caller is nobody. */
export function callerOf(credential: Credential, trusted: boolean): Caller {
  const serverUid = process.geteuid?.() ?? 0;
  if (credential.flavour !== 'sys' || !trusted) {
    const checks = serverUid === 0 ? 'root' : 'foreign';
    return { uid: NOBODY, gid: NOBODY, gids: [], checks };
  }
  const { uid, gid, gids } = credential;
  const checks = serverUid === 0 ? 'root' : uid === serverUid ? 'self' : 'foreign';
  return { uid, gid, gids, checks };
}

/** Whether mode bits give the caller all of `bits` (of `may`). */
export function modeAllows(stat: BigIntStats, caller: Caller, bits: number): boolean {
  const mode = Number(stat.mode);
  if (caller.uid === 0) {
    const executable = stat.isDirectory() || (mode & 0o111) !== 0;
    return (bits & may.search) === 0 || executable;
  }
  const shift = isOwner(stat, caller) ? 6 : inGroup(caller, Number(stat.gid)) ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

/** Throws ACCES unless the caller may. Requests of the server's own user are the kernel's to judge. */
export function assertMay(stat: BigIntStats, caller: Caller, bits: number): void {
  if (caller.checks === 'self') return;
  if (!modeAllows(stat, caller, bits)) throw new NfsError(nfsStatus.ACCES);
  if (caller.checks === 'foreign' && (bits & may.write) !== 0) throw new NfsError(nfsStatus.ACCES);
}

/**
 * As `assertMay`, for the data of a file: its owner may. The open mode was checked by the client, and
 * a file made with mode 0444 is written through the descriptor that made it.
 */
export function assertMayData(stat: BigIntStats, caller: Caller, bits: number): void {
  if (caller.checks === 'root' && isOwner(stat, caller)) return;
  // Execute permission alone lets a client page a program in.
  if (bits === may.read && caller.checks !== 'self' && modeAllows(stat, caller, may.search)) return;
  assertMay(stat, caller, bits);
}

/** Throws PERM unless the caller owns the object (or is root). */
export function assertOwner(stat: BigIntStats, caller: Caller): void {
  if (caller.checks === 'self') return;
  if (caller.checks === 'foreign') throw new NfsError(nfsStatus.ACCES);
  if (caller.uid !== 0 && !isOwner(stat, caller)) throw new NfsError(nfsStatus.PERM);
}

/** The sticky bit: names in such a directory go with the owner of the file or the directory. */
export function assertMayUnlink(directory: BigIntStats, target: BigIntStats, caller: Caller): void {
  assertMay(directory, caller, may.write | may.search);
  const sticky = (Number(directory.mode) & 0o1000) !== 0;
  if (!sticky || caller.checks === 'self' || caller.uid === 0) return;
  if (!isOwner(directory, caller) && !isOwner(target, caller)) {
    throw new NfsError(nfsStatus.PERM);
  }
}

export function isOwner(stat: BigIntStats, caller: Caller): boolean {
  return Number(stat.uid) === caller.uid;
}

export function inGroup(caller: Caller, gid: number): boolean {
  return gid === caller.gid || caller.gids.includes(gid);
}

/** The bits of ACCESS that the caller has, of those asked. */
export function accessOf(
  path: Buffer,
  stat: BigIntStats,
  caller: Caller,
  options: { asked: number; readOnly: boolean },
): number {
  const allows = (bits: number) =>
    caller.checks === 'self' ? kernelAllows(path, stat, bits) : modeAllows(stat, caller, bits);
  const { READ, LOOKUP, MODIFY, EXTEND, DELETE, EXECUTE } = accessBit;
  const directory = stat.isDirectory();
  const { asked } = options;
  let granted = 0;
  if ((asked & READ) !== 0 && allows(may.read)) granted |= READ;
  const search = directory ? LOOKUP : EXECUTE;
  if ((asked & search) !== 0 && allows(may.search)) granted |= search;
  const change = asked & (MODIFY | EXTEND | (directory ? DELETE : 0));
  const writable = !options.readOnly && caller.checks !== 'foreign';
  if (change !== 0 && writable && allows(may.write)) granted |= change;
  return granted;
}

/** access(2) uses the real user; the server's real and effective user are one. */
function kernelAllows(path: Buffer, stat: BigIntStats, bits: number): boolean {
  // The modes of a link mean nothing, and access(2) would follow it.
  if (stat.isSymbolicLink()) return true;
  try {
    accessSync(path, bits satisfies number);
    return true;
  } catch {
    return false;
  }
}

// access(2) and mode digits use the same bits.
const sameBits =
  constants.R_OK === may.read && constants.W_OK === may.write && constants.X_OK === may.search;
if (!sameBits) throw new Error('expected R_OK, W_OK and X_OK to be 4, 2 and 1');
