/**
 * The place of a fault of a container: the session process says that it is there, and the harness strikes
 * from outside (container-injector.ts). Where the tracer itself is the target it is held until it sees the
 * effect from inside, so that the fault strikes at its rendezvous and not some calls later; a tracer at one
 * end of a link is healthy and must not be held.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { ContainerFault } from '../fault-spec.ts';
import { log, strikeOnce, type Injector } from './injector.ts';

/** No act of an engine takes longer; measured: 30 to 300 ms. */
const HOLD_MAX_MS = 5000;
const STEP_MS = 1;
/** A sleep of a millisecond that took this long: the process was frozen. */
const FROZEN_MS = 15;
const MIB = 2 ** 20;
/** Filled to reach the lowered limit, in steps. */
const FILL_MAX = 512 * MIB;
const FILL_STEP = 8 * MIB;

const quotaFiles = ['/sys/fs/cgroup/cpu.max', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us'];
const memoryFiles = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

export const containerFault: Injector<ContainerFault> = (ports, fault, context) =>
  strikeOnce(ports, { at: fault.at, phase: 'before-vote' }, context, (k) => {
    const seen = watch(fault.kind);
    // Before the word that lets the harness strike: a pause may begin as soon as it is out.
    const startNs = context.monotonicNs();
    log(context, { type: 'reached', k });
    if (seen === null) return;
    const detail = hold(seen, startNs, context.monotonicNs);
    log(context, {
      type: 'effective',
      k,
      effective: detail !== null,
      detail: detail ?? `nothing was seen of it within ${HOLD_MAX_MS} ms`,
    });
    if (detail === null) return;
    log(context, { type: 'activated', k });
    if (fault.kind !== 'memory-limit') return;
    fill();
    // The limit alone is no fault: whoever lives on must not count as one that went unnoticed.
    const error = `expected the kernel to kill within ${FILL_MAX / MIB} MiB, and it did not`;
    log(context, { type: 'failed', k, error });
  });

/** Tells once the effect is there, in words; `sleptMs` is how long the last step took. */
type Seen = (sleptMs: number) => string | null;

/** Null: not to be held. */
function watch(kind: ContainerFault['kind']): Seen | null {
  switch (kind) {
    case 'link-partition':
      return null;
    case 'container-pause':
      return (sleptMs) => (sleptMs > FROZEN_MS ? `frozen for ${sleptMs.toFixed(1)} ms` : null);
    case 'network-disconnect': {
      const before = interfaces();
      return () => {
        const now = interfaces();
        return now === 0 && before > 0 ? `${before} network interfaces are gone` : null;
      };
    }
    case 'cpu-quota':
      return changed(quotaFiles);
    case 'memory-limit':
      return changed(memoryFiles);
    default:
      // It dies here.
      return () => null;
  }
}

function hold(seen: Seen, startNs: number, monotonicNs: () => number): string | null {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let beforeNs = startNs; beforeNs - startNs < HOLD_MAX_MS * 1e6;) {
    Atomics.wait(cell, 0, 0, STEP_MS);
    const nowNs = monotonicNs();
    const detail = seen((nowNs - beforeNs) / 1e6);
    if (detail !== null) return detail;
    beforeNs = nowNs;
  }
  return null;
}

function interfaces(): number {
  return Object.keys(networkInterfaces()).filter((name) => name !== 'lo').length;
}

function changed(paths: readonly string[]): Seen {
  const before = paths.map(content);
  return () => {
    const at = paths.findIndex((path, index) => content(path) !== before[index]);
    return at < 0 ? null : `${paths[at]} went from ${before[at]} to ${content(paths[at]!)}`;
  };
}

function content(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // The other version of control groups.
  }
}

/** Touches memory until the kernel ends this process. */
function fill(): void {
  const held: Buffer[] = [];
  while (held.length * FILL_STEP < FILL_MAX) held.push(Buffer.alloc(FILL_STEP, 1));
}
