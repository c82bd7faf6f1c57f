import type { TrialRecord } from '../../harness/types.ts';

/** The factors whose combination makes a cell; repetitions differ in seed only. */
export const cellKeys = [
  'workload',
  'fault',
  'timeoutMs',
  'detect',
  'policy',
  'hosts',
  'tsc',
] as const satisfies readonly (keyof TrialRecord)[];
export type CellKey = Pick<TrialRecord, (typeof cellKeys)[number]>;

/** Groups by the given keys, in order of first appearance. */
export function groupBy<K extends keyof TrialRecord>(
  records: readonly TrialRecord[],
  keys: readonly K[],
): { key: Pick<TrialRecord, K>; records: TrialRecord[] }[] {
  const groups = new Map<string, { key: Pick<TrialRecord, K>; records: TrialRecord[] }>();
  for (const record of records) {
    const key = Object.fromEntries(keys.map((name) => [name, record[name]])) as Pick<
      TrialRecord,
      K
    >;
    const id = JSON.stringify(keys.map((name) => record[name]));
    const group = groups.get(id);
    if (group) group.records.push(record);
    else groups.set(id, { key, records: [record] });
  }
  return [...groups.values()];
}

/** Trials that say something about the system: coverage is conditional on an activated fault. */
export function counted(records: readonly TrialRecord[]): TrialRecord[] {
  return records.filter(
    ({ outcome }) => outcome !== 'harness-error' && outcome !== 'not-activated',
  );
}

/** Detection latencies in ms of the trials in which a faulty replica was flagged. */
export function latenciesMs(records: readonly TrialRecord[]): number[] {
  return records.flatMap(({ outcome, detectionLatencyNs }) =>
    (outcome === 'detected-masked' || outcome === 'late-flagged') && detectionLatencyNs !== null
      ? [detectionLatencyNs / 1e6]
      : [],
  );
}

/** Outcomes in which the run reached its end with the right output. */
export function completedRunsNs(records: readonly TrialRecord[]): number[] {
  const done = [
    'masked',
    'detected-masked',
    'late-flagged',
    'wrong-flagged',
    'degraded',
    'not-activated',
  ];
  return records.flatMap(({ outcome, runNs }) =>
    done.includes(outcome) && runNs !== null ? [runNs] : [],
  );
}
