/**
 * tmr's own program, 0x20746D72 version 1, on the NFS server's port.
 *
 * HELLO is called twice: step 1 carries `encodeHello` bytes (tmr/wire/hello.ts) and is answered by
 * the welcome; step 2 carries the proof, and from a monitor the session's configuration as JSON.
 */
import type { Policy, Detect, ReplicaId } from '../../core/types.ts';
import type { Volume } from '../../wire/session-plan.ts';
import { XdrError } from '../../wire/xdr.ts';
import type { Codec, Procedure } from './codec.ts';
import { tmrProcedure } from './constants.ts';

export const HELLO_BODY_MAX = 1024;
export const CONFIG_MAX = 65536;
export const STATUS_MAX = 65536;
export const MECHANISM_MAX = 32;
export const CLOCK_ID_MAX = 256;

/** What the monitor opens a session with. */
export interface SessionConfig {
  /** Replicas started. */
  replicas: number;
  policy: Policy;
  detect: Detect;
  volumes: Volume[];
}

export type HelloArgs =
  | { step: 1; body: Buffer }
  /** `config` is JSON of SessionConfig from a monitor, empty from a tracer. */
  | { step: 2; body: Buffer; config: Buffer };
/** On success of step 1 `welcome` is the welcome record, of step 2 it is empty. */
export type HelloResult = { ok: true; welcome: Buffer } | { ok: false; reason: string };

export const hello: Procedure<HelloArgs, HelloResult> = {
  number: tmrProcedure.HELLO,
  args: {
    write(writer, value) {
      writer.u32(value.step).opaque(value.body);
      if (value.step === 2) writer.opaque(value.config);
    },
    read(reader) {
      const step = reader.u32();
      const body = reader.opaque(HELLO_BODY_MAX);
      if (step === 1) return { step, body };
      if (step === 2) return { step, body, config: reader.opaque(CONFIG_MAX) };
      throw new XdrError(`expected HELLO step 1 or 2, got ${step}`);
    },
  },
  result: {
    write(writer, value) {
      if (value.ok) writer.u32(0).opaque(value.welcome);
      else writer.u32(1).string(value.reason.slice(0, 800));
    },
    read: (reader) =>
      reader.u32() === 0
        ? { ok: true, welcome: reader.opaque(HELLO_BODY_MAX) }
        : { ok: false, reason: reader.string(HELLO_BODY_MAX) },
  },
};

export interface FlagArgs {
  accused: ReplicaId;
  stream: number;
  /** Rendezvous number. */
  k: number;
  mechanism: string;
}
/** `counted`: the accused is out now, by this notice or by earlier ones. */
export type FlagResult = { ok: true; counted: boolean } | { ok: false; reason: string };

export const flag: Procedure<FlagArgs, FlagResult> = {
  number: tmrProcedure.FLAG,
  args: {
    write: (writer, value) =>
      void writer.u32(value.accused).u32(value.stream).u64(value.k).string(value.mechanism),
    read: (reader) => ({
      accused: reader.u32(),
      stream: reader.u32(),
      k: reader.u64(),
      mechanism: reader.string(MECHANISM_MAX),
    }),
  },
  result: {
    write(writer, value) {
      if (value.ok) writer.u32(0).bool(value.counted);
      else writer.u32(1).string(value.reason.slice(0, 800));
    },
    read: (reader) =>
      reader.u32() === 0
        ? { ok: true, counted: reader.bool() }
        : { ok: false, reason: reader.string(HELLO_BODY_MAX) },
  },
};

const nobody: Codec<void> = { write: () => undefined, read: () => undefined };
export const bye: Procedure<void, void> = {
  number: tmrProcedure.BYE,
  args: nobody,
  result: nobody,
};

/** A notice as it arrived; `tNs` is the server's CLOCK_MONOTONIC. */
export interface Notice {
  accuser: ReplicaId;
  accused: ReplicaId;
  /** It took part in a flag. */
  counted: boolean;
  tNs: number;
  /** One of core's `Mechanism`, as its sender wrote it. */
  mechanism: string;
  stream: number;
  k: number;
}

/** State of a session, as STATUS tells it. Times are the server's CLOCK_MONOTONIC in ns. */
export interface SessionStatus {
  /** Grows with every change; from 1. */
  version: number;
  state: 'open' | 'ended' | 'stopped';
  reason?: string;
  replicas: number;
  notices: Notice[];
  flags: { accused: ReplicaId; tIsolatedNs: number }[];
  /** Requests that were outvoted at a slot. */
  digestFaults: { replica: ReplicaId; stream: number; counter: number; tNs: number }[];
  volumeChangedOutside?: string[];
}

export interface StatusArgs {
  /** Answered when the state's version is above this one. */
  since: number;
}
/** JSON of SessionStatus. */
export const status: Procedure<StatusArgs, SessionStatus> = {
  number: tmrProcedure.STATUS,
  args: {
    write: (writer, value) => void writer.u32(value.since),
    read: (reader) => ({ since: reader.u32() }),
  },
  result: {
    write: (writer, value) => void writer.string(JSON.stringify(value)),
    read: (reader) => JSON.parse(reader.string(STATUS_MAX)) as SessionStatus,
  },
};

/** The server's CLOCK_MONOTONIC now, and which clock that is (tmr/wire/clock-identity.ts). */
export interface ClockResult {
  tNs: number;
  clockId: string;
}
export const clock: Procedure<void, ClockResult> = {
  number: tmrProcedure.CLOCK,
  args: nobody,
  result: {
    write: (writer, value) => void writer.u64(value.tNs).string(value.clockId),
    read: (reader) => ({ tNs: reader.u64(), clockId: reader.string(CLOCK_ID_MAX) }),
  },
};
