import { existsSync } from 'node:fs';
import type { DockerOptions } from '../../harness/types.ts';
import { inUsage, UsageError } from './usage-error.ts';

/** Refuses what no engine could take before anything is written. Throws UsageError. */
export async function checkDocker(docker: DockerOptions): Promise<void> {
  // Loaded here: the client of engines is of no use to local hosts.
  const { parseEngine } = await import('../../tmr/containers/engine.ts');
  const { parseSessionPorts } = await import('../../tmr/monitor/addresses.ts');
  const { engines, include, sessionPorts } = docker;
  const locations = engines.map((text) => inUsage('--engines: ', () => parseEngine(text)));
  const homeless = locations.find(({ address }) => address === null);
  if (engines.length > 1 && homeless !== undefined) {
    throw new UsageError(
      `--engines: expected ${homeless.url}=ADDRESS, where the ports that it publishes are reached from the other engines`,
    );
  }
  inUsage('', () => parseSessionPorts(sessionPorts, 1));
  const missing = include.find((path) => !existsSync(path));
  if (missing !== undefined) throw new UsageError(`--image-include: there is no ${missing}`);
}
