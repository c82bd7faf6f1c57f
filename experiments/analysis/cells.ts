import type { FaultKindName } from '../../faults/kinds/registry.ts';
import type { TrialRecord } from '../../harness/types.ts';

/** With what is a factor and no column of its own. */
export interface CellRecord extends TrialRecord {
  secondFault: FaultKindName | null;
}

/** Records of older runs know neither a second fault nor a reading of the time-out. */
export function inCells(records: readonly TrialRecord[]): CellRecord[] {
  return records.map((record) => {
    const { timeoutFrom, second } = record as Partial<TrialRecord>;
    return {
      ...record,
      timeoutFrom: timeoutFrom ?? 'quorum',
      secondFault: second?.fault ?? null,
    };
  });
}

/** The factors whose combination makes a cell; repetitions differ in seed only. */
export const cellKeys = [
  'workload',
  'fault',
  'timeoutMs',
  'detect',
  'policy',
  'hosts',
  'tsc',
  'timeoutFrom',
  'secondFault',
] as const satisfies readonly (keyof CellRecord)[];
export type CellKey = Pick<CellRecord, (typeof cellKeys)[number]>;

/** Groups by the given keys, in order of first appearance. */
export function groupBy<Row extends object, K extends keyof Row>(
  records: readonly Row[],
  keys: readonly K[],
): { key: Pick<Row, K>; records: Row[] }[] {
  const groups = new Map<string, { key: Pick<Row, K>; records: Row[] }>();
  for (const record of records) {
    const key = Object.fromEntries(keys.map((name) => [name, record[name]])) as Pick<Row, K>;
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
