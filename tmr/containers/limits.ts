/** What a container may use at most, as the user says it and as the engine can give it. */
import { ConfigurationError } from '../monitor/errors.ts';
import type { Engine } from './engine.ts';
import type { ContainerLimits } from './privileges.ts';

const MIB = 2 ** 20;
const DEFAULT_MEMORY_BYTES = 2048 * MIB;
const DEFAULT_PIDS = 512;
const DEFAULT_CPUS = 2;
/** Node.js, a daemon and a session process of it, and a small replica. */
export const MEMORY_BYTES_MIN = 256 * MIB;
/** A daemon and two session processes have a dozen threads each. */
export const PIDS_MIN = 64;
const CPUS_MIN = 0.1;

const units: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: MIB, g: 2 ** 30 };

/** As in docker run --memory: a number and b, k, m or g. Throws ConfigurationError. */
export function parseMemory(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([bkmg]?)$/i.exec(text) ?? [];
  const bytes = number === '' ? NaN : Math.round(Number(number) * units[unit.toLowerCase()]!);
  if (Number.isSafeInteger(bytes) && bytes >= MEMORY_BYTES_MIN) return bytes;
  throw new ConfigurationError(
    `expected ${MEMORY_BYTES_MIN / MIB}m or more, such as 512m or 2g, got '${text}'`,
  );
}

/** Throws ConfigurationError. */
export function parsePids(text: string): number {
  const pids = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(pids) && pids >= PIDS_MIN) return pids;
  throw new ConfigurationError(`expected a whole number from ${PIDS_MIN} on, got '${text}'`);
}

/** Throws ConfigurationError. */
export function parseCpus(text: string): number {
  const cpus = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && cpus >= CPUS_MIN) return cpus;
  throw new ConfigurationError(`expected a number from ${CPUS_MIN} on, such as 1.5, got '${text}'`);
}

/** How every command that starts containers says them. */
export const limitOptions = [
  {
    flags: '--container-memory <size>',
    description: 'docker: memory of each container, with b, k, m or g; 256m or more (default: 2g)',
    parse: parseMemory,
  },
  {
    flags: '--container-pids <n>',
    description: 'docker: processes and threads in each container, 64 or more (default: 512)',
    parse: parsePids,
  },
  {
    flags: '--container-cpus <n>',
    description:
      'docker: CPUs of each container, may be a fraction (default: 2, or what the engine has)',
    parse: parseCpus,
  },
];

/** Without what nobody asked for. */
export function asked({
  memoryBytes,
  pids,
  cpus,
}: {
  [name in keyof ContainerLimits]: number | undefined;
}): Partial<ContainerLimits> {
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(pids === undefined ? {} : { pids }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

/** What was asked for, and for the rest what all engines can give. Throws ConfigurationError. */
export async function limitsOn(
  engines: readonly Engine[],
  given: Partial<ContainerLimits> = {},
): Promise<ContainerLimits> {
  const infos = await Promise.all(
    [...new Set(engines)].map(async ({ docker, url }) => ({
      url,
      cpus: (await docker.info()).NCPU,
    })),
  );
  const least = infos.reduce((a, b) => (b.cpus < a.cpus ? b : a));
  if (given.cpus !== undefined && given.cpus > least.cpus) {
    throw new ConfigurationError(
      `--container-cpus: expected at most ${least.cpus}, which engine ${least.url} has, got ${given.cpus}`,
    );
  }
  return {
    memoryBytes: given.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    pids: given.pids ?? DEFAULT_PIDS,
    cpus: given.cpus ?? Math.min(DEFAULT_CPUS, least.cpus),
  };
}
