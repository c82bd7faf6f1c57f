/**
 * A fault as data: its kind, the parameters that the kind has, when it strikes, and a seed (DESIGN.md 7).
 * What is not given is drawn from the seed by `resolve.ts`, so that a trial replays; `text.ts` reads and
 * writes the short form, with the same parameters.
 */
import * as z from 'zod';
import type { containerKinds } from './kinds/containers.ts';
import type { FaultKind, ResolvedOf, SpecOf } from './kinds/define.ts';
import { activeKind, activeKinds, type ActiveKind, type FaultKindName } from './kinds/registry.ts';
import { trigger } from './kinds/trigger.ts';

export type ActiveFault = SpecOf<ActiveKind>;
export type FaultSpec = { kind: 'none' } | ActiveFault;

export type ResolvedActive = ResolvedOf<ActiveKind>;
/** Nothing is left to draw. */
export type ResolvedFault = { kind: 'none' } | ResolvedActive;
export type ResolvedFaultOf<Kind extends FaultKindName> = Extract<ResolvedFault, { kind: Kind }>;

/** Acts on a tracer's container or its networks: only `--hosts docker` has these. */
export type ContainerFault = ResolvedOf<(typeof containerKinds)[number]>;

export class FaultSpecError extends Error {
  readonly code = 'FAULT_SPEC';
}

/** Parameters by name, whatever the kind. */
export type Values = Record<string, unknown>;

export const seedSchema = z
  .string()
  .regex(/^[0-9a-f]{1,64}$/, 'expected 1 to 64 hexadecimal digits');

/** The definition of an active fault, and the fault as values for it. */
export function definitionOf(fault: ActiveFault | ResolvedActive): [FaultKind, Values] {
  const kind = activeKind(fault.kind);
  if (kind === undefined) throw new FaultSpecError(`no fault kind '${fault.kind}'`);
  return [kind, fault];
}

/** What is hit, as the `target` column has it: `tracer:2`, `replica:2`, `link:1-2`, `nfs`. */
export function targetOf(fault: FaultSpec | ResolvedFault): string | null {
  if (fault.kind === 'none') return null;
  const [kind, values] = definitionOf(fault);
  return kind.target(values);
}

/** The replica that a correct system may lose: its own fault, or that of its tracer. */
export function faultyReplica(fault: FaultSpec | ResolvedFault): number | null {
  if (fault.kind === 'none') return null;
  const [kind, values] = definitionOf(fault);
  return kind.faulty(values);
}

/** The session process in which its injector sits. */
export function injectingReplica(fault: ResolvedActive): number {
  if ('link' in fault) return fault.link.from;
  return 'accuser' in fault ? fault.accuser : fault.replica;
}

export function needsContainers(fault: ResolvedFault): fault is ContainerFault;
export function needsContainers(fault: { kind: FaultKindName }): boolean;
export function needsContainers({ kind }: { kind: FaultKindName }): boolean {
  return activeKind(kind)?.inContainers === true;
}

/** The replica is well again after a time, and was never wrong: one that is flagged for it was only late. */
export function isFiniteDelay(fault: FaultSpec | ResolvedFault): boolean {
  return activeKind(fault.kind)?.finiteDelay === true && !provokesDispute(fault);
}

/** A wrong vote of the same part goes out first. */
export function provokesDispute(fault: FaultSpec | ResolvedFault): boolean {
  return 'phase' in fault && fault.phase === 'dispute';
}

/** How long it delays or lasts, ms; null when it does not. */
export function durationMs(fault: ResolvedFault): number | null {
  if ('delay' in fault) return fault.delay;
  return 'duration' in fault ? fault.duration : null;
}

/** What no single parameter shows to be wrong. */
export function contradiction(fault: ActiveFault): string | undefined {
  const [kind, values] = definitionOf(fault);
  return kind.contradiction?.(values);
}

const schemas = (activeKinds as unknown as readonly FaultKind[]).map((kind) => {
  const shape = Object.entries(kind.parameters).map(([name, { type, absent }]) => [
    name,
    absent === undefined ? type.schema : type.schema.default(absent),
  ]);
  return z.strictObject({
    kind: z.literal(kind.name),
    ...(Object.fromEntries(shape) as Record<string, z.ZodType>),
    at: trigger.schema.default({ type: 'drawn' }),
    seed: seedSchema.optional(),
  });
});

export const faultSpecSchema = z
  .discriminatedUnion('kind', [z.strictObject({ kind: z.literal('none') }), ...schemas])
  .superRefine((fault, context) => {
    const spec = fault as FaultSpec;
    const problem = spec.kind === 'none' ? undefined : contradiction(spec);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }) as unknown as z.ZodType<FaultSpec>;

/** Checks data from outside (JSON). Throws FaultSpecError. */
export function parseFaultData(data: unknown): FaultSpec {
  const result = faultSpecSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new FaultSpecError(
    `fault${where}: ${issue?.message ?? 'not a fault'}, got ${JSON.stringify(data)}; ` +
      `a fault looks like {"kind":"replica-kill","replica":2,"at":{"type":"rendezvous","k":50}}`,
  );
}
