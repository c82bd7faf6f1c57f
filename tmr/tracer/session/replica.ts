/**
 * The replica as the trace loop handles it: resumed with the pump turning at every tick, calls
 * injected, local results folded into the next signature (R17).
 */
import * as native from 'ptrace-napi';
import { Reg, StopKind, type ResumeHow, type Stopped } from 'ptrace-napi';
import type { Recorder } from './recorder.ts';

/** The replica ended; whether that was right is for the caller to say. */
export class ReplicaEnded extends Error {
  /** Signal that ended it, or 0. */
  readonly signal: number;
  readonly exitCode: number;

  constructor(signal: number, exitCode: number) {
    super(signal === 0 ? `exited with ${exitCode}` : `killed by signal ${signal}`);
    this.signal = signal;
    this.exitCode = exitCode;
  }
}

/** What happens while the replica runs and its tracer waits. */
export interface WhileRunning {
  /** The periodic timer broke the wait. */
  tick(): void;
  /** PTRACE_EVENT_EXEC: a new program, not yet running. */
  exec(tracee: Stopped): void;
}

const SYSCALL_INSTRUCTION_BYTES = 2n;
const number = Buffer.alloc(8);

export class Replica {
  tracee: Stopped;
  readonly pid: number;
  readonly #recorder: Recorder;
  readonly #whileRunning: WhileRunning;
  /** Chain of local results since the last vote. */
  foldHi = 0;
  foldLo = 0;

  constructor(tracee: Stopped, recorder: Recorder, whileRunning: WhileRunning) {
    this.tracee = tracee;
    this.pid = tracee.pid;
    this.#recorder = recorder;
    this.#whileRunning = whileRunning;
  }

  /** Runs it to its next stop. Throws ReplicaEnded. */
  resume(how: ResumeHow, signal = 0): Stopped {
    const since = native.monotonicNs();
    let now = this.tracee.resumeAndWait(how, signal);
    while (now.state === 'running') {
      this.#whileRunning.tick();
      now = now.wait();
    }
    if (now.state === 'exited') throw new ReplicaEnded(now.signal, now.exitCode);
    this.#recorder.burst(native.monotonicNs() - since);
    this.tracee = now;
    return now;
  }

  /** From a seccomp stop to the exit stop of the same call; signals that come between are delivered. */
  toExit(): number {
    let stop = this.resume('syscall');
    while (stop.kind !== StopKind.syscallExit) {
      if (stop.kind === StopKind.exec) this.#whileRunning.exec(stop);
      const signal = stop.kind === StopKind.signal ? stop.signal : 0;
      stop = this.resume('syscall', signal);
    }
    return stop.result;
  }

  /**
   * Runs another call at this seccomp stop, then repeats the interrupted one, whose seccomp stop
   * comes again.
   */
  inject(call: number, args: readonly (number | bigint)[]): number {
    const saved = this.tracee.saveRegs();
    const interrupted = this.tracee.call;
    this.tracee.setCall(call);
    args.forEach((value, i) => this.tracee.setArg(i, value));
    const result = this.toExit();
    saved[Reg.rip] = (saved[Reg.rip] as bigint) - SYSCALL_INSTRUCTION_BYTES;
    saved[Reg.rax] = BigInt.asUintN(64, BigInt(interrupted));
    // No restart logic of the kernel's may touch these registers.
    saved[Reg.orig_rax] = 0xffff_ffff_ffff_ffffn;
    this.tracee.restoreRegs(saved);
    let stop = this.resume('cont');
    while (stop.kind !== StopKind.seccomp) {
      stop = this.resume('cont', stop.kind === StopKind.signal ? stop.signal : 0);
    }
    return result;
  }

  foldNumber(value: number): void {
    number.writeDoubleLE(value, 0);
    native.hashBytes(number, 0, 8, this.foldHi, this.foldLo);
    this.#takeFold();
  }

  foldMemory(address: number, length: number): void {
    // Unreadable memory folds as a mark: the same in healthy replicas.
    if (!this.tracee.hashMemory(address, length, this.foldHi, this.foldLo)) this.foldNumber(-1);
    else this.#takeFold();
  }

  resetFold(): void {
    this.foldHi = 0;
    this.foldLo = 0;
  }

  #takeFold(): void {
    this.foldHi = native.hash[0] as number;
    this.foldLo = native.hash[1] as number;
  }
}
