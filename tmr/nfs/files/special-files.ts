/** Device nodes and fifos: node:fs has no mknod(2), so mknod(1) makes them. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, renameSync, unlinkSync } from 'node:fs';
import { NfsError } from '../nfs-error.ts';
import { joinPath, statOrNothing } from '../exports/node-table.ts';
import { fileType, nfsStatus } from '../protocol/constants.ts';

let counter = 0;

/** Makes `name` in `directory` with mode 0600. Throws EXIST, PERM, BADTYPE, NOTSUPP. */
export function makeSpecialFile(
  directory: Buffer,
  name: Buffer,
  type: number,
  device: { major: number; minor: number },
): void {
  const target = joinPath(directory, name);
  if (statOrNothing(target) !== undefined) throw new NfsError(nfsStatus.EXIST);
  // The name may hold any bytes, an argument of a program may not: made aside, then renamed.
  const aside = `.tmr-mknod-${process.pid}-${counter++}`;
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const run = spawnSync(
      'mknod',
      ['-m', '600', `/proc/self/fd/3/${aside}`, ...kind(type, device)],
      {
        stdio: ['ignore', 'ignore', 'pipe', fd],
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
    if (run.status !== 0) throw new NfsError(failure(run.stderr?.toString() ?? ''));
  } finally {
    closeSync(fd);
  }
  const made = joinPath(directory, Buffer.from(aside));
  try {
    renameSync(made, target);
  } catch (error) {
    unlinkSync(made);
    throw error;
  }
}

function kind(type: number, device: { major: number; minor: number }): string[] {
  if (type === fileType.FIFO) return ['p'];
  if (type === fileType.CHR) return ['c', String(device.major), String(device.minor)];
  if (type === fileType.BLK) return ['b', String(device.major), String(device.minor)];
  // A socket needs bind(2), whose path length a volume may exceed.
  throw new NfsError(type === fileType.SOCK ? nfsStatus.NOTSUPP : nfsStatus.BADTYPE);
}

function failure(message: string) {
  if (message.includes('not permitted')) return nfsStatus.PERM;
  if (message.includes('Permission denied')) return nfsStatus.ACCES;
  if (message.includes('Read-only')) return nfsStatus.ROFS;
  if (message.includes('No space')) return nfsStatus.NOSPC;
  return message === '' ? nfsStatus.NOTSUPP : nfsStatus.IO;
}
