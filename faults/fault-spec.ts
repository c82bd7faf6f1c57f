/**
 * A fault as data: kind, target, location, trigger, duration, seed (DESIGN.md 7). What is not given
 * is drawn from the seed by `resolve.ts`, so that a trial replays. `text.ts` reads and writes the
 * short form; `fault-kinds.ts` says what each kind and parameter means.
 */
import * as z from 'zod';

export const faultKindNames = [
  'none',
  'signature-bit-flip',
  'replica-kill',
  'tracer-delay',
  'false-flag-notice',
  'container-kill',
  'container-restart',
  'container-pause',
  'network-disconnect',
  'link-partition',
  'cpu-quota',
  'memory-limit',
] as const;
export type FaultKindName = (typeof faultKindNames)[number];

/** The core is written for up to 7 replicas. */
export const REPLICA_MAX = 7;
/** Bits of a signature. */
export const SIGNATURE_BITS = 64;
export const DELAY_MAX_MS = 3_600_000;

const replica = z.int().min(1).max(REPLICA_MAX);
/** Never 0: that is the exec stop, where the session is not yet started (R0). */
const rendezvous = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const milliseconds = z.int().min(1).max(DELAY_MAX_MS);

const given = z.strictObject({ type: z.literal('rendezvous'), k: rendezvous });
/** Drawn uniformly, both bounds included; without `to`: up to the last one of the golden run. */
const drawn = z.strictObject({
  type: z.literal('drawn'),
  from: rendezvous.optional(),
  to: rendezvous.optional(),
});
const range = z.strictObject({ fromMs: milliseconds, toMs: milliseconds });
const tracer = z.strictObject({ type: z.literal('tracer'), replica });
const process = z.strictObject({ type: z.enum(['replica', 'tracer']), replica });
/** One direction of the connection between two tracers. */
const link = z.strictObject({ type: z.literal('link'), from: replica, to: replica });
const container = z.strictObject({ type: z.literal('container'), replica });
const nfs = z.strictObject({ type: z.literal('nfs'), accuser: replica });

const seed = z
  .string()
  .regex(/^[0-9a-f]{1,64}$/, 'expected 1 to 64 hexadecimal digits')
  .optional();
const drawnTrigger = z.union([given, drawn]);
const none = z.strictObject({ kind: z.literal('none') });

export const faultSpecSchema = z
  .discriminatedUnion('kind', [
    none,
    z.strictObject({
      kind: z.literal('signature-bit-flip'),
      target: z.union([tracer, link]),
      /** Bit of the 64-bit signature, 0 the least significant. */
      location: z.strictObject({ bit: z.union([z.int().min(0).max(63), z.literal('drawn')]) }),
      trigger: drawnTrigger,
      seed,
    }),
    z.strictObject({
      kind: z.literal('replica-kill'),
      target: process,
      trigger: drawnTrigger,
      seed,
    }),
    z.strictObject({
      kind: z.literal('tracer-delay'),
      target: tracer,
      trigger: drawnTrigger,
      /** Milliseconds; a range is drawn log-uniformly, since delays span orders of magnitude. */
      duration: z.union([milliseconds, range]),
      seed,
    }),
    z.strictObject({
      kind: z.literal('false-flag-notice'),
      target: nfs,
      accused: replica,
      trigger: drawnTrigger,
      seed,
    }),
    z.strictObject({
      kind: z.enum(['container-kill', 'container-restart', 'memory-limit']),
      target: container,
      trigger: drawnTrigger,
      seed,
    }),
    z.strictObject({
      kind: z.enum(['container-pause', 'network-disconnect']),
      target: container,
      trigger: drawnTrigger,
      duration: milliseconds,
      seed,
    }),
    z.strictObject({
      kind: z.literal('cpu-quota'),
      target: container,
      /** Of one CPU. */
      percent: z.int().min(1).max(100),
      trigger: drawnTrigger,
      duration: milliseconds,
      seed,
    }),
    z.strictObject({
      /** Both directions. */
      kind: z.literal('link-partition'),
      target: link,
      trigger: drawnTrigger,
      duration: milliseconds,
      seed,
    }),
  ])
  .superRefine((spec, context) => {
    const problem = contradiction(spec);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

export type FaultSpec = z.infer<typeof faultSpecSchema>;
export type Trigger = z.infer<typeof drawnTrigger>;

type Resolved<Spec> = Spec extends { trigger: unknown }
  ? Omit<Spec, 'trigger' | 'location' | 'duration'> & {
      trigger: z.infer<typeof given>;
    } & (Spec extends {
        location: unknown;
      }
        ? { location: { bit: number } }
        : unknown) &
      (Spec extends { duration: unknown } ? { duration: number } : unknown)
  : Spec;

/** Nothing is left to draw. */
export type ResolvedFault = Resolved<FaultSpec>;
export type ResolvedFaultOf<Kind extends FaultKindName> = Extract<ResolvedFault, { kind: Kind }>;

export const containerFaultKinds = [
  'container-kill',
  'container-restart',
  'container-pause',
  'network-disconnect',
  'link-partition',
  'cpu-quota',
  'memory-limit',
] as const satisfies readonly FaultKindName[];
/** Acts on a tracer's container or its networks: only `--hosts docker` has these. */
export type ContainerFault = Extract<ResolvedFault, { kind: (typeof containerFaultKinds)[number] }>;

export function needsContainers(fault: ResolvedFault): fault is ContainerFault;
export function needsContainers(fault: { kind: FaultKindName }): boolean;
export function needsContainers({ kind }: { kind: FaultKindName }): boolean {
  return (containerFaultKinds as readonly FaultKindName[]).includes(kind);
}

/**
 * The replica stands still or crawls for a finite time and is well again: one that is flagged for it was
 * only late (the paper's "mistakenly flagged").
 */
export function isFiniteDelay(kind: FaultKindName): boolean {
  return kind === 'tracer-delay' || kind === 'container-pause' || kind === 'cpu-quota';
}

export class FaultSpecError extends Error {
  readonly code = 'FAULT_SPEC';
}

/** Checks data from outside (JSON). Throws FaultSpecError. */
export function parseFaultData(data: unknown): FaultSpec {
  const result = faultSpecSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new FaultSpecError(
    `fault${where}: ${issue?.message ?? 'not a fault'}, got ${JSON.stringify(data)}; ` +
      `a fault looks like {"kind":"replica-kill","target":{"type":"tracer","replica":2},` +
      `"trigger":{"type":"rendezvous","k":50}}`,
  );
}

/** What is hit, as the `target` column has it: `tracer:2`, `replica:2`, `link:1-2`, `nfs`. */
export function targetOf(spec: FaultSpec | ResolvedFault): string | null {
  if (spec.kind === 'none') return null;
  const { target } = spec;
  switch (target.type) {
    case 'link':
      return `link:${target.from}-${target.to}`;
    case 'nfs':
      return 'nfs';
    default:
      return `${target.type}:${target.replica}`;
  }
}

/** The replica that a correct system may lose: its own fault, or that of its tracer. */
export function faultyReplica(spec: FaultSpec | ResolvedFault): number | null {
  if (spec.kind === 'none' || spec.target.type === 'link') return null;
  return spec.target.type === 'nfs' ? spec.target.accuser : spec.target.replica;
}

/** What no single field shows to be wrong. */
export function contradiction(spec: FaultSpec): string | undefined {
  if (spec.kind === 'none') return undefined;
  const { trigger } = spec;
  if (trigger.type === 'drawn' && trigger.to !== undefined && trigger.to < (trigger.from ?? 1)) {
    return `at: expected a range that goes up, got ${trigger.from ?? 1}..${trigger.to}`;
  }
  if (spec.kind === 'tracer-delay' && typeof spec.duration === 'object') {
    const { fromMs, toMs } = spec.duration;
    if (toMs < fromMs) return `delay: expected a range that goes up, got ${fromMs}ms..${toMs}ms`;
  }
  if (spec.kind !== 'false-flag-notice' && spec.target.type === 'link') {
    const { from, to } = spec.target;
    if (from === to)
      return `${spec.kind === 'signature-bit-flip' ? 'where' : 'link'}: a link joins two tracers, got link:${from}-${to}`;
    // Both directions are one fault, which has one text and one name in the target column.
    if (spec.kind === 'link-partition' && from > to) {
      return `link: expected the smaller number first, got ${from}-${to}`;
    }
  }
  if (spec.kind === 'false-flag-notice' && spec.target.accuser === spec.accused) {
    return `accused: expected another replica than the accuser, got ${spec.accused} for both`;
  }
  return undefined;
}
