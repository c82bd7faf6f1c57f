import { parseFault } from '../../faults/text.ts';
import type { FaultKindName } from '../../faults/kinds/registry.ts';
import type { TrialRecord } from '../../harness/types.ts';
import { partsOf, type Parts } from '../two-faults.ts';
import { fateOf, healthyLost } from './fate.ts';

/** What became of the service of a trial with two faults; null where the harness failed. */
export type PairFate = 'masked' | 'stopped' | 'wrong-output' | 'hang' | 'crash';
export const pairFates: readonly PairFate[] = [
  'masked',
  'stopped',
  'wrong-output',
  'hang',
  'crash',
];

export interface PairTrial {
  record: TrialRecord;
  first: FaultKindName;
  second: FaultKindName;
  /** Rendezvous between them. */
  gap: number;
  parts: Parts;
  fate: PairFate;
  /** Both became visible. */
  bothActed: boolean;
  /** Masked, but a replica without a fault is gone. */
  healthyLost: boolean;
}

/** Trials with two faults, from their records alone. */
export function pairTrials(records: readonly TrialRecord[]): PairTrial[] {
  return records.flatMap((record) => {
    const { faultSpec, second, outcome, activated } = record;
    if (second === null || outcome === 'harness-error') return [];
    const [one, other] = [parseFault(faultSpec), parseFault(second.faultSpec)];
    const parts = partsOf(one, other);
    if (one.kind === 'none' || other.kind === 'none' || parts === null) return [];
    if (one.at.type !== 'rendezvous' || other.at.type !== 'rendezvous') return [];
    return [
      {
        record,
        first: one.kind,
        second: other.kind,
        gap: other.at.k - one.at.k,
        parts,
        fate: pairFate(record),
        bothActed: activated === true && second.activated,
        healthyLost: healthyLost(record).length > 0,
      },
    ];
  });
}

function pairFate(record: TrialRecord): PairFate {
  const fate = fateOf(record);
  // A replica more or less: the service is as it should be. A fault that was not visible: so is it then.
  if (fate === null || fate === 'survived' || fate === 'healthy-lost') return 'masked';
  return fate;
}

export interface PairCell {
  first: FaultKindName;
  second: FaultKindName;
  gap: number;
  parts: Parts;
  /** Trials in which both faults became visible: what the counts are of. */
  n: number;
  counts: Record<PairFate, number>;
  /** Of the masked ones. */
  healthyLost: number;
  /** Trials in which one of the two, or neither, became visible. */
  notBoth: number;
  /** A wrong output in any trial of the cell, whatever was visible. */
  wrongAtAll: number;
}

/** In order of first appearance. */
export function pairCells(trials: readonly PairTrial[]): PairCell[] {
  const groups = new Map<string, PairTrial[]>();
  for (const trial of trials) {
    const key = [trial.first, trial.second, trial.gap, trial.parts].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()].map((all) => {
    const { first, second, gap, parts } = all[0]!;
    const both = all.filter(({ bothActed }) => bothActed);
    const of = (fate: PairFate): number => both.filter((trial) => trial.fate === fate).length;
    return {
      first,
      second,
      gap,
      parts,
      n: both.length,
      counts: Object.fromEntries(pairFates.map((fate) => [fate, of(fate)])) as Record<
        PairFate,
        number
      >,
      healthyLost: both.filter((t) => t.fate === 'masked' && t.healthyLost).length,
      notBoth: all.length - both.length,
      wrongAtAll: all.filter(({ fate }) => fate === 'wrong-output').length,
    };
  });
}
