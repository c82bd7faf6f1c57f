import type { TrialRecord } from '../../harness/types.ts';
import { readingName, readingNames } from '../readings.ts';
import { wilson, type Interval } from '../statistics/wilson.ts';
import { groupBy } from './cells.ts';
import { fateOf, fates, type Fate } from './fate.ts';

/** One kind of fault under one reading, pooled over all other factors. */
export interface Survival {
  fault: TrialRecord['fault'];
  reading: string;
  /** Trials in which the fault became visible: the denominator. */
  n: number;
  counts: Record<Fate, number>;
  /** Wilson's, 95 %, of survived / n; null for n = 0. */
  interval: Interval | null;
}

export function survivals(records: readonly TrialRecord[]): Survival[] {
  return groupBy(records, ['fault', 'policy', 'timeoutFrom']).map(({ key, records: of }) => {
    const found = of.flatMap((record) => fateOf(record) ?? []);
    const counts = Object.fromEntries(
      fates.map((fate) => [fate, found.filter((one) => one === fate).length]),
    ) as Record<Fate, number>;
    const n = found.length;
    const reading = readingName(key);
    return { fault: key.fault, reading, n, counts, interval: wilson(counts.survived, n) };
  });
}

/** Readings that occur, in their order. */
export function readingsIn(records: readonly TrialRecord[]): string[] {
  const seen = new Set(records.map((record) => readingName(record)));
  return readingNames.filter((name) => seen.has(name));
}

/** What one and the same fault became under `agreed` and under another reading. */
export interface SameFaults {
  reading: string;
  /** Faults that became visible under both. */
  n: number;
  /** Survived under `agreed` alone, and under the other alone. */
  agreedAlone: number;
  otherAlone: number;
}

/** Trials of one group have one seed. */
export function sameFaults(records: readonly TrialRecord[]): SameFaults[] {
  const groups = groupBy(records, ['seed', 'repetition']).map(
    ({ records: of }) => new Map(of.map((record) => [readingName(record), fateOf(record)])),
  );
  return readingsIn(records)
    .filter((reading) => reading !== 'agreed')
    .map((reading) => {
      const both = groups.flatMap((group) => {
        const [one, other] = [group.get('agreed') ?? null, group.get(reading) ?? null];
        return one === null || other === null
          ? []
          : [[one === 'survived', other === 'survived'] as const];
      });
      const count = (one: boolean, other: boolean): number =>
        both.filter(([a, b]) => a === one && b === other).length;
      const alone = { agreedAlone: count(true, false), otherAlone: count(false, true) };
      return { reading, n: both.length, ...alone };
    });
}
