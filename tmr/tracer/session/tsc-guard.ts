/**
 * When the time stamp counter is trapped (DESIGN.md 5). `auto`: during start-up, for ld.so reads it,
 * and while an executable mapping other than ld.so's holds the opcode. What is mapped is the same in
 * all replicas, so all come to the same setting.
 */
import { readFileSync } from 'node:fs';
import type { TscPolicy } from '../../wire/session-plan.ts';
import { needsTrap, setTscTrap } from '../determinism/tsc.ts';
import type { CallRun } from '../ports.ts';
import { numbers } from '../syscalls/numbers.ts';

const PROT_EXEC = 4;

export class TscGuard {
  readonly #policy: TscPolicy;
  #trapped: boolean;
  /** True at some time of the session: for the report. */
  #everNative: boolean;
  #startingUp = true;
  #recheck = false;
  /** ld.so's mapping, found at the first call; empty for a static program. */
  #loader: { from: number; to: number } | undefined;

  constructor(policy: TscPolicy) {
    this.#policy = policy;
    this.#trapped = policy !== 'native';
    this.#everNative = policy === 'native';
  }

  get used(): 'trap' | 'native' {
    return this.#everNative ? 'native' : 'trap';
  }

  /** A new program: its ld.so starts up. */
  exec(): void {
    this.#startingUp = true;
    this.#loader = undefined;
  }

  /** At a call's stop, before it is signed: sets the trap as it must be from here on. */
  atCall(run: CallRun): void {
    if (this.#policy !== 'auto') return;
    const { call } = run.tracee;
    if (this.#startingUp && !this.#inLoader(run)) {
      this.#startingUp = false;
      this.#recheck = true;
    }
    if (call === numbers.execve || call === numbers.execveat) {
      this.#set(run, true);
    } else if (this.#recheck) {
      this.#recheck = false;
      this.#set(run, needsTrap('auto', run.tracee.pid));
    }
    const maps = call === numbers.mmap || call === numbers.mprotect;
    if (maps && (run.tracee.arg(2) & PROT_EXEC) !== 0) this.#recheck = !this.#startingUp;
  }

  #set(run: CallRun, trap: boolean): void {
    if (trap === this.#trapped) return;
    setTscTrap(run, trap);
    this.#trapped = trap;
    if (!trap) this.#everNative = true;
  }

  #inLoader(run: CallRun): boolean {
    this.#loader ??= loaderOf(run.tracee.pid);
    return run.tracee.ip >= this.#loader.from && run.tracee.ip < this.#loader.to;
  }
}

function loaderOf(pid: number): { from: number; to: number } {
  let from = Infinity;
  let to = 0;
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) .*\/ld-linux[^/]*$/.exec(line);
    if (match === null) continue;
    from = Math.min(from, parseInt(match[1] ?? '', 16));
    to = Math.max(to, parseInt(match[2] ?? '', 16));
  }
  return { from, to };
}
