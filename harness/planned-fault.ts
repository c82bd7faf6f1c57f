/** From the fault of a plan, whose place is a fraction of the golden run, to one that can strike. */
import type { ResolvedFault } from '../faults/fault-spec.ts';
import type { PlannedFault, PlannedTrigger } from './types.ts';

/** `rendezvous`: those of the golden run, the exec stop included. Never strikes at the exec stop. */
export function resolvePlanned(
  planned: PlannedFault,
  rendezvous: number,
  seed: string,
): ResolvedFault {
  if (planned.kind === 'none') return { kind: 'none' };
  const common = {
    trigger: { type: 'rendezvous' as const, k: rendezvousOf(planned.trigger, rendezvous) },
    seed,
  };
  switch (planned.kind) {
    case 'signature-bit-flip': {
      const { kind, replica, link, bit } = planned;
      const target =
        link === 'sender'
          ? { type: 'tracer' as const, replica }
          : { type: 'link' as const, from: replica, to: link };
      return { kind, target, location: { bit }, ...common };
    }
    case 'replica-kill':
      return {
        kind: planned.kind,
        target: { type: planned.victim, replica: planned.replica },
        ...common,
      };
    case 'tracer-delay':
      return {
        kind: planned.kind,
        target: { type: 'tracer', replica: planned.replica },
        duration: planned.delayMs,
        ...common,
      };
    case 'false-flag-notice':
      return {
        kind: planned.kind,
        target: { type: 'nfs', accuser: planned.replica },
        accused: planned.accused,
        ...common,
      };
    case 'link-partition': {
      const target = { type: 'link' as const, from: planned.replica, to: planned.peer };
      return { kind: planned.kind, target, duration: planned.durationMs, ...common };
    }
    case 'container-pause':
    case 'network-disconnect':
      return {
        kind: planned.kind,
        target: container(planned),
        duration: planned.durationMs,
        ...common,
      };
    case 'cpu-quota': {
      const { kind, percent, durationMs } = planned;
      return { kind, target: container(planned), percent, duration: durationMs, ...common };
    }
    default:
      return { kind: planned.kind, target: container(planned), ...common };
  }
}

function container({ replica }: { replica: number }): { type: 'container'; replica: number } {
  return { type: 'container', replica };
}

function rendezvousOf(trigger: PlannedTrigger, rendezvous: number): number {
  if (trigger.type === 'rendezvous') return trigger.k;
  return 1 + Math.floor(trigger.fraction * Math.max(0, rendezvous - 1));
}
