/**
 * What the tracer knows about one system call: its class, what of its arguments is signed, and how
 * it is carried out in a replica. The table (table.ts) holds one for every number of x86-64.
 */
import type { Stopped } from 'ptrace-napi';
import type { CallRun } from '../ports.ts';

export type CallClass =
  /** The result is made from agreed inputs: clocks, random bytes, virtual ids. */
  | 'agreed-input'
  /** Bytes leave the session through the monitor's output vote. */
  | 'voted-output'
  /** Served by the file service or, on other descriptors, as the handler decides. */
  | 'file-service'
  /** The replica's own kernel runs it, and the result is folded into the next signature. */
  | 'local'
  /** Changes which program or process runs. */
  | 'process-control'
  /** Gets an errno that an old kernel or a sandbox would give, or ends the session. */
  | 'refused';

/**
 * How one argument enters the signature. `int` and `uint`: its low 32 bits. `long`: all 64. `ptr`:
 * only whether it is NULL. `path`: a string up to its NUL. `strings`: a NULL-terminated array of
 * strings. `bytes` and `iovec`: the memory whose length, or count of vectors, is another argument.
 * `struct`: so many bytes. `ranges`: [offset, length] pairs of a struct that also holds pointers.
 */
export type ArgSpec =
  | 'int'
  | 'uint'
  | 'long'
  | 'ptr'
  | 'path'
  | 'strings'
  | 'ignore'
  | { bytes: number }
  | { iovec: number }
  | { struct: number }
  | { ranges: readonly (readonly [offset: number, length: number])[] }
  /** Decided by another argument (fcntl's and ioctl's third). */
  | { select: (tracee: Stopped) => ArgSpec };

export type Perform = (run: CallRun) => void;

export interface CallPolicy {
  class: CallClass;
  args: readonly ArgSpec[];
  /** Absent for `refused` alone: it gives `errno` or ends the session. */
  perform?: Perform;
  /** For `refused`: what the program gets, a positive number. Absent: no errno would be honest, the session ends. */
  errno?: number;
  /** Why it is classed so, for docs/syscalls.md. */
  why?: string;
}

/** Policies of one group of calls; the table joins the groups. */
export type CallGroup = Record<string, CallPolicy>;
