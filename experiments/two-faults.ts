/** Two faults of one trial: which parts they hit, and which pairs say nothing about P6. */
import {
  faultyReplica,
  parseFaultData,
  type ActiveFault,
  type FaultSpec,
} from '../faults/fault-spec.ts';
import type { FaultKindName } from '../faults/kinds/registry.ts';
import { faultModel, type DrawOptions } from './fault-models.ts';
import type { Random } from './statistics/random.ts';

/**
 * `same`: one faulty part explains both faults, a replica with its tracer, that and one of its links, or one
 * link. `different`: two replicas, a replica and the link of the two others, or two links (which always have
 * a tracer in common).
 */
export type Parts = 'different' | 'same';
export const partsValues: readonly Parts[] = ['different', 'same'];
export const partsInWords = { different: 'different parts', same: 'the same part' } as const;

export interface PairOfKinds {
  first: FaultKindName;
  second: FaultKindName;
  /** Rendezvous from the first to the second. */
  gap: number;
  parts: Parts;
}

export interface FaultPair {
  fault: ActiveFault;
  secondFault: ActiveFault;
}

/** The first strikes in this part of the program's rendezvous, so that the second still comes. */
const FIRST_WITHIN = 0.5;
/** Each draw fits with a chance of about a tenth at least. */
const DRAWS_MAX = 10_000;

/** Draws both kinds until the parts are as asked and their wrong values differ. */
export function drawPair(pair: PairOfKinds, source: Random, options: DrawOptions): FaultPair {
  const [one, other] = [pair.first, pair.second].map((kind) => {
    const model = faultModel(kind);
    if (model === undefined) throw new Error(`no fault model named '${kind}'`);
    return model;
  });
  const first = { type: 'fraction' as const, fraction: source.fraction() * FIRST_WITHIN };
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const fault = placed(one!.draw(source, options), first);
    const after = { type: 'after' as const, rendezvous: pair.gap };
    const secondFault = placed(other!.draw(source, options), after);
    if (partsOf(fault, secondFault) !== pair.parts) continue;
    if (wrongValue(fault) !== null && wrongValue(fault) === wrongValue(secondFault)) continue;
    return { fault, secondFault };
  }
  throw new Error(
    `no ${pair.first} and ${pair.second} in ${partsInWords[pair.parts]} can be drawn`,
  );
}

/** Null where a fault is none. */
export function partsOf(first: FaultSpec, second: FaultSpec): Parts | null {
  const [one, other] = [tracersOf(first), tracersOf(second)];
  if (one.length === 0 || other.length === 0) return null;
  const [few, many] = one.length < other.length ? [one, other] : [other, one];
  return few.every((tracer) => many.includes(tracer)) ? 'same' : 'different';
}

/**
 * Both would cast the same wrong vote, which P6 excepts: these two kinds vote for a call that no program
 * makes, the early one for one rendezvous, the rogue for the next 64.
 */
export function castsSameVote({ first, second, gap, parts }: PairOfKinds): boolean {
  if (parts === 'same' || ![first, second].every((kind) => foreignVotes.has(kind))) return false;
  return gap === 0 || (first === 'rogue-tracer' && gap < ROGUE_VOTES);
}

const foreignVotes = new Set<FaultKindName>(['early-vote', 'rogue-tracer']);
const ROGUE_VOTES = 64;

/** The replica that is at fault, or both ends of the link. */
function tracersOf(fault: FaultSpec): number[] {
  if ('link' in fault) return [fault.link.from, fault.link.to];
  const replica = faultyReplica(fault);
  return replica === null ? [] : [replica];
}

/** Bit or offset: equal ones could make equal wrong votes, requests, outputs or clocks. */
function wrongValue(fault: ActiveFault): number | string | null {
  if ('offset' in fault) return fault.offset;
  return 'bit' in fault ? fault.bit : null;
}

function placed(fault: FaultSpec, at: ActiveFault['at']): ActiveFault {
  const data = parseFaultData({ ...fault, at });
  if (data.kind === 'none') throw new Error('expected two faults, got none');
  return data;
}
