/**
 * The private directory of one campaign: secret, volumes, outputs. Its name says who owns it, so
 * that the next start removes what a killed owner left behind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from '../tmr/monitor/process-start.ts';
import { campaignPrefix } from '../tmr/wire/temporary-names.ts';

export { removeLeftovers } from '../tmr/monitor/leftovers.ts';

/** Makes a directory of mode 0700 in the system's place for temporary files. */
export function makeRunDirectory(): string {
  const start = startTimeOf(process.pid) ?? 0;
  return mkdtempSync(join(tmpdir(), `${campaignPrefix}${process.pid}-${start}-`));
}

/** Removes a tree whatever is in it; no error when it is gone already. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
