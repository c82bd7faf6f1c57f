/**
 * Blocking ptrace(2), seccomp(2) and socket primitives for a synchronous tracer.
 *
 * All calls that touch a tracee must come from the thread that spawned it (ptrace(2)). Errors are
 * `PtraceError`s with `code` (an errno name such as `ESRCH`, or `ERR_...` for wrong use) and a text
 * that says what was expected, what came and what to do.
 */

/** `code`: errno name or one of ERR_STATE, ERR_ARGUMENT, ERR_THREAD. `syscall`: what failed. */
export class PtraceError extends Error {
  constructor(message: string, code: string, errno?: number, syscall?: string);
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

export interface SpawnOptions {
  /** Path given to execve. */
  file: Uint8Array | string;
  /** argv, argv[0] included; NUL-free. */
  args: readonly (Uint8Array | string)[];
  /** Strings NAME=VALUE, exactly as they shall stand in the replica's environment. */
  env: readonly (Uint8Array | string)[];
  /** Native working directory of the tracee. */
  cwd: string;
  /** Descriptors of this process that become 0, 1 and 2; everything else is closed. */
  stdio: readonly [number, number, number];
  /** Soft and hard limits by RLIMIT_* number; Infinity is RLIM_INFINITY. Others are inherited. */
  rlimits?: readonly { resource: number; soft: number; hard: number }[];
  /** File mode creation mask; inherited when absent. */
  umask?: number;
  /** CPUs the tracee may use; inherited when absent. */
  affinity?: readonly number[];
  /** personality(ADDR_NO_RANDOMIZE). Default true. */
  disableAslr?: boolean;
  /** prctl(PR_SET_TSC, PR_TSC_SIGSEGV). Default false. */
  trapTsc?: boolean;
  /**
   * Numbers of system calls that run without a stop; every other one gives a seccomp stop.
   * Absent: no filter at all (for plain PTRACE_SYSCALL use). An x32 or i386 call kills the process.
   */
  seccompAllow?: readonly number[];
  /** Also stop at PTRACE_EVENT_EXIT (kind `exit`). Default false. */
  traceExit?: boolean;
}

/** Why `wait` returned. */
export declare const StopKind: {
  /** A signal (the periodic timer) broke the wait; the tracee still runs. */
  readonly interrupted: 0;
  /** SECCOMP_RET_TRACE, before the call runs. */
  readonly seccomp: 1;
  readonly syscallEntry: 2;
  readonly syscallExit: 3;
  /** Signal delivery stop: `signal`, `siCode`, `siAddr`. */
  readonly signal: 4;
  /** PTRACE_EVENT_EXEC. */
  readonly exec: 5;
  /** PTRACE_EVENT_FORK, VFORK or CLONE: `event`, `eventMessage` = new pid. */
  readonly fork: 6;
  /** PTRACE_EVENT_EXIT: `eventMessage` = wait status to come. */
  readonly exit: 7;
  /** Group stop: `signal`. */
  readonly group: 8;
  /** The process ended: `exitCode`. */
  readonly exited: 9;
  /** The process was ended by `signal`. */
  readonly killed: 10;
  /** First stop of a child that `adoptChild` gave. */
  readonly attached: 11;
};
export type StopKind = (typeof StopKind)[keyof typeof StopKind];

/**
 * `cont` runs to the next seccomp stop or event; `syscall` also stops at entry and exit; `step` one instruction;
 * `listen` (group stop only) leaves it stopped until SIGCONT, as an untraced process would be.
 */
export type ResumeHow = 'cont' | 'syscall' | 'step' | 'listen';

/** The general registers, in user_regs_struct order; values are unsigned 64-bit BigInts. */
export declare const Reg: {
  readonly r15: 0;
  readonly r14: 1;
  readonly r13: 2;
  readonly r12: 3;
  readonly rbp: 4;
  readonly rbx: 5;
  readonly r11: 6;
  readonly r10: 7;
  readonly r9: 8;
  readonly r8: 9;
  readonly rax: 10;
  readonly rcx: 11;
  readonly rdx: 12;
  readonly rsi: 13;
  readonly rdi: 14;
  readonly orig_rax: 15;
  readonly rip: 16;
  readonly cs: 17;
  readonly eflags: 18;
  readonly rsp: 19;
  readonly ss: 20;
  readonly fs_base: 21;
  readonly gs_base: 22;
  readonly ds: 23;
  readonly es: 24;
  readonly fs: 25;
  readonly gs: 26;
};
export type Reg = (typeof Reg)[keyof typeof Reg];

/**
 * One traced process (one thread). The same object is handed out under three faces, so that only a
 * stopped tracee has registers and memory, and resuming gives the stop away. Used against its
 * state it throws PtraceError ERR_STATE.
 */
interface TraceeBase {
  readonly pid: number;
  /** What the last wait gave; `interrupted` after a broken one. */
  readonly lastStop: StopKind;
}

export interface Running extends TraceeBase {
  readonly state: 'running';
  /**
   * Blocks in waitpid until the tracee stops or ends, or a signal breaks the wait (then the result
   * is still `running` and `lastStop` is `interrupted`).
   */
  wait(): Stopped | Exited | Running;
  /** Signals the tracee (kill(2)). */
  kill(signal: number): void;
  /** Ends it with SIGKILL and reaps it. */
  destroy(): Exited;
}

export interface Exited extends TraceeBase {
  readonly state: 'exited';
  /** `exited` or `killed`. */
  readonly kind: StopKind;
  /** Wait result: code of exit(2), or NaN when a signal ended it. */
  readonly exitCode: number;
  /** Signal that ended it, or 0. */
  readonly signal: number;
}

export interface Stopped extends TraceeBase {
  readonly state: 'stopped';
  readonly kind: StopKind;
  /** Number of the signal of a `signal` or `group` stop. */
  readonly signal: number;
  readonly siCode: number;
  readonly siAddr: number;
  /** PTRACE_GETEVENTMSG of an event stop. */
  readonly eventMessage: number;
  /** PTRACE_EVENT_* number of an event stop, else 0. */
  readonly event: number;

  // The call of a seccomp, entry or exit stop (PTRACE_GET_SYSCALL_INFO, Linux 5.3).
  /** Call number. */
  readonly call: number;
  /** Argument i (0-5) as an exact number when below 2^53, else rounded: for sizes and addresses. */
  arg(i: number): number;
  /** Low and high unsigned 32-bit halves of argument i. */
  argLo(i: number): number;
  argHi(i: number): number;
  /** Argument i as a signed 32-bit int, as the kernel reads an `int`. */
  argInt(i: number): number;
  /** Return value at an exit stop (negative errno as such), a signed number. */
  readonly result: number;
  readonly ip: number;
  readonly sp: number;

  /** At a seccomp or entry stop: the call is skipped and gives `value` (orig_rax = -1, rax = value). */
  skip(value: number): void;
  /** At an exit stop: replaces the return value. */
  setResult(value: number): void;
  /** At a seccomp or entry stop: another call number or argument (for rewriting a call). */
  setCall(call: number): void;
  setArg(i: number, value: number | bigint): void;
  getReg(reg: Reg): bigint;
  setReg(reg: Reg, value: bigint): void;
  /** All registers, saved and put back around an injected call. */
  saveRegs(): BigUint64Array;
  restoreRegs(saved: BigUint64Array): void;

  /**
   * Copies tracee memory into `into` from `offset`. Returns the number of bytes copied, less than
   * `length` where memory ends (0 if the first byte is unreadable). Never throws for a bad address.
   */
  read(address: number, into: Uint8Array, offset: number, length: number): number;
  /** Copies into tracee memory, obeying page protection, growing the stack as the kernel would. Returns bytes written. */
  write(address: number, from: Uint8Array, offset: number, length: number): number;
  /** As `write`, but through page protection (/proc/PID/mem): for the tracer's own edits. */
  poke(address: number, from: Uint8Array, offset: number, length: number): number;
  /** Bytes up to a NUL, at most `max`; undefined when unreadable; a result of length `max` had no NUL. */
  readCString(address: number, max: number): Buffer | undefined;
  /**
   * 64-bit hash (xxh64) of `length` bytes of tracee memory, chained on (seedHi, seedLo), without a
   * copy into JavaScript. Returns false when memory is unreadable; the halves are in `hash`.
   */
  hashMemory(address: number, length: number, seedHi: number, seedLo: number): boolean;

  /** Lets it run. `signal` is delivered (0: none). */
  resume(how: ResumeHow, signal?: number): Running;
  /** `resume` and `wait` fused in one native call: the trace loop's way. */
  resumeAndWait(how: ResumeHow, signal?: number): Stopped | Exited | Running;
  /** Ends it with SIGKILL and reaps it. */
  destroy(): Exited;
  /** PTRACE_GETSIGMASK / SETSIGMASK: the 64-bit mask. */
  getSigmask(): bigint;
  setSigmask(mask: bigint): void;
  /** The auxiliary vector as [type, value] pairs read from the stack at an exec stop, and its address. */
  auxv(): { address: number; entries: [number, bigint][] };
  /** Overwrites entry `index` of the auxiliary vector. */
  setAuxv(address: number, index: number, type: number, value: bigint): void;
  /** At a fork stop: the child, which the kernel attached by itself, at its first stop. */
  adoptChild(): Stopped;
  /** Signals the tracee (kill(2)); it is delivered after a resume, SIGKILL at once. */
  kill(signal: number): void;
}

/**
 * Forks, sets the child up as SpawnOptions say (own process group, default dispositions, empty
 * mask, nothing else open, EXITKILL), and runs execve. Returns it at its exec stop. A child that
 * could not be set up or exec is reaped, and the failing step and errno are thrown.
 */
export function spawn(options: SpawnOptions): Stopped;

/** xxh64 of bytes chained on a seed; the result's halves are in `hash`. */
export function hashBytes(
  bytes: Uint8Array,
  offset: number,
  length: number,
  seedHi: number,
  seedLo: number,
): void;
/** Result of the last hashMemory or hashBytes: [hi, lo], unsigned. */
export const hash: Uint32Array;

/** CLOCK_MONOTONIC in nanoseconds (exact below 2^53: 104 days of uptime). */
export function monotonicNs(): number;
/** clock_gettime(id) in nanoseconds as BigInt. */
export function clockNs(id: number): bigint;
/** getrandom(2). */
export function randomBytes(length: number): Buffer;

/**
 * Starts (or with 0 stops) a periodic timer that sends a signal to this thread, whose handler does
 * nothing: a wait in `wait`, `resumeAndWait`, `poll` or `nanosleep` then returns as interrupted.
 */
export function setTick(periodNs: number): void;
/** Sleeps; may return early when a signal breaks it. Returns the nanoseconds that were left. */
export function sleepNs(durationNs: number): number;

/** Pins this thread (tid 0: the calling one) or a process to CPUs. */
export function setAffinity(pid: number, cpus: readonly number[]): void;
export function getAffinity(pid: number): number[];
/** The signal that this process gets when its parent ends (PR_SET_PDEATHSIG); throws if the parent is gone already. */
export function setParentDeathSignal(signal: number, expectedParent: number): void;
/** prctl(PR_SET_CHILD_SUBREAPER). */
export function setChildSubreaper(): void;
export function kill(pid: number, signal: number): void;
/** getrlimit of this process: [soft, hard], Infinity for RLIM_INFINITY. */
export function getRlimit(resource: number): [number, number];
/** getrusage(RUSAGE_CHILDREN or RUSAGE_SELF): user and system time in ns, maximum resident set in KiB. */
export function rusage(who: 'self' | 'children'): {
  userNs: number;
  systemNs: number;
  maxRssKiB: number;
};
/** Opens a file with O_CLOEXEC and plain read/write/close/ftruncate for what is needed in the loop. */
export function memfdCreate(name: string): number;

/** lseek(2): the new offset. `whence`: 0 SET, 1 CUR, 2 END, 3 DATA, 4 HOLE. */
export function lseek(fd: number, offset: number, whence: number): number;
/** TCGETS: the kernel's struct termios (36 bytes); undefined when `fd` is no terminal. */
export function termios(fd: number): Buffer | undefined;
/** TIOCGWINSZ: struct winsize (8 bytes); undefined when `fd` is no terminal. */
export function winsize(fd: number): Buffer | undefined;

// Blocking sockets for the loop. A descriptor here is a plain number; all are O_CLOEXEC, TCP_NODELAY and
// SO_KEEPALIVE (asked for after 60 s of silence, given up 10 s later).

/** Listens on host (numeric IPv4 or IPv6) and port (0: ephemeral). Returns descriptor and port. */
export function listen(host: string, port: number, backlog: number): { fd: number; port: number };
/** Connects, at most until `deadlineNs` on CLOCK_MONOTONIC. Throws ETIMEDOUT, ECONNREFUSED... */
export function connect(host: string, port: number, deadlineNs: number): number;
/** Accepts, at most until the deadline. */
export function accept(fd: number, deadlineNs: number): number;
/**
 * Sends everything. Blocks while the peer's buffer is full, at most until the deadline. Returns the
 * bytes sent; fewer means the deadline came. A closed connection throws EPIPE or ECONNRESET (never SIGPIPE).
 */
export function send(
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  deadlineNs: number,
): number;
/** Never blocks. Bytes received; 0: end of stream; -1: nothing there. */
export function recv(fd: number, into: Uint8Array, offset: number, length: number): number;
/**
 * ppoll over `fds` (entries below 0 are skipped) until one is readable or at its end, the deadline,
 * or a signal. `ready[i]` becomes 1 where recv will not block. Returns the count, 0 at the
 * deadline, -1 when a signal broke the wait. Infinity: no deadline.
 * With `spinNs` it first looks and yields the processor (sched_yield) for at most that long.
 */
export function poll(
  fds: Int32Array,
  count: number,
  ready: Uint8Array,
  deadlineNs: number,
  spinNs?: number,
): number;
export function close(fd: number): void;
