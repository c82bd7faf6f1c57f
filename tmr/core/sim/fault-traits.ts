/** What may come of a fault under `agreed`: who is faulty, and whether it must be flagged. */
import type { ReplicaId } from '../types.ts';
import type { AtReplica, Fault, InPhase } from './faults.ts';
import type { Scenario } from './trio.ts';

export interface FaultTraits {
  /** The replica (with its tracer and its links to the services) that is not healthy. */
  faulty: ReplicaId | undefined;
  /** `must` holds where the fault reaches a call that is still voted on. */
  flag: 'must' | 'may' | 'never';
}

const nobody: FaultTraits = { faulty: undefined, flag: 'never' };

/**
 * Of all faults of a scenario, which must lie in one part: one replica with its tracer, or one link.
 * @throws Error when two replicas are faulty: that is no single fault.
 */
export const traitsOfAll = (scenario: Scenario): FaultTraits => {
  const [first, ...more] = scenario.faults;
  if (first === undefined) return nobody;
  if (more.length === 0) return traitsOf(first, scenario);
  const targets = new Set(
    scenario.faults.flatMap((fault) => ('target' in fault ? [fault.target] : [])),
  );
  if (targets.size > 1) throw new Error(`two faulty replicas: ${[...targets].join()}`);
  // What it does while a wrong vote of its own is in dispute comes too late to hide that vote.
  if (more.every((fault) => 'phase' in fault && fault.phase === 'disputing')) {
    const traits = traitsOf(first, scenario);
    if (traits.flag === 'must') return traits;
  }
  // Delays that are harmless one by one may add up, and one fault may keep another from happening.
  const [faulty] = targets;
  return { faulty, flag: faulty === undefined ? 'never' : 'may' };
};

const traitsOf = (fault: Fault, scenario: Scenario): FaultTraits => {
  const last = scenario.program.length - 1;
  switch (fault.kind) {
    case 'none':
    case 'signature-on-link':
    case 'inputs-on-link':
    case 'vote-lost':
    case 'link-reset':
    case 'link-dead':
    case 'link-slow':
    case 'swarm-on-link':
      return nobody;
    case 'inputs-at-sender':
    case 'false-notice':
      return { faulty: fault.target, flag: 'never' };
    case 'signature-at-sender':
    case 'replica-wrong':
    case 'early-wrong':
      return fault.at <= last ? { faulty: fault.target, flag: 'must' } : nobody;
    case 'wrong-seal':
      if (fault.at > last) return nobody;
      return { faulty: fault.target, flag: fault.other === 'good' ? 'may' : 'must' };
    case 'rogue':
      if (fault.at > last) return nobody;
      return { faulty: fault.target, flag: fault.wrong ? 'must' : 'may' };
    case 'tracer-crash':
    case 'tracer-restart':
    case 'replica-kill':
      return { faulty: fault.target, flag: isCertainlyMissed(fault, scenario) ? 'must' : 'may' };
    // The end of that connection may be heard of only after the last vote.
    case 'service-link-lost':
    case 'request-corrupted':
    case 'output-corrupted':
    case 'two-faced':
    case 'forged-relays':
    case 'swarm-of-replica':
      return { faulty: fault.target, flag: 'may' };
    case 'replica-slow':
      return fault.delayNs <= harmlessDelayNs(scenario)
        ? nobody
        : { faulty: fault.target, flag: 'may' };
    case 'tracer-stopped':
      return fault.durationNs <= harmlessDelayNs(scenario)
        ? nobody
        : { faulty: fault.target, flag: 'may' };
  }
};

/** It is gone before the last vote: the phase comes in every session, and at its own pace. */
const isCertainlyMissed = (fault: InPhase & AtReplica, scenario: Scenario): boolean =>
  fault.at < scenario.program.length - 1 &&
  fault.phase !== 'asking' &&
  fault.phase !== 'disputing' &&
  fault.seenBy === undefined &&
  !needsCall(fault, scenario);

/** The phase `requested` comes only at a call to a service: perhaps late, perhaps never. */
const needsCall = (fault: { phase: string; at: number }, { program }: Scenario): boolean =>
  fault.phase === 'requested' &&
  !program
    .slice(fault.at, -1)
    .some((step) => step !== 'local' && step !== 'clock' && step !== 'exec');

/** Skews of a scenario, with what messages and services add (protocol.md 1: S + d < T). */
export const harmlessDelayNs = (scenario: Scenario): number => {
  const skewNs = Math.max(0, ...scenario.skewsNs.flat());
  return scenario.timeoutNs - skewNs - 5 * scenario.linkDelayNs - 2 * scenario.tickNs;
};
