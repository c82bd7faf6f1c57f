/** What may come of a fault under `agreed`: who is faulty, and whether it must be flagged. */
import type { ReplicaId } from '../types.ts';
import type { Fault } from './faults.ts';
import type { Scenario } from './trio.ts';

export interface FaultTraits {
  /** The replica (with its tracer and its links to the services) that is not healthy. */
  faulty: ReplicaId | undefined;
  /** `must` holds where the fault reaches a call that is still voted on. */
  flag: 'must' | 'may' | 'never';
}

const nobody: FaultTraits = { faulty: undefined, flag: 'never' };

export const traitsOf = (fault: Fault, scenario: Scenario): FaultTraits => {
  const last = scenario.program.length - 1;
  switch (fault.kind) {
    case 'none':
    case 'signature-on-link':
    case 'inputs-on-link':
    case 'vote-lost':
    case 'link-reset':
    case 'link-dead':
      return nobody;
    case 'inputs-at-sender':
    case 'false-notice':
    case 'output-corrupted':
      return { faulty: fault.target, flag: 'never' };
    case 'signature-at-sender':
    case 'replica-wrong':
    case 'early-wrong':
    case 'rogue':
      return fault.at <= last ? { faulty: fault.target, flag: 'must' } : nobody;
    case 'tracer-crash':
    case 'replica-kill':
      return {
        faulty: fault.target,
        flag:
          fault.at < last && fault.phase !== 'disputing' && !needsCall(fault, scenario)
            ? 'must'
            : 'may',
      };
    case 'service-link-lost':
      return { faulty: fault.target, flag: fault.at < last ? 'must' : 'may' };
    case 'request-corrupted':
    case 'two-faced':
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
