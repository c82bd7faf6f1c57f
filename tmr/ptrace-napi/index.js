/**
 * The face of the addon: see index.d.ts. A stop is read from a buffer that the addon fills, so the
 * trace loop makes one native call a stop and no object.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { PtraceError } from './error.js';
import { encodeSpawnOptions } from './spawn-options.js';

export { PtraceError };

const here = fileURLToPath(import.meta.url);
const native = createRequire(here)('node-gyp-build')(dirname(here));
native.setErrorClass(PtraceError);

export const StopKind = Object.freeze({
  interrupted: 0,
  seccomp: 1,
  syscallEntry: 2,
  syscallExit: 3,
  signal: 4,
  exec: 5,
  fork: 6,
  exit: 7,
  group: 8,
  exited: 9,
  killed: 10,
  attached: 11,
});

export const Reg = Object.freeze(
  Object.fromEntries(
    (
      'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss ' +
      'fs_base gs_base ds es fs gs'
    )
      .split(' ')
      .map((name, index) => [name, index]),
  ),
);

// The layout of `Shared` in src/tracee.h: indices of 32-bit words, then of 64-bit floats.
const STATE = 0;
const KIND = 1;
const SIGNAL = 2;
const SI_CODE = 3;
const CALL = 4;
const EVENT = 5;
const HOW = 6;
const DELIVER = 7;
const SKIP_PENDING = 8;
const EXIT_CODE = 8;
const SI_ADDR = 9;
const EVENT_MESSAGE = 10;
const RESULT = 11;
const IP = 12;
const SP = 13;
const SKIP_VALUE = 14;
/** 32-bit index of the low half of argument 0. */
const ARGS = 32;

const RUNNING = 0;
const STOPPED = 1;
const STATE_NAMES = ['running', 'stopped', 'exited'];
const HOW_NAMES = ['cont', 'syscall', 'step', 'listen'];
const REGISTER_COUNT = 27;
const TWO_32 = 2 ** 32;

class Tracee {
  #slot;
  #pid;
  #ints;
  #words;
  #floats;

  constructor([slot, pid, buffer]) {
    this.#slot = slot;
    this.#pid = pid;
    this.#ints = new Int32Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#floats = new Float64Array(buffer);
  }

  get pid() {
    return this.#pid;
  }
  get state() {
    return STATE_NAMES[this.#ints[STATE]];
  }
  get kind() {
    return this.#ints[KIND];
  }
  get lastStop() {
    return this.#ints[KIND];
  }
  get signal() {
    return this.#ints[SIGNAL];
  }
  get exitCode() {
    return this.#floats[EXIT_CODE];
  }
  get siCode() {
    return this.#ints[SI_CODE];
  }
  get siAddr() {
    return this.#floats[SI_ADDR];
  }
  get event() {
    return this.#ints[EVENT];
  }
  get eventMessage() {
    return this.#floats[EVENT_MESSAGE];
  }
  get call() {
    return this.#ints[CALL];
  }
  get result() {
    return this.#floats[RESULT];
  }
  get ip() {
    return this.#floats[IP];
  }
  get sp() {
    return this.#floats[SP];
  }

  arg(i) {
    const low = ARGS + 2 * argumentIndex(i);
    return this.#words[low + 1] * TWO_32 + this.#words[low];
  }
  argLo(i) {
    return this.#words[ARGS + 2 * argumentIndex(i)];
  }
  argHi(i) {
    return this.#words[ARGS + 2 * argumentIndex(i) + 1];
  }
  argInt(i) {
    return this.#ints[ARGS + 2 * argumentIndex(i)];
  }

  /** Carried out by the next resume, or by the next use of registers. */
  skip(value) {
    this.#needStop('skip');
    const kind = this.#ints[KIND];
    if (kind !== StopKind.seccomp && kind !== StopKind.syscallEntry) {
      throw stateError(`skip needs a seccomp or syscallEntry stop, this is kind ${kind}`);
    }
    if (!Number.isSafeInteger(value)) {
      throw argumentError(
        `value must be a whole number below 2^53, got ${inspect(value, { depth: 0 })}`,
      );
    }
    this.#floats[SKIP_VALUE] = value;
    this.#ints[SKIP_PENDING] = 1;
  }
  setResult(value) {
    native.setResult(this.#stopped('setResult'), value);
  }
  setCall(call) {
    native.setCall(this.#stopped('setCall'), call);
  }
  setArg(i, value) {
    native.setArg(this.#stopped('setArg'), i, value);
  }
  getReg(reg) {
    return native.getReg(this.#stopped('getReg'), reg);
  }
  setReg(reg, value) {
    native.setReg(this.#stopped('setReg'), reg, value);
  }
  saveRegs() {
    const saved = new BigUint64Array(REGISTER_COUNT);
    native.saveRegs(this.#stopped('saveRegs'), saved);
    return saved;
  }
  restoreRegs(saved) {
    native.restoreRegs(this.#stopped('restoreRegs'), saved);
  }

  read(address, into, offset, length) {
    return native.read(this.#stopped('read'), address, into, offset, length);
  }
  write(address, from, offset, length) {
    return native.write(this.#stopped('write'), address, from, offset, length);
  }
  poke(address, from, offset, length) {
    return native.poke(this.#stopped('poke'), address, from, offset, length);
  }
  readCString(address, max) {
    return native.readCString(this.#stopped('readCString'), address, max);
  }
  hashMemory(address, length, seedHi, seedLo) {
    const slot = this.#stopped('hashMemory');
    const readable = native.hashMemory(slot, address, length, seedHi, seedLo);
    if (readable) publishHash();
    return readable;
  }

  resume(how, signal = 0) {
    const slot = this.#prepare(how, signal, 'resume');
    native.resume(slot);
    return this;
  }
  resumeAndWait(how, signal = 0) {
    const slot = this.#prepare(how, signal, 'resumeAndWait');
    native.resumeAndWait(slot);
    return this;
  }
  wait() {
    if (this.#ints[STATE] !== RUNNING) throw this.#wrongState('wait', 'running');
    native.wait(this.#slot);
    return this;
  }
  kill(signal) {
    if (this.#ints[STATE] === 2) throw this.#wrongState('kill', 'living');
    native.kill(this.#pid, signal);
  }
  destroy() {
    if (this.#ints[STATE] === 2) throw this.#wrongState('destroy', 'living');
    native.destroy(this.#slot);
    return this;
  }

  getSigmask() {
    return native.getSigmask(this.#stopped('getSigmask'));
  }
  setSigmask(mask) {
    native.setSigmask(this.#stopped('setSigmask'), mask);
  }
  auxv() {
    const flat = native.auxv(this.#stopped('auxv'));
    const entries = [];
    for (let i = 1; i < flat.length; i += 2) entries.push([flat[i], flat[i + 1]]);
    return { address: flat[0], entries };
  }
  setAuxv(address, index, type, value) {
    native.setAuxv(this.#stopped('setAuxv'), address, index, type, value);
  }
  adoptChild() {
    return new Tracee(native.adoptChild(this.#stopped('adoptChild')));
  }

  #needStop(what) {
    if (this.#ints[STATE] !== STOPPED) throw this.#wrongState(what, 'stopped');
  }
  #stopped(what) {
    this.#needStop(what);
    return this.#slot;
  }
  #prepare(how, signal, what) {
    this.#needStop(what);
    const number = how === 'cont' ? 0 : HOW_NAMES.indexOf(how);
    if (number < 0) {
      throw argumentError(
        `how must be one of ${HOW_NAMES.join(', ')}, got ${inspect(how, { depth: 0 })}`,
      );
    }
    if (signal !== 0 && !(Number.isInteger(signal) && signal > 0 && signal <= 64)) {
      throw argumentError(`signal must be 0 (none) to 64, got ${inspect(signal, { depth: 0 })}`);
    }
    this.#ints[HOW] = number;
    this.#ints[DELIVER] = signal;
    return this.#slot;
  }
  #wrongState(what, wanted) {
    return stateError(`${what} needs a ${wanted} tracee, process ${this.#pid} is ${this.state}`);
  }
}

function argumentIndex(i) {
  if (Number.isInteger(i) && i >= 0 && i <= 5) return i;
  throw argumentError(`argument index must be from 0 to 5, got ${inspect(i, { depth: 0 })}`);
}

function stateError(message) {
  return new PtraceError(message, 'ERR_STATE');
}

function argumentError(message) {
  return new PtraceError(message, 'ERR_ARGUMENT');
}

export function spawn(options) {
  return new Tracee(native.spawn(...encodeSpawnOptions(options)));
}

/** The addon's own result stays private: a caller could detach the buffer of what it is given. */
const hashWords = new Uint32Array(native.hashBuffer);
export const hash = new Uint32Array(2);

function publishHash() {
  hash[0] = hashWords[1];
  hash[1] = hashWords[0];
}

export function hashBytes(bytes, offset, length, seedHi, seedLo) {
  native.hashBytes(bytes, offset, length, seedHi, seedLo);
  publishHash();
}

export function setAffinity(pid, cpus) {
  if (!Array.isArray(cpus) || !cpus.every((cpu) => Number.isInteger(cpu))) {
    throw argumentError('cpus must be an array of CPU numbers');
  }
  native.setAffinity(pid, Int32Array.from(cpus));
}

export const {
  monotonicNs,
  clockNs,
  randomBytes,
  setTick,
  sleepNs,
  getAffinity,
  setParentDeathSignal,
  setChildSubreaper,
  kill,
  getRlimit,
  rusage,
  memfdCreate,
  lseek,
  termios,
  winsize,
  listen,
  connect,
  accept,
  send,
  recv,
  poll,
  close,
} = native;
