/** Draws what a fault leaves open, from its seed alone: equal seeds give equal faults. */
import { drawFrom } from './draw.ts';
import {
  definitionOf,
  FaultSpecError,
  type FaultSpec,
  type ResolvedFault,
  type Values,
} from './fault-spec.ts';
import { drawTrigger, trigger, type TriggerBounds } from './kinds/trigger.ts';
import { formatFault } from './text.ts';

export interface DrawBounds extends TriggerBounds {
  /** Used when the fault has no seed of its own. */
  seed: string;
}

/** Each value has a generator of its own, so that giving one does not change another. */
export function resolveFault(fault: FaultSpec, bounds: DrawBounds): ResolvedFault {
  if (fault.kind === 'none') return fault;
  const [kind, given] = definitionOf(fault);
  const seed = fault.seed ?? bounds.seed;
  const values: Values = { kind: fault.kind };
  for (const [name, { type }] of Object.entries(kind.parameters)) {
    values[name] = type.draw(given[name], drawFrom(seed, name));
  }
  values['at'] = drawTrigger(fault.at, drawFrom(seed, 'rendezvous'), bounds);
  values['seed'] = seed;
  return values as ResolvedFault;
}

/** The fault itself when nothing is left to draw. Throws FaultSpecError. */
export function requireResolved(fault: FaultSpec): ResolvedFault {
  if (fault.kind === 'none') return fault;
  const [kind, values] = definitionOf(fault);
  const open = Object.entries(kind.parameters)
    .filter(([name, { type }]) => type.isOpen(values[name]))
    .map(([name]) => name);
  if (trigger.isOpen(fault.at)) open.push('at');
  if (open.length === 0) return fault as ResolvedFault;
  throw new FaultSpecError(
    `expected a fault with nothing left to draw, got ${formatFault(fault)}; give one value of ${open.join(', ')}`,
  );
}
