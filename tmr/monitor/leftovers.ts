/** Temporary directories of processes that were killed before they could remove them. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf } from '../wire/temporary-names.ts';
import { startTimeOf } from './process-start.ts';

/** Removes this user's whose owner is gone; returns their paths. */
export function removeLeftovers(places: readonly string[] = ['/tmp', tmpdir()]): string[] {
  const removed: string[] = [];
  for (const place of new Set(places)) {
    for (const name of namesIn(place)) {
      const owner = ownerOf(name);
      if (owner === undefined || isAlive(owner)) continue;
      const path = join(place, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() !== true || !isOurs(stat.uid)) continue;
      rmSync(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}

/** Debian's nobody: to it root gives the files of a campaign in containers (containers/privileges.ts). */
const NOBODY = 65534;

function isOurs(uid: number): boolean {
  const user = process.getuid?.();
  return uid === user || (user === 0 && uid === NOBODY);
}

function isAlive({ pid, startTime }: { pid: number; startTime?: string }): boolean {
  const now = startTimeOf(pid);
  return now !== undefined && (startTime === undefined || now === startTime);
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}
