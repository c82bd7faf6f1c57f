/**
 * The faces between the parts of a session process. Fault injection wraps these (DESIGN.md 7), and
 * tests of one part stand on the others' faces.
 */
import type { Stopped } from 'ptrace-napi';
import type { AgreedInputs } from '../core/types.ts';
import type { SlotOp } from '../wire/messages.ts';
import type { SessionPlan } from '../wire/session-plan.ts';
import type { FileService } from './files/types.ts';
import type { ProcessState } from './process-state.ts';

/**
 * Calls to the NFS server's port over the bound connection, synchronous. Each is a slot: the same
 * sequence in all replicas (R12). Waiting answers peers (R9).
 */
export interface FileServerPort {
  /**
   * One ONC RPC call. `args` is the XDR body of the procedure's arguments. Returns the XDR body of
   * its result (a view, valid until the next call). Throws RpcRejected when the server does not
   * accept the call; a lost server or a flag ends the session instead of returning.
   */
  call(program: number, version: number, procedure: number, args: Uint8Array): Buffer;
}

/** The monitor's slots (R13): blocks until the result that all replicas get is there. */
export interface MonitorPort {
  slot(op: SlotOp): { result: number; bytes: Buffer };
  /** For the report; not voted. `what`: a path or the name of a call; `errno`: its name. */
  refused(kind: 'call' | 'path', what: string, errno: string, fatal: boolean): void;
}

/**
 * One agreed call while it is carried out: the replica stands at the seccomp stop of `call`.
 * A handler ends by exactly one of `skip` or `runToExit`.
 */
export interface CallRun {
  readonly plan: SessionPlan;
  readonly process: ProcessState;
  readonly files: FileService;
  readonly monitor: MonitorPort;
  /** Agreed inputs of this rendezvous. */
  readonly agreed: AgreedInputs;
  /** The replica at its stop; changes identity of state only through the methods below. */
  tracee: Stopped;
  /** The call number, and its arguments as exact numbers or halves, are on `tracee`. */

  /** The call does not run and gives `value` (negative: -errno). Ends the handler. */
  skip(value: number): void;
  /**
   * The kernel runs the call (as rewritten through tracee.setCall/setArg); returns its result at
   * the exit stop, where memory and result may still be edited. Ends the handler. Argument
   * registers that were rewritten are put back. Does NOT fold: use `fold...` for what must be equal.
   */
  runToExit(): number;
  /**
   * Runs another call in the replica before this one (at this same stop) and returns its result.
   * May be used any number of times before `skip` or `runToExit`; the interrupted call is intact.
   */
  inject(call: number, args: readonly (number | bigint)[]): number;
  /** Address and size of the scratch page mapped in the replica after exec (tracer's own). */
  readonly scratch: { address: number; size: number };
  /** Folds a local result into the next vote's signature (R17). */
  foldNumber(value: number): void;
  /** Folds bytes the kernel wrote at `address`. */
  foldMemory(address: number, length: number): void;
  /** Next bytes of the session's PRF for program-visible randomness (agreed: same counter in all). */
  random(length: number): Buffer;
  /** Ends the session: the program needs what tmr refuses. Never returns. */
  abort(reason: string): never;
}
