/**
 * Monitor to tracer daemon, after HELLO with role `monitor`: one JSON text in an XDR opaque per
 * frame. START and STATUS are rare and large, so they are not worth a binary form. `schema.ts`
 * checks what a daemon receives.
 */
import type { Address } from './messages.ts';
import type { SessionPlan } from './session-plan.ts';
import { readJson, writeJson } from './union.ts';
import { XdrReader } from './xdr.ts';
import type { XdrWriter } from './xdr.ts';

/** Longest control body, bytes: arguments and environment of a program (ARG_MAX is 2 MiB). */
const CONTROL_MAX = 4 * 1024 * 1024 - 64;

export type ToDaemon =
  /** Run this replica of a session. Answered by `starting` or `refused`. */
  | { type: 'start'; plan: SessionPlan }
  /** End a session's process, however it stands. */
  | { type: 'stop'; session: string }
  | { type: 'status' }
  /** Answered by `clock` at once. */
  | { type: 'clock' };

export type FromDaemon =
  /**
   * A session process has the plan and will dial the monitor. `trapsTsc` is false where the machine takes
   * the request to trap rdtsc and traps nothing, and true where nobody wanted it.
   */
  | { type: 'starting'; pid: number; trapsTsc: boolean }
  /** `code`: `busy`, `plan`, `failed`... ; `reason` says what was expected and what to do. */
  | { type: 'refused'; reason: string; code: string }
  /** The session process has left; `code` is its exit status or null, `signal` what ended it. */
  | { type: 'ended'; session: string; code: number | null; signal: string | null }
  | {
      type: 'status';
      version: string;
      maxSessions: number;
      idle: number;
      sessions: { session: string; replica: number; pid: number; address?: Address }[];
    }
  /** The daemon's CLOCK_MONOTONIC now, and which clock that is (`clockIdentity`). */
  | { type: 'clock'; tNs: number; clockId: string };

export function encodeControl(writer: XdrWriter, message: ToDaemon | FromDaemon): void {
  writeJson(writer, message);
}

/** What a frame holds, not yet checked beyond being JSON. */
export function decodeControl(body: Buffer): unknown {
  const reader = new XdrReader(body);
  const json = readJson(reader, CONTROL_MAX);
  reader.end();
  return json;
}
