/**
 * The program's clocks: a base for each, agreed at the start, plus the agreed elapsed time
 * (protocol.md R8). CPU clocks show the elapsed time too: how long a replica really computed differs
 * by nature. With `--clock virtual` elapsed time is a function of the rendezvous alone.
 */
import type { AgreedInputs } from '../../core/types.ts';
import type { ProcessState } from '../process-state.ts';
import { prf } from './random.ts';

export const Clock = {
  realtime: 0,
  monotonic: 1,
  processCpu: 2,
  threadCpu: 3,
  monotonicRaw: 4,
  realtimeCoarse: 5,
  monotonicCoarse: 6,
  boottime: 7,
  realtimeAlarm: 8,
  boottimeAlarm: 9,
  tai: 11,
} as const;

/** Seconds and nanoseconds: exact, and without a BigInt per reading. */
export interface Instant {
  seconds: number;
  nanoseconds: number;
}

type Bases = ProcessState['clockBases'];

const NS_PER_S = 1_000_000_000;
/** 2000-01-01T00:00:00Z. */
const VIRTUAL_EPOCH_S = 946_684_800n;
const SECONDS_PER_YEAR = 31_536_000;
/** What a rendezvous costs on the virtual clock. */
const VIRTUAL_STEP_NS = 1_000;

/** `--clock virtual`: a moment of the year 2000 that the seed chooses; the machine booted an hour before. */
export function virtualClockBases(seed: Buffer): Bases {
  const second = prf(seed, 'virtual clock', 0, 4).readUInt32LE(0) % SECONDS_PER_YEAR;
  const upNs = 3600n * 1_000_000_000n;
  return {
    realtimeNs: (VIRTUAL_EPOCH_S + BigInt(second)) * 1_000_000_000n,
    monotonicNs: upNs,
    bootNs: upNs,
  };
}

/** The loop calls this once per rendezvous, before the call is performed. */
export function advanceVirtualClock(process: ProcessState): void {
  process.virtualElapsedNs += VIRTUAL_STEP_NS;
}

/** Nanoseconds of the program's time since rendezvous 0. */
export function programElapsedNs(process: ProcessState, agreed: AgreedInputs): number {
  return process.clock === 'virtual' ? process.virtualElapsedNs : agreed.elapsedNs;
}

const scratch: Instant = { seconds: 0, nanoseconds: 0 };

/**
 * What clock `id` shows; undefined for an unknown one (EINVAL). The result is reused by the next
 * call. Negative ids are CPU clocks of a process (clock_getcpuclockid(3)): only its own.
 */
export function readClock(
  id: number,
  process: ProcessState,
  elapsedNs: number,
): Instant | undefined {
  const base = baseOf(id, process);
  if (base === undefined) return undefined;
  const sum = base.nanoseconds + elapsedNs;
  scratch.seconds = base.seconds + Math.floor(sum / NS_PER_S);
  scratch.nanoseconds = sum % NS_PER_S;
  return scratch;
}

const zero: Instant = { seconds: 0, nanoseconds: 0 };
/** Bases as numbers, made once per session. */
const converted = new WeakMap<Bases, Record<'realtime' | 'monotonic' | 'boot', Instant>>();

function baseOf(id: number, process: ProcessState): Instant | undefined {
  const bases = numbersOf(process.clockBases);
  switch (id) {
    case Clock.realtime:
    case Clock.realtimeCoarse:
    case Clock.realtimeAlarm:
    case Clock.tai:
      return bases.realtime;
    case Clock.monotonic:
    case Clock.monotonicRaw:
    case Clock.monotonicCoarse:
      return bases.monotonic;
    case Clock.boottime:
    case Clock.boottimeAlarm:
      return bases.boot;
    case Clock.processCpu:
    case Clock.threadCpu:
      return zero;
    default:
      return id < 0 && isOwnCpuClock(id, process) ? zero : undefined;
  }
}

/** ~pid << 3 | type, type 2 being the scheduler's clock, +4 for a thread (posix-timers.h). */
function isOwnCpuClock(id: number, process: ProcessState): boolean {
  const pid = ~(id >> 3);
  return (id & 3) !== 3 && (pid === 0 || pid === process.pid);
}

function numbersOf(bases: Bases): Record<'realtime' | 'monotonic' | 'boot', Instant> {
  const known = converted.get(bases);
  if (known !== undefined) return known;
  const made = {
    realtime: instant(bases.realtimeNs),
    monotonic: instant(bases.monotonicNs),
    boot: instant(bases.bootNs),
  };
  converted.set(bases, made);
  return made;
}

/** Nanoseconds since the epoch as seconds and the rest. */
export function instant(ns: bigint): Instant {
  const seconds = ns / 1_000_000_000n;
  const rest = ns % 1_000_000_000n;
  return rest < 0n
    ? { seconds: Number(seconds) - 1, nanoseconds: Number(rest) + NS_PER_S }
    : { seconds: Number(seconds), nanoseconds: Number(rest) };
}
