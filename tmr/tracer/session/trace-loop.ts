/**
 * The trace loop: from one stop of the replica to the next. At each system call it signs, votes,
 * and carries the agreed call out; signals and trapped time-stamp reads are rendezvous too.
 */
import * as native from 'ptrace-napi';
import { StopKind, type Stopped } from 'ptrace-napi';
import { pseudoCall, type AgreedInputs } from '../../core/types.ts';
import type { SessionPlan } from '../../wire/session-plan.ts';
import { afterExec, prepareExec, type Fingerprint } from '../determinism/exec.ts';
import { randomBytesAt } from '../determinism/random.ts';
import { advanceVirtualClock } from '../determinism/clock.ts';
import { emulateTsc, isTscTrap, restoreSegvAction } from '../determinism/tsc.ts';
import type { FileService } from '../files/types.ts';
import type { CallRun, MonitorPort } from '../ports.ts';
import type { ProcessState } from '../process-state.ts';
import { SyscallError } from '../syscall-error.ts';
import { errnoName } from '../syscalls/abi/errno.ts';
import { disposition } from '../determinism/disposition.ts';
import { endProcess } from '../syscalls/process-end.ts';
import { sign, signature } from '../syscalls/signature.ts';
import { nameOf } from '../syscalls/numbers.ts';
import type { CallPolicy } from '../syscalls/policy.ts';
import { policyOf } from '../syscalls/table.ts';
import type { Recorder } from './recorder.ts';
import { Replica, ReplicaEnded, type WhileRunning } from './replica.ts';
import { SessionEnd } from './session-end.ts';
import { TscGuard } from './tsc-guard.ts';
import type { Voter } from './voter.ts';

/** How the program ended, as all replicas agreed. */
export type ProgramEnd = { kind: 'status' | 'signal'; value: number };

export interface TraceLoopOptions {
  tracee: Stopped;
  plan: SessionPlan;
  process: ProcessState;
  files: FileService;
  monitor: MonitorPort;
  voter: Voter;
  recorder: Recorder;
  tick: () => void;
  /** After each decision; does not return once a trusted party is lost (R19). */
  decided: () => void;
}

export class TraceLoop implements CallRun {
  readonly plan: SessionPlan;
  readonly process: ProcessState;
  readonly files: FileService;
  readonly monitor: MonitorPort;
  readonly replica: Replica;
  readonly #voter: Voter;
  readonly #recorder: Recorder;
  readonly #decided: () => void;
  readonly #seed: Buffer;
  readonly tsc: TscGuard;
  #execPending = true;
  #ended: ProgramEnd | undefined;
  scratch = { address: 0, size: 0 };

  constructor(options: TraceLoopOptions) {
    this.plan = options.plan;
    this.process = options.process;
    this.files = options.files;
    this.monitor = this.#watchingForTheEnd(options.monitor);
    this.#voter = options.voter;
    this.#recorder = options.recorder;
    this.#decided = options.decided;
    this.#seed = Buffer.from(options.plan.settings.seed, 'hex');
    this.tsc = new TscGuard(options.plan.settings.tsc);
    const whileRunning: WhileRunning = {
      tick: options.tick,
      exec: (tracee) => this.#exec(tracee),
    };
    this.replica = new Replica(options.tracee, options.recorder, whileRunning);
  }

  /** From the exec stop to the end of the program. Throws SessionEnd when the session ends first. */
  run(programDigest: { hi: number; lo: number }): ProgramEnd {
    const machine = Buffer.from(JSON.stringify(this.#exec(this.tracee)));
    native.hashBytes(machine, 0, machine.length, programDigest.hi, programDigest.lo);
    this.#vote(pseudoCall.exec, native.hash[0] as number, native.hash[1] as number);
    this.#voter.baseNs = native.monotonicNs();
    try {
      for (let signal = 0; ;) signal = this.#atStop(this.replica.resume('cont', signal));
    } catch (error) {
      if (!(error instanceof ReplicaEnded)) throw error;
      // An end that a rendezvous announced (R16) is the program's; any other is a crash.
      if (this.#ended !== undefined) return this.#ended;
      return this.#voter.replicaDead(error.message);
    }
  }

  // CallRun, for the handlers.

  get tracee(): Stopped {
    return this.replica.tracee;
  }

  get agreed(): AgreedInputs {
    return this.#voter.agreed;
  }

  skip(value: number): void {
    this.tracee.skip(value);
  }

  runToExit(): number {
    return this.replica.toExit();
  }

  inject(call: number, args: readonly (number | bigint)[]): number {
    return this.replica.inject(call, args);
  }

  foldNumber(value: number): void {
    this.replica.foldNumber(value);
  }

  foldMemory(address: number, length: number): void {
    this.replica.foldMemory(address, length);
  }

  random(length: number): Buffer {
    const bytes = randomBytesAt(this.#seed, this.process.randomCounter, length);
    this.process.randomCounter += length;
    return bytes;
  }

  /** Once the exit slot is agreed, an end of the replica is the program's and no crash (R16). */
  #watchingForTheEnd(monitor: MonitorPort): MonitorPort {
    return {
      refused: (...what) => monitor.refused(...what),
      slot: (op) => {
        const reply = monitor.slot(op);
        if (op.type === 'exit') this.#ended = { kind: op.kind, value: op.value };
        return reply;
      },
    };
  }

  abort(reason: string): never {
    this.files.flush();
    this.monitor.slot({ type: 'abort', reason });
    throw new SessionEnd('stopped', reason);
  }

  /** Returns the signal to deliver when the replica goes on. */
  #atStop(stop: Stopped): number {
    const since = native.monotonicNs();
    switch (stop.kind) {
      case StopKind.seccomp:
        this.#atCall(stop, since);
        return 0;
      case StopKind.signal:
        return this.#atSignal(stop);
      default:
        return 0;
    }
  }

  #atCall(first: Stopped, since: number): void {
    let stop = first;
    if (this.#execPending) {
      this.#execPending = false;
      this.scratch = afterExec(this);
    }
    this.tsc.atCall(this);
    stop = this.tracee;
    const call = stop.call;
    const policy = policyOf(call);
    sign(stop, policy, this.replica.foldHi, this.replica.foldLo);
    this.replica.resetFold();
    this.#recorder.pause(native.monotonicNs() - since);
    this.#recorder.call(call);
    this.#vote(call, signature[0] as number, signature[1] as number);
    this.#deliverMarks();
    if (this.process.segv.restore) restoreSegvAction(this);
    this.#perform(call, policy);
  }

  #vote(call: number, sigHi: number, sigLo: number): void {
    this.#voter.rendezvous(call, sigHi, sigLo, this.replica.pid);
    this.#decided();
    advanceVirtualClock(this.process);
  }

  #perform(call: number, policy: CallPolicy): void {
    if (policy.perform === undefined) {
      this.#refuse(call, policy);
      return;
    }
    try {
      policy.perform(this);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      this.skip(-error.errno);
    }
  }

  /** First the errno of an old kernel, with an event in the report; without one, the end (DESIGN.md 5). */
  #refuse(call: number, policy: CallPolicy): void {
    const name = nameOf(call) ?? `number ${call}`;
    const program = this.process.executable.toString();
    if (policy.errno === undefined || this.plan.settings.strictCalls) {
      this.abort(`system call ${name} of ${program} is not supported`);
    }
    this.monitor.refused('call', name, errnoName(policy.errno), false);
    this.skip(-policy.errno);
  }

  #atSignal(stop: Stopped): number {
    const signal = stop.signal;
    if (isTscTrap(stop)) {
      this.#vote(pseudoCall.tsc, 0, 0);
      emulateTsc(this.tracee, this.agreed, this.process);
      return 0;
    }
    if (!isFatal(this.replica.pid, signal)) return signal;
    this.#vote(pseudoCall.signal, 0, signal);
    endProcess(this, 'signal', signal);
    return signal;
  }

  /** R18: signals that two members marked arrive now, as signals do. */
  #deliverMarks(): void {
    const marks = this.agreed.marks;
    for (let signal = 1; marks >>> (signal - 1) !== 0 && signal <= 32; signal++) {
      if ((marks & (1 << (signal - 1))) !== 0) native.kill(this.replica.pid, signal);
    }
  }

  /** Returns what kernel and CPU told the program, to be equal on all hosts (R0). */
  #exec(tracee: Stopped): Omit<Fingerprint, 'stackPointer'> {
    const { stackPointer: _moves, ...machine } = prepareExec(tracee, this.plan, this.process);
    this.#execPending = true;
    this.tsc.exec();
    return machine;
  }
}

/** Signals whose default is to be ignored or to stop and go on (signal(7)): never an end. */
const harmless = new Set([17, 18, 19, 20, 21, 22, 23, 28]);

function isFatal(pid: number, signal: number): boolean {
  return !harmless.has(signal) && disposition(pid, signal) === 'default';
}
