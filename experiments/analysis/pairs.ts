import type { HostsName, TrialRecord } from '../../harness/types.ts';

/** The same trial, same seed, on two kinds of hosts. */
export interface Pair {
  first: TrialRecord;
  second: TrialRecord;
}

/** Pairs in the order of their first members; trials without a partner are left out. */
export function pairByHosts(
  records: readonly TrialRecord[],
  [one, other]: readonly [HostsName, HostsName],
): Pair[] {
  const partners = new Map(
    records.filter(({ hosts }) => hosts === other).map((record) => [keyOf(record), record]),
  );
  return records
    .filter(({ hosts }) => hosts === one)
    .flatMap((first) => {
      const second = partners.get(keyOf(first));
      return second === undefined ? [] : [{ first, second }];
    });
}

/** A replay has the seed of its trial, hence the repetition too. */
function keyOf({ seed, repetition }: TrialRecord): string {
  return `${seed} ${repetition}`;
}
