/** SIGKILL, delay, and a bit of the memory of a replica, at a rendezvous. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { identifyProcess, isDead, type ProcessIdentity } from '../process-state.ts';
import { log, strikeOnce, type Injector, type InjectorContext } from './injector.ts';

/** A killed process becomes a zombie within microseconds; a second is far beyond that. */
const READ_BACK_NS = 1e9;

export const replicaKill: Injector<ResolvedFaultOf<'replica-kill'>> = (ports, fault, context) => {
  const { at, phase, process: which, reaches } = fault;
  const reaching = reaches === 'all' ? ports : reachingOnly(ports, at.k, reaches);
  return strikeOnce(reaching, { at, phase }, context, (k, pid) =>
    kill(which === 'tracer' ? process.pid : pid, k, context),
  );
};

/** The vote of rendezvous k reaches one peer, or none: what a dying tracer may leave behind. */
function reachingOnly(ports: SessionPorts, k: number, reaches: string): SessionPorts {
  return {
    ...ports,
    sendToPeer(peer, message) {
      const isLast = message.type === 'vote' && message.vote.k === k;
      if (!isLast || String(peer) === reaches) ports.sendToPeer(peer, message);
    },
  };
}

/** After its own SIGKILL a tracer can read nothing back: the harness looks for the pid instead. */
function kill(pid: number, k: number, context: InjectorContext): void {
  const victim = identifyProcess(pid);
  if (victim === undefined) {
    log(context, { type: 'failed', k, error: `expected process ${pid} to be alive, found none` });
    return;
  }
  log(context, { type: 'injected', k, victim });
  process.kill(pid, 'SIGKILL');
  const effective = becomesDead(victim, context);
  const detail = effective ? `process ${pid} is dead` : `process ${pid} still lives`;
  log(context, { type: 'effective', k, effective, detail });
  if (effective) log(context, { type: 'activated', k });
}

function becomesDead(victim: ProcessIdentity, context: InjectorContext): boolean {
  const deadline = context.monotonicNs() + READ_BACK_NS;
  while (!isDead(victim)) if (context.monotonicNs() > deadline) return false;
  return true;
}

export const tracerDelay: Injector<ResolvedFaultOf<'tracer-delay'>> = (
  ports,
  { at, phase, delay },
  context,
) =>
  strikeOnce(ports, { at, phase }, context, (k) => {
    // Who is flagged meanwhile may be killed before it wakes: the harness looks for that.
    const victim = identifyProcess(process.pid);
    log(context, { type: 'injected', k, ...(victim && { victim }) });
    const sinceNs = context.monotonicNs();
    // Nobody notifies this cell: a sleep of the thread that no timer signal cuts short.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delay);
    const heldMs = (context.monotonicNs() - sinceNs) / 1e6;
    const detail = `held for ${heldMs.toFixed(1)} ms of ${delay} ms`;
    // The kernel's timers may end a sleep within a tick of its rounded end, never earlier.
    log(context, { type: 'effective', k, effective: heldMs >= delay - 1, detail });
    log(context, { type: 'activated', k });
  });

/** The replica stands at its stop; its tracer does what it does while a replica computes. */
export const replicaDelay: Injector<ResolvedFaultOf<'replica-delay'>> = (
  ports,
  { at, delay },
  context,
) =>
  strikeOnce(ports, { at, phase: 'before-vote' }, context, (k) => {
    const victim = identifyProcess(process.pid);
    log(context, { type: 'injected', k, ...(victim && { victim }) });
    const sinceNs = context.monotonicNs();
    ports.wait(delay * 1e6);
    const heldMs = (context.monotonicNs() - sinceNs) / 1e6;
    const detail = `came ${heldMs.toFixed(1)} ms later, of ${delay} ms`;
    log(context, { type: 'effective', k, effective: heldMs >= delay - 1, detail });
    log(context, { type: 'activated', k });
  });

/** Through /proc/PID/mem (proc_pid_mem(5)), which write-protected pages do not stop. */
export const memoryBitFlip: Injector<ResolvedFaultOf<'memory-bit-flip'>> = (
  ports,
  { at, phase, address, bit },
  context,
) =>
  strikeOnce(ports, { at, phase }, context, (k, pid) => {
    log(context, { type: 'injected', k });
    try {
      const [before, after] = flipMemory(pid, Number(address), bit);
      const detail = `byte ${address} went from ${before} to ${after}`;
      // Whether the program ever reads it shows only in what becomes of the replica.
      log(context, { type: 'effective', k, effective: after === (before ^ (1 << bit)), detail });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log(context, { type: 'failed', k, error: `address ${address} of process ${pid}: ${why}` });
    }
  });

/** The byte before, and as it is read back. */
function flipMemory(pid: number, address: number, bit: number): [number, number] {
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    const byte = Buffer.alloc(1);
    const read = (): number => {
      readSync(memory, byte, 0, 1, address);
      return byte[0]!;
    };
    const before = read();
    byte[0] = before ^ (1 << bit);
    writeSync(memory, byte, 0, 1, address);
    return [before, read()];
  } finally {
    closeSync(memory);
  }
}
