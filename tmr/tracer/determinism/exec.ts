/**
 * Makes a freshly started program equal in all replicas: at its exec stop, and at its first call
 * (research/determinism.md 22-28, feasibility.md d).
 */
import { readFileSync } from 'node:fs';
import type { Stopped } from 'ptrace-napi';
import type { SessionPlan } from '../../wire/session-plan.ts';
import type { CallRun } from '../ports.ts';
import type { ProcessState } from '../process-state.ts';
import { numbers } from '../syscalls/numbers.ts';
import { prf } from './random.ts';

/** Types of auxiliary vector entries (linux/auxvec.h). */
const AT = {
  null: 0,
  ignore: 1,
  pageSize: 6,
  uid: 11,
  euid: 12,
  gid: 13,
  egid: 14,
  platform: 15,
  hwcap: 16,
  secure: 23,
  random: 25,
  hwcap2: 26,
  rseqFeatureSize: 27,
  rseqAlign: 28,
  execfn: 31,
  sysinfoEhdr: 33,
  minSignalStack: 51,
} as const;

const RANDOM_BYTES = 16;
const PAGE_BYTES = 4096;
/**
 * Away from every mapping of its own accord: above PIE-less heaps and the sanitizers' shadow, below
 * the bottom-up mmap area of an unlimited stack (TASK_SIZE / 3).
 */
export const scratchAddress = 0x1800_0000_0000;
export const scratchSize = 64 * 1024;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_FIXED_NOREPLACE = 0x02 | 0x20 | 0x100000;

/** What a kernel and CPU tell a program at its start, to be compared between hosts (R0). */
export interface Fingerprint {
  hwcap: string;
  hwcap2: string;
  minSignalStack: string;
  platform: string;
  entries: number;
  stackPointer: string;
}

/**
 * At PTRACE_EVENT_EXEC, before the program's first instruction: no vDSO, seeded AT_RANDOM, virtual
 * ids, no rseq, a private copy's path out of sight.
 */
export function prepareExec(
  tracee: Stopped,
  plan: SessionPlan,
  process: ProcessState,
): Fingerprint {
  const { address, entries } = tracee.auxv();
  const fingerprint: Fingerprint = {
    hwcap: '',
    hwcap2: '',
    minSignalStack: '',
    platform: '',
    entries: entries.length,
    stackPointer: tracee.sp.toString(16),
  };
  entries.forEach(([type, value], index) => {
    const set = (newType: number, newValue: bigint): void =>
      tracee.setAuxv(address, index, newType, newValue);
    switch (type) {
      case AT.sysinfoEhdr:
      case AT.rseqFeatureSize:
      case AT.rseqAlign:
        return set(AT.ignore, 0n);
      case AT.uid:
      case AT.euid:
        return set(type, BigInt(process.uid));
      case AT.gid:
      case AT.egid:
        return set(type, BigInt(process.gid));
      case AT.random:
        return seedRandom(tracee, Number(value), plan, process);
      case AT.execfn:
        return hideCopy(tracee, Number(value), process);
      case AT.hwcap:
        fingerprint.hwcap = value.toString(16);
        return;
      case AT.hwcap2:
        fingerprint.hwcap2 = value.toString(16);
        return;
      case AT.minSignalStack:
        fingerprint.minSignalStack = value.toString();
        return;
      case AT.platform:
        fingerprint.platform = tracee.readCString(Number(value), 64)?.toString('latin1') ?? '';
        return;
      default:
        return;
    }
  });
  return fingerprint;
}

function seedRandom(
  tracee: Stopped,
  address: number,
  plan: SessionPlan,
  process: ProcessState,
): void {
  const seed = Buffer.from(plan.settings.seed, 'hex');
  const label = `AT_RANDOM ${process.pid}`;
  const bytes = prf(seed, label, process.execCount * RANDOM_BYTES, RANDOM_BYTES);
  tracee.poke(address, bytes, 0, RANDOM_BYTES);
}

/** AT_EXECFN of a copied program names a directory of this replica's own: equal length, equal bytes. */
function hideCopy(tracee: Stopped, address: number, process: ProcessState): void {
  const directory = process.execDirectory;
  if (directory === undefined) return;
  const name = tracee.readCString(address, PAGE_BYTES);
  if (name === undefined || !name.toString('latin1').startsWith(`${directory}/`)) return;
  const shown = Buffer.alloc(name.length);
  process.executable.copy(shown, 0, 0, name.length);
  tracee.poke(address, shown, 0, shown.length);
}

/**
 * At the first seccomp stop after exec: unmaps vvar and vdso (their size differs between kernels,
 * and a program could find them without the auxiliary vector), maps the tracer's scratch pages.
 */
export function afterExec(run: CallRun): { address: number; size: number } {
  for (const { address, length } of kernelMappings(run.tracee.pid)) {
    run.inject(numbers.munmap, [address, length]);
  }
  const mapped = run.inject(numbers.mmap, [
    scratchAddress,
    scratchSize,
    PROT_READ_WRITE,
    MAP_PRIVATE_ANONYMOUS_FIXED_NOREPLACE,
    -1,
    0,
  ]);
  if (mapped !== scratchAddress) {
    throw new Error(
      `no scratch pages in the replica: mmap at 0x${scratchAddress.toString(16)} gave ${mapped}; ` +
        'expected that address (RLIMIT_AS too small, or a kernel before 4.17)',
    );
  }
  closeUnopened(run);
  return { address: scratchAddress, size: scratchSize };
}

/** A standard stream that the user closed is closed in the replica too: the next open gets its number. */
function closeUnopened(run: CallRun): void {
  if (run.process.execCount > 0) return;
  run.plan.streams.forEach((stream, fd) => {
    if (stream.kind === 'closed') run.inject(numbers.close, [fd]);
  });
}

function kernelMappings(pid: number): { address: number; length: number }[] {
  const found: { address: number; length: number }[] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) .*\[(?:vdso|vvar[^\]]*)\]$/.exec(line);
    if (match === null) continue;
    const address = parseInt(match[1]!, 16);
    found.push({ address, length: parseInt(match[2]!, 16) - address });
  }
  return found;
}
