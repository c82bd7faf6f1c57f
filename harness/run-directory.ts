/**
 * The private directory of one campaign: secret, volumes, outputs. Its name says who owns it, so
 * that the next start removes what a killed owner left behind.
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identifyProcess } from '../faults/process-state.ts';

const PREFIX = 'tmr-harness-';
const pattern = /^tmr-harness-(\d+)-(\d+)-/;

/** Makes a directory of mode 0700 in the system's place for temporary files. */
export function makeRunDirectory(): string {
  const owner = identifyProcess(process.pid);
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-${owner?.startTime ?? 0}-`));
}

/** Removes what campaigns of this user left whose process is gone. Returns the paths. */
export function removeLeftovers(): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    const match = pattern.exec(name);
    if (match === null || !isOrphan(Number(match[1]), match[2] ?? '')) continue;
    const path = join(tmpdir(), name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    removeTree(path);
    removed.push(path);
  }
  return removed;
}

/** Removes a tree whatever is in it; no error when it is gone already. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

function isOrphan(pid: number, startTime: string): boolean {
  return identifyProcess(pid)?.startTime !== startTime;
}
