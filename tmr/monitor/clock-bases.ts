/** The clocks at launch, from which the program's time is counted (R0, R8). */
import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import type { SessionPlan } from '../wire/session-plan.ts';
import type { NativeDescriptors } from './native.ts';

const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;

export function clockBases(native: NativeDescriptors): SessionPlan['clockBases'] {
  const monotonicNs = hrtime.bigint();
  return {
    realtimeNs: String(native.clockNs?.(CLOCK_REALTIME) ?? realtimeNs(monotonicNs)),
    monotonicNs: String(monotonicNs),
    bootNs: String(native.clockNs?.(CLOCK_BOOTTIME) ?? uptimeNs()),
  };
}

/** Milliseconds of the system's clock, and below them something that moves. */
function realtimeNs(monotonicNs: bigint): bigint {
  return BigInt(Date.now()) * 1_000_000n + (monotonicNs % 1_000_000n);
}

function uptimeNs(): bigint {
  const [seconds] = readFileSync('/proc/uptime', 'latin1').split(' ');
  return BigInt(Math.round(Number(seconds) * 1e9));
}
