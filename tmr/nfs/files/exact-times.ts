/** Sets access and modification times to the nanosecond, which Node's own calls cannot. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  lutimesSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SetTime3 } from '../protocol/attributes.ts';

/** open(2) O_PATH, which node:fs does not name. */
const O_PATH = 0o10000000;
const NS_PER_S = 1_000_000_000n;

/** Undefined leaves a time alone; 'now' is the kernel's clock. The last link is not followed. */
export function setTimes(path: Buffer, atime: SetTime3, mtime: SetTime3): void {
  const stat = lstatSync(path, { bigint: true });
  const now = atime === 'now' || mtime === 'now' ? kernelNowNs() : 0n;
  const wantedAtime = atime === 'now' ? now : (atime ?? stat.atimeNs);
  const wantedMtime = mtime === 'now' ? now : (mtime ?? stat.mtimeNs);
  // libuv takes seconds as a double and drops what is below a microsecond.
  lutimesSync(path, Number(wantedAtime) / 1e9, Number(wantedMtime) / 1e9);
  const after = lstatSync(path, { bigint: true });
  if (atime !== 'now' && after.atimeNs !== wantedAtime) touch(path, '-a', wantedAtime);
  if (mtime !== 'now' && after.mtimeNs !== wantedMtime) touch(path, '-m', wantedMtime);
}

/** touch(1) reaches utimensat(2). The path goes by descriptor, since it may hold any bytes. */
function touch(path: Buffer, which: '-a' | '-m', ns: bigint): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const seconds = ns / NS_PER_S;
    const date = `@${seconds}.${String(ns % NS_PER_S).padStart(9, '0')}`;
    // Without touch the time stays as near as Node can set it.
    spawnSync('touch', ['-c', which, '-d', date, '/proc/self/fd/3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
    });
  } finally {
    closeSync(fd);
  }
}

let clockFd: number | undefined;

/**
 * The clock that the kernel stamps files with. It runs some milliseconds behind gettimeofday, and
 * times that are set must not be later than those of the writes that follow.
 */
function kernelNowNs(): bigint {
  try {
    clockFd ??= openScratch();
    writeSync(clockFd, 'x', 0);
    return fstatSync(clockFd, { bigint: true }).mtimeNs;
  } catch {
    return BigInt(Date.now()) * 1_000_000n;
  }
}

function openScratch(): number {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-clock-'));
  try {
    return openSync(join(directory, 'clock'), 'wx', 0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
