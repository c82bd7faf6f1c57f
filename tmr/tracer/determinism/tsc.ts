/**
 * The time stamp counter. With PR_TSC_SIGSEGV each rdtsc and rdtscp stops the replica; it then gets
 * the agreed elapsed time in ns, the same in all replicas (research/feasibility.md d).
 */
import { readFileSync, statSync } from 'node:fs';
import { Reg, type Stopped } from 'ptrace-napi';
import type { AgreedInputs } from '../../core/types.ts';
import type { TscPolicy } from '../../wire/session-plan.ts';
import type { CallRun } from '../ports.ts';
import type { ProcessState } from '../process-state.ts';
import { programElapsedNs } from './clock.ts';
import { numbers } from '../syscalls/numbers.ts';

export type TscInstruction = 'rdtsc' | 'rdtscp';

const SIGSEGV = 11;
/** si_code of a fault that is no bad address: general protection. */
const SI_KERNEL = 0x80;
const SEGV_BIT = 1n << BigInt(SIGSEGV - 1);
const code = Buffer.alloc(3);
/** The counter never reads 0, as after a boot. */
const COUNTER_BASE_NS = 1_000_000_000;

/** Whether this signal stop is a trapped rdtsc or rdtscp, and no ordinary SIGSEGV. */
export const isTscTrap = (tracee: Stopped): boolean => trappedTsc(tracee) !== undefined;

function trappedTsc(tracee: Stopped): TscInstruction | undefined {
  if (tracee.signal !== SIGSEGV || tracee.siCode !== SI_KERNEL) return undefined;
  const length = tracee.read(tracee.ip, code, 0, 3);
  return decodeTsc(code.subarray(0, length));
}

/** 0F 31 is rdtsc, 0F 01 F9 rdtscp (Intel SDM volume 2). */
export function decodeTsc(bytes: Uint8Array): TscInstruction | undefined {
  if (bytes[0] !== 0x0f) return undefined;
  if (bytes[1] === 0x31) return 'rdtsc';
  return bytes[1] === 0x01 && bytes[2] === 0xf9 ? 'rdtscp' : undefined;
}

/**
 * Carries the instruction out: EDX:EAX the counter, ECX = 0 (TSC_AUX of CPU 0) for rdtscp. The loop
 * then resumes without the signal. If the program has SIGSEGV blocked, or ignores it, the kernel has
 * just unblocked it and reset its handler: the mask is put back here, the handler at the next call.
 */
export function emulateTsc(tracee: Stopped, agreed: AgreedInputs, process: ProcessState): void {
  const instruction = trappedTsc(tracee);
  if (instruction === undefined) throw new Error('emulateTsc: the replica is at no trapped rdtsc');
  const counter = BigInt(COUNTER_BASE_NS + programElapsedNs(process, agreed));
  tracee.setReg(Reg.rax, counter & 0xffff_ffffn);
  tracee.setReg(Reg.rdx, counter >> 32n);
  if (instruction === 'rdtscp') tracee.setReg(Reg.rcx, 0n);
  tracee.setReg(Reg.rip, BigInt(tracee.ip + (instruction === 'rdtsc' ? 2 : 3)));
  const { segv } = process;
  if (segv.blocked) tracee.setSigmask(tracee.getSigmask() | SEGV_BIT);
  if (segv.action !== undefined && (segv.blocked || isIgnored(segv.action))) segv.restore = true;
}

/** Puts the program's SIGSEGV handler back; at a seccomp stop, before the call is performed. */
export function restoreSegvAction(run: CallRun): void {
  const { segv } = run.process;
  segv.restore = false;
  if (segv.action === undefined) return;
  run.tracee.poke(run.scratch.address, segv.action, 0, segv.action.length);
  run.inject(numbers.rt_sigaction, [SIGSEGV, run.scratch.address, 0, 8]);
}

const isIgnored = (action: Buffer): boolean => action.readBigUInt64LE(0) === 1n;

/** PR_SET_TSC by injection: `trap` true is PR_TSC_SIGSEGV. */
export function setTscTrap(run: CallRun, trap: boolean): void {
  const PR_SET_TSC = 26;
  run.inject(numbers.prctl, [PR_SET_TSC, trap ? 2 : 1, 0, 0, 0]);
}

/**
 * Whether the trap must be set now. `auto`: while an executable mapping other than ld.so's holds
 * the opcode. Data in the code that looks like it counts too: that costs time, never determinism.
 */
export function needsTrap(policy: TscPolicy, pid: number): boolean {
  if (policy !== 'auto') return policy === 'trap';
  return mappingsWithTsc(pid).length > 0;
}

/** Paths (or addresses) of executable mappings of `pid` that hold rdtsc or rdtscp; not ld.so's. */
export function mappingsWithTsc(pid: number): string[] {
  const found: string[] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ *(.*)$/.exec(line);
    if (match === null) continue;
    const [, from, to, offset, path] = match as unknown as [string, string, string, string, string];
    if (/\/ld-linux[^/]*$/.test(path) || path.startsWith('[vdso') || path.startsWith('[vsyscall'))
      continue;
    if (!path.startsWith('/')) {
      found.push(`${from}-${to}`);
      continue;
    }
    const start = parseInt(offset, 16);
    const length = parseInt(to, 16) - parseInt(from, 16);
    if (fileHoldsTsc(path, start, length)) found.push(path);
  }
  return found;
}

/** Answers for files that did not change since: a session process sees the same libc again and again. */
const scanned = new Map<string, boolean>();
const SCANNED_MAX = 256;

function fileHoldsTsc(path: string, start: number, length: number): boolean {
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
  const key = [dev, ino, size, mtimeMs, ctimeMs, start, length].join('/');
  const known = scanned.get(key);
  if (known !== undefined) return known;
  const holds = holdsTsc(readFileSync(path).subarray(start, start + length));
  if (scanned.size >= SCANNED_MAX) scanned.clear();
  scanned.set(key, holds);
  return holds;
}

export function holdsTsc(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.includes(Buffer.from([0x0f, 0x31])) || view.includes(Buffer.from([0x0f, 0x01, 0xf9]));
}
