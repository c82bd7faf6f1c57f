/**
 * Checks of what daemons and the monitor receive as JSON. Only asynchronous processes import this:
 * a session process gets a plan that its daemon has checked already, and starts faster without zod.
 */
import * as z from 'zod';
import { isModulus, MODULUS_FACTOR_MAX } from '../core/seal.ts';
import type { FromDaemon, ToDaemon } from './control-codec.ts';
import { DURATION_MAX_MS } from './session-plan.ts';
import type { SessionPlan } from './session-plan.ts';

const uint32 = z.int().min(0).max(0xffff_ffff);
/** Of a seal (`tmr/core/seal.ts`). */
const prime = z.int().min(2).max(MODULUS_FACTOR_MAX);
const modulus = z.int().refine(isModulus, 'expected a modulus of 2^49 to 2^50');
const port = z.int().min(0).max(65535);
const milliseconds = z.number().min(0).max(DURATION_MAX_MS);
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'expected base64');
const decimal = z.string().regex(/^[0-9]{1,20}$/, 'expected nanoseconds as decimal digits');
const absolutePath = z.string().startsWith('/', 'expected an absolute path');

export const sessionId = z
  .string()
  .regex(/^[0-9a-z-]{1,64}$/, 'expected a session id of 1 to 64 of the characters 0-9 a-z -');

export const address = z.strictObject({ host: z.string().min(1).max(255), port });

/** A number that JSON may have lost to null (NaN) is refused, as is a negative one. */
const size = z.number().min(0);

export const standardStream = z.strictObject({
  kind: z.enum(['file', 'pipe', 'tty', 'null', 'socket', 'closed']),
  flags: uint32,
  stat: z.strictObject({
    mode: uint32,
    size,
    ino: size,
    dev: size,
    rdev: size,
    uid: uint32,
    gid: uint32,
    nlink: size,
    blksize: size,
    blocks: size,
    atimeNs: z.number(),
    mtimeNs: z.number(),
    ctimeNs: z.number(),
  }),
  offset: size,
  termios: base64.optional(),
  winsize: base64.optional(),
  ttyName: absolutePath.optional(),
  shared: z.int().min(0),
});

export const volume = z.strictObject({
  subtree: absolutePath,
  path: absolutePath,
  access: z.enum(['rw', 'ro']),
  consistency: z.enum(['session', 'close-to-open']),
});

export const sessionSettings = z.strictObject({
  replicas: z.int().min(1).max(7),
  timeoutMs: z.number().min(20).max(DURATION_MAX_MS),
  timeoutFrom: z.enum(['quorum', 'first', 'own']),
  detect: z.enum(['any', 'timeout-only']),
  policy: z.enum(['agreed', 'paper']),
  linkDelayMs: milliseconds,
  askDelayMs: milliseconds,
  startTimeoutMs: milliseconds,
  serviceTimeoutMs: milliseconds,
  tsc: z.enum(['auto', 'trap', 'native']),
  clock: z.enum(['real', 'virtual']),
  seed: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  seedGiven: z.boolean(),
  strictCalls: z.boolean(),
  caches: z.boolean(),
  placement: z.enum(['auto', 'pair', 'rotate', 'none']),
  interpose: z.strictObject({ module: absolutePath, options: z.unknown() }).optional(),
});

const limit = z.union([size, z.literal('infinity')]);

export const program = z.strictObject({
  file: absolutePath,
  typed: z.string().min(1).max(4096).optional(),
  argsBase64: z.array(base64).min(1, 'expected argv[0] at least'),
  envBase64: z.array(base64),
  cwd: absolutePath,
  umask: z.int().min(0).max(0o777),
  uid: uint32,
  gid: uint32,
  groups: z.array(uint32).max(65536),
  rlimits: z.array(z.strictObject({ resource: z.int().min(0).max(15), soft: limit, hard: limit })),
  hostName: z.string().max(64),
});

const anySessionPlan = z.strictObject({
  session: sessionId,
  replica: z.int().min(1).max(7),
  program,
  settings: sessionSettings,
  sealKeys: z.strictObject({
    own: z.tuple([prime, prime]),
    moduli: z.array(modulus).min(1).max(7),
  }),
  clockBases: z.strictObject({ realtimeNs: decimal, monotonicNs: decimal, bootNs: decimal }),
  streams: z.tuple([standardStream, standardStream, standardStream]),
  volumes: z.array(volume).min(1).max(64),
  monitor: address,
  nfs: address,
  listen: address,
});

export const sessionPlan = anySessionPlan.superRefine(
  ({ replica, settings, sealKeys }, context) => {
    const { own, moduli } = sealKeys;
    const path = ['sealKeys', 'moduli'];
    if (moduli.length !== settings.replicas) {
      const message = `expected one of each of ${settings.replicas} replicas, got ${moduli.length}`;
      context.addIssue({ code: 'custom', path, message });
    } else if (own[0] * own[1] !== moduli[replica - 1]) {
      const message = `expected the product of own for replica ${replica}, got ${moduli[replica - 1]}`;
      context.addIssue({ code: 'custom', path: [...path, replica - 1], message });
    }
  },
);

export const toDaemon = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), plan: sessionPlan }),
  z.strictObject({ type: z.literal('stop'), session: sessionId }),
  z.strictObject({ type: z.literal('status') }),
  z.strictObject({ type: z.literal('clock') }),
]);

export const fromDaemon = z.discriminatedUnion('type', [
  z.object({ type: z.literal('starting'), pid: uint32, trapsTsc: z.boolean() }),
  z.object({ type: z.literal('refused'), reason: z.string(), code: z.string() }),
  z.object({
    type: z.literal('ended'),
    session: z.string(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
  z.object({
    type: z.literal('status'),
    version: z.string(),
    maxSessions: z.int(),
    idle: z.int(),
    sessions: z.array(
      z.object({
        session: z.string(),
        replica: z.int(),
        pid: uint32,
        address: address.optional(),
      }),
    ),
  }),
  z.object({ type: z.literal('clock'), tNs: z.number().min(0), clockId: z.string().max(256) }),
]);

/** What arrived is not what the schema says; the message names each field. */
export class SchemaError extends Error {
  readonly code = 'SCHEMA';
}

/** A request from a monitor. Throws SchemaError that names the fields that are wrong. */
export function parseToDaemon(json: unknown): ToDaemon {
  return parse(toDaemon, json, 'a request of a monitor') as ToDaemon;
}

export function parseFromDaemon(json: unknown): FromDaemon {
  return parse(fromDaemon, json, 'an answer of a tracer daemon') as FromDaemon;
}

export function parseSessionPlan(json: unknown): SessionPlan {
  return parse(sessionPlan, json, 'a session plan') as SessionPlan;
}

/** Parses by a schema, or throws SchemaError `expected WHAT, but FIELD: ...`. */
export function parse<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  throw new SchemaError(`expected ${what}, but ${issues.join('; ')}`);
}
