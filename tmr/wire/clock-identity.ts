/** Which CLOCK_MONOTONIC a process reads: stamps of equal identity can be compared as they are. */
import { readFileSync, readlinkSync } from 'node:fs';

/** Boot id, "/", and the time namespace (time_namespaces(7)), empty where the kernel has none. */
export function clockIdentity(): string {
  return `${bootId()}/${timeNamespace()}`;
}

/** /proc/sys/kernel/random/boot_id. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return '';
  }
}
