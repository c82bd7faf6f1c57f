/**
 * One replica without a vote: the handlers on a real process, a real file service over the real
 * NFS procedures, and a monitor in memory. For tests of the handlers alone.
 */
import { closeSync, openSync } from 'node:fs';
import {
  kill,
  monotonicNs,
  setTick,
  spawn,
  StopKind,
  type Exited,
  type Running,
  type Stopped,
} from 'ptrace-napi';
import type { SlotOp } from '../../../wire/messages.ts';
import { samplePlan } from '../../../wire/sample-plan.ts';
import type { SessionPlan, StandardStream } from '../../../wire/session-plan.ts';
import { afterExec, prepareExec } from '../../determinism/exec.ts';
import { randomBytesAt } from '../../determinism/random.ts';
import { emulateTsc, isTscTrap, restoreSegvAction } from '../../determinism/tsc.ts';
import { advanceVirtualClock } from '../../determinism/clock.ts';
import { disposition } from '../../determinism/disposition.ts';
import { NfsFileService } from '../../files/nfs-file-service.ts';
import { DirectServer } from '../../files/testing/direct-server.ts';
import type { FileService } from '../../files/types.ts';
import type { CallRun, MonitorPort } from '../../ports.ts';
import type { ProcessState } from '../../process-state.ts';
import { Recorder } from '../../session/recorder.ts';
import { Replica, ReplicaEnded } from '../../session/replica.ts';
import { SyscallError } from '../../syscall-error.ts';
import { initialProcessState } from '../initial-state.ts';
import { nameOf } from '../numbers.ts';
import { endProcess } from '../process-end.ts';
import { resolveProgram } from '../program.ts';
import { sign, signature } from '../signature.ts';
import { policyOf } from '../table.ts';

export interface SoloOptions {
  command: readonly [string, ...string[]];
  cwd: string;
  stdin?: Buffer;
  env?: Record<string, string>;
  clock?: 'real' | 'virtual';
  seed?: string;
  uid?: number;
  gid?: number;
  /** Called before each call is carried out. */
  onCall?: (name: string, run: CallRun) => void;
  /** What a call gave, for a trace in the manner of strace; only of calls that were skipped. */
  onResult?: (name: string, value: number) => void;
}

export interface SoloResult {
  /** Exit status, or undefined when a signal ended it. */
  status: number | undefined;
  signal: number | undefined;
  stdout: Buffer;
  stderr: Buffer;
  refused: string[];
  /** One 64-bit signature a rendezvous, in hex. */
  signatures: string[];
  aborted: string | undefined;
}

/** A test that is blocked in native code cannot be stopped from outside. */
const DEADLINE_NS = 30e9;

class Aborted extends Error {}

export function runSolo(options: SoloOptions): SoloResult {
  return new Solo(options).run();
}

/** The monitor of one replica: streams in memory. */
class MemoryMonitor implements MonitorPort {
  readonly output: Record<number, Buffer[]> = { 1: [], 2: [] };
  readonly refusals: string[] = [];
  readonly #stdin: Buffer;
  #position = 0;

  constructor(stdin: Buffer) {
    this.#stdin = stdin;
  }

  slot(op: SlotOp): { result: number; bytes: Buffer } {
    const none = Buffer.alloc(0);
    switch (op.type) {
      case 'output':
        this.output[op.fd]?.push(Buffer.from(op.bytes));
        return { result: op.bytes.length, bytes: none };
      case 'input': {
        const bytes = this.#stdin.subarray(this.#position, this.#position + op.count);
        this.#position += bytes.length;
        return { result: bytes.length, bytes };
      }
      default:
        return { result: 0, bytes: none };
    }
  }

  refused(kind: 'call' | 'path', what: string, errno: string): void {
    this.refusals.push(`${kind} ${what} ${errno}`);
  }
}

class Solo implements CallRun {
  readonly plan: SessionPlan;
  readonly process: ProcessState;
  readonly files: FileService;
  readonly monitor: MemoryMonitor;
  readonly #options: SoloOptions;
  readonly #image: ReturnType<typeof resolveProgram>;
  readonly #replica: Replica;
  readonly #startNs = monotonicNs();
  readonly #signatures: string[] = [];
  readonly agreed = { elapsedNs: 0, marks: 0 };
  scratch = { address: 0, size: 0 };
  #execPending = true;

  constructor(options: SoloOptions) {
    this.#options = options;
    this.plan = planOf(options);
    this.monitor = new MemoryMonitor(options.stdin ?? Buffer.alloc(0));
    const { volumes, program } = this.plan;
    this.files = new NfsFileService({
      port: new DirectServer(
        volumes.map(({ path, access }) => ({ path, real: path, readOnly: access === 'ro' })),
      ),
      volumes,
      caches: true,
      credentials: { uid: program.uid, gid: program.gid, groups: program.groups },
    });
    this.process = initialProcessState(this.plan);
    this.#image = resolveProgram(this.files, this.process, Buffer.from(program.file));
    const fd = openSync('/dev/null', 'r+');
    const tracee = spawn({
      file: this.#image.localPath,
      args: this.#image.args,
      env: this.process.env,
      cwd: '/',
      stdio: [fd, fd, fd],
      umask: 0,
      trapTsc: true,
      seccompAllow: [],
    });
    closeSync(fd);
    this.#replica = new Replica(tracee, new Recorder(1), {
      tick: () => {
        if (monotonicNs() - this.#startNs > DEADLINE_NS) throw new Error('30 s without an end');
      },
      exec: (stopped) => {
        prepareExec(stopped, this.plan, this.process);
        this.#execPending = true;
      },
    });
  }

  get tracee(): Stopped {
    return this.#replica.tracee;
  }

  run(): SoloResult {
    let aborted: string | undefined;
    let ended = { signal: 0, exitCode: 0 };
    prepareExec(this.tracee, this.plan, this.process);
    setTick(100_000_000);
    try {
      for (let signal = 0; ;) signal = this.#atStop(this.#replica.resume('cont', signal));
    } catch (error) {
      if (error instanceof ReplicaEnded) ended = error;
      else {
        endTracee(this.tracee);
        if (!(error instanceof Aborted)) throw error;
        aborted = error.message;
      }
    } finally {
      setTick(0);
      this.#image.cleanUp();
    }
    return {
      status: aborted === undefined && ended.signal === 0 ? ended.exitCode : undefined,
      signal: ended.signal === 0 ? undefined : ended.signal,
      stdout: Buffer.concat(this.monitor.output[1]!),
      stderr: Buffer.concat(this.monitor.output[2]!),
      refused: this.monitor.refusals,
      signatures: this.#signatures,
      aborted,
    };
  }

  #atStop(stop: Stopped): number {
    this.agreed.elapsedNs = monotonicNs() - this.#startNs;
    advanceVirtualClock(this.process);
    if (stop.kind === StopKind.signal) return this.#atSignal(stop);
    if (stop.kind === StopKind.seccomp) this.#atCall();
    return 0;
  }

  #atSignal(stop: Stopped): number {
    if (isTscTrap(stop)) {
      emulateTsc(stop, this.agreed, this.process);
      return 0;
    }
    const harmless = [17, 18, 19, 20, 21, 22, 23, 28].includes(stop.signal);
    if (!harmless && disposition(this.tracee.pid, stop.signal) === 'default') {
      endProcess(this, 'signal', stop.signal);
    }
    return stop.signal;
  }

  #atCall(): void {
    if (this.#execPending) {
      this.#execPending = false;
      this.scratch = afterExec(this);
    }
    const policy = policyOf(this.tracee.call);
    sign(this.tracee, policy, this.#replica.foldHi, this.#replica.foldLo);
    this.#replica.resetFold();
    this.#signatures.push(
      [...signature].map((half) => half.toString(16).padStart(8, '0')).join(''),
    );
    const name = nameOf(this.tracee.call) ?? String(this.tracee.call);
    this.#options.onCall?.(name, this);
    if (this.process.segv.restore) restoreSegvAction(this);
    try {
      if (policy.perform !== undefined) policy.perform(this);
      else if (policy.errno === undefined) this.abort(`system call ${name} is not supported`);
      else {
        this.monitor.refused('call', name, String(policy.errno));
        this.skip(-policy.errno);
      }
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      this.skip(-error.errno);
    }
  }

  skip(value: number): void {
    this.#options.onResult?.(nameOf(this.tracee.call) ?? '', value);
    this.tracee.skip(value);
  }
  runToExit(): number {
    const name = nameOf(this.tracee.call) ?? '';
    const result = this.#replica.toExit();
    this.#options.onResult?.(name, result);
    return result;
  }
  inject(call: number, args: readonly (number | bigint)[]): number {
    return this.#replica.inject(call, args);
  }
  foldNumber(value: number): void {
    this.#replica.foldNumber(value);
  }
  foldMemory(address: number, length: number): void {
    this.#replica.foldMemory(address, length);
  }
  random(length: number): Buffer {
    const seed = Buffer.from(this.plan.settings.seed, 'hex');
    const bytes = randomBytesAt(seed, this.process.randomCounter, length);
    this.process.randomCounter += length;
    return bytes;
  }
  abort(reason: string): never {
    throw new Aborted(reason);
  }
}

function endTracee(tracee: Stopped): void {
  let now = tracee as Stopped | Running | Exited;
  if (now.state === 'exited') return;
  kill(now.pid, 9);
  while (now.state !== 'exited') now = now.state === 'running' ? now.wait() : now.destroy();
}

const pipe: StandardStream = {
  kind: 'pipe',
  flags: 1,
  stat: {
    mode: 0o010600,
    size: 0,
    ino: 4000,
    dev: 13,
    rdev: 0,
    uid: 0,
    gid: 0,
    nlink: 1,
    blksize: 4096,
    blocks: 0,
    atimeNs: 0,
    mtimeNs: 0,
    ctimeNs: 0,
  },
  offset: 0,
  shared: 0,
};

function planOf(options: SoloOptions): SessionPlan {
  const { command, cwd } = options;
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const env = options.env ?? { PATH: '/usr/bin:/bin', LC_ALL: 'C', HOME: cwd };
  return {
    session: 'solo',
    replica: 1,
    program: {
      file: command[0],
      argsBase64: command.map(encode),
      envBase64: Object.entries(env).map(([name, value]) => encode(`${name}=${value}`)),
      cwd,
      umask: 0o022,
      uid: options.uid ?? process.getuid?.() ?? 0,
      gid: options.gid ?? process.getgid?.() ?? 0,
      groups: process.getgroups?.() ?? [],
      rlimits: [],
      hostName: 'replica',
    },
    settings: {
      clock: options.clock ?? 'real',
      seed: options.seed ?? '11'.repeat(32),
      strictCalls: false,
      tsc: 'trap',
    } as SessionPlan['settings'],
    sealKeys: samplePlan().sealKeys,
    clockBases: clockBases(),
    streams: [
      { ...pipe, flags: 0 },
      { ...pipe, shared: 1 },
      { ...pipe, shared: 2 },
    ],
    volumes: [
      { subtree: '/', path: '/', access: 'ro', consistency: 'close-to-open' },
      { subtree: '/tmp', path: '/tmp', access: 'rw', consistency: 'close-to-open' },
      { subtree: cwd, path: cwd, access: 'rw', consistency: 'session' },
    ],
    monitor: { host: '127.0.0.1', port: 0 },
    nfs: { host: '127.0.0.1', port: 0 },
    listen: { host: '127.0.0.1', port: 0 },
  };
}

const clockBases = (): SessionPlan['clockBases'] => ({
  realtimeNs: String(BigInt(Date.now()) * 1_000_000n),
  monotonicNs: String(monotonicNs()),
  bootNs: String(monotonicNs()),
});
