import { outcomes, type GoldenInfo, type Outcome, type TrialRecord } from '../../harness/types.ts';
import type { Column, ColumnType } from '../record/columns.ts';
import { overhead } from '../statistics/overhead.ts';
import { quantileEstimate, tooSmall, type QuantileEstimate } from '../statistics/quantiles.ts';
import { deriveSeed } from '../statistics/random.ts';
import { wilson } from '../statistics/wilson.ts';
import {
  cellKeys,
  completedRunsNs,
  counted,
  groupBy,
  inCells,
  latenciesMs,
  type CellKey,
} from './cells.ts';

/** One row of summary.csv. */
export interface SummaryRow extends CellKey {
  n: number;
  /** n without harness errors and faults that were not activated. */
  counted: number;
  outcomes: Record<Outcome, number>;
  latencyN: number;
  latencyMinMs: number | null;
  latencyMedianMs: QuantileEstimate | null;
  latencyP95Ms: QuantileEstimate | null;
  latencyMaxMs: number | null;
  /** Of the trials without a fault that share the cell's other factors. */
  overheadFaultFree: QuantileEstimate | null;
  /** Of the cell's own trials that ran to completion. */
  overheadFaulted: QuantileEstimate | null;
}

/**
 * One row per cell, sorted by its factors. Bootstrap seeds derive from the master seed and the
 * cell, so the same directory always gives the same table.
 */
export function summarise(
  records: readonly TrialRecord[],
  golden: readonly GoldenInfo[],
  masterSeed: number,
): SummaryRow[] {
  const native = new Map(golden.map((info) => [info.workload, info.nativeRunsNs]));
  const seed = (key: object, what: string): string =>
    deriveSeed(masterSeed, 'bootstrap', JSON.stringify(key), what);
  const overheadOf = (key: CellKey, cell: readonly TrialRecord[]): QuantileEstimate | null =>
    overhead(completedRunsNs(cell), native.get(key.workload) ?? [], {
      seed: seed(key, 'overhead'),
    });
  const cells = groupBy(inCells(records), cellKeys);
  const faultFree = new Map(
    cells
      .filter(({ key }) => key.fault === 'none')
      .map(({ key, records: cell }) => [withoutFault(key), overheadOf(key, cell)]),
  );
  const rows = cells.map(({ key, records: cell }): SummaryRow => {
    const latencies = latenciesMs(cell);
    return {
      ...key,
      n: cell.length,
      counted: counted(cell).length,
      outcomes: countOutcomes(cell),
      latencyN: latencies.length,
      latencyMinMs: latencies.length > 0 ? Math.min(...latencies) : null,
      latencyMedianMs: quantileEstimate(latencies, 0.5, { seed: seed(key, 'median') }),
      latencyP95Ms: quantileEstimate(latencies, 0.95, { seed: seed(key, 'p95') }),
      latencyMaxMs: latencies.length > 0 ? Math.max(...latencies) : null,
      overheadFaultFree: faultFree.get(withoutFault(key)) ?? null,
      overheadFaulted: key.fault === 'none' ? null : overheadOf(key, cell),
    };
  });
  return rows.sort(byFactors);
}

/** The columns of summary.csv, with their dictionary. */
export const summaryColumns: readonly Column<SummaryRow>[] = [
  column('workload', 'text', '', 'as in trials.csv', (row) => row.workload),
  column('fault', 'text', '', 'as in trials.csv', (row) => row.fault),
  column('timeout_ms', 'number', 'ms', 'as in trials.csv', (row) => row.timeoutMs),
  column('detect', 'text', '', 'as in trials.csv', (row) => row.detect),
  column('policy', 'text', '', 'as in trials.csv', (row) => row.policy),
  column('hosts', 'text', '', 'as in trials.csv', (row) => row.hosts),
  column('tsc', 'text', '', 'as in trials.csv', (row) => row.tsc),
  column('n', 'integer', 'trials', 'trials of the cell', (row) => row.n),
  column(
    'counted',
    'integer',
    'trials',
    'n without harness-error and not-activated: the denominator of every proportion',
    (row) => row.counted,
  ),
  ...outcomes.flatMap(outcomeColumns),
  column(
    'latency_n',
    'integer',
    'trials',
    'trials with a detection latency',
    (row) => row.latencyN,
  ),
  column('latency_min_ms', 'number', 'ms', 'smallest latency', (row) => row.latencyMinMs),
  ...estimateColumns('latency_median', 'ms', 'median latency', (row) => row.latencyMedianMs),
  ...estimateColumns('latency_p95', 'ms', '95th percentile', (row) => row.latencyP95Ms),
  column('latency_max_ms', 'number', 'ms', 'largest latency', (row) => row.latencyMaxMs),
  ...estimateColumns(
    'overhead_fault_free',
    '',
    'median run without a fault / median native run',
    (row) => row.overheadFaultFree,
  ),
  ...estimateColumns(
    'overhead_faulted',
    '',
    "median run of the cell's completed trials / median native run",
    (row) => row.overheadFaulted,
  ),
  column('timeout_from', 'text', '', 'as in trials.csv', (row) => row.timeoutFrom),
  column('second_fault', 'text', '', 'as in trials.csv', (row) => row.secondFault),
];

function outcomeColumns(outcome: Outcome): Column<SummaryRow>[] {
  const name = outcome.replaceAll('-', '_');
  const count = column(
    name,
    'integer',
    'trials',
    `trials with outcome ${outcome}`,
    (row) => row.outcomes[outcome],
  );
  if (outcome === 'harness-error' || outcome === 'not-activated') return [count];
  const interval = (row: SummaryRow) => wilson(row.outcomes[outcome], row.counted);
  const meaning = `of the Wilson 95 % interval of ${outcome} / counted`;
  return [
    count,
    column(`${name}_low`, 'number', '', `lower end ${meaning}`, (row) =>
      rounded(interval(row)?.low),
    ),
    column(`${name}_high`, 'number', '', `upper end ${meaning}`, (row) =>
      rounded(interval(row)?.high),
    ),
  ];
}

function estimateColumns(
  name: string,
  unit: string,
  meaning: string,
  of: (row: SummaryRow) => QuantileEstimate | null,
): Column<SummaryRow>[] {
  const suffix = unit === '' ? '' : `_${unit}`;
  const bound = (row: SummaryRow, end: 'low' | 'high'): string | number | null => {
    const estimate = of(row);
    if (estimate === null) return null;
    return estimate.interval === tooSmall ? tooSmall : rounded(estimate.interval[end]);
  };
  const words = `of its bootstrap 95 % interval, or the words "${tooSmall}"`;
  return [
    column(`${name}${suffix}`, 'number', unit, meaning, (row) => rounded(of(row)?.value)),
    column(`${name}_low${suffix}`, 'number', unit, `lower end ${words}`, (row) =>
      bound(row, 'low'),
    ),
    column(`${name}_high${suffix}`, 'number', unit, `upper end ${words}`, (row) =>
      bound(row, 'high'),
    ),
  ];
}

/** Names a cell but for its fault. */
function withoutFault(key: CellKey): string {
  return JSON.stringify(
    cellKeys.map((name) => (name === 'fault' || name === 'secondFault' ? null : key[name])),
  );
}

/** Six significant digits: more would be noise, and files stay comparable. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(6));
}

function countOutcomes(records: readonly TrialRecord[]): Record<Outcome, number> {
  const counts = Object.fromEntries(outcomes.map((name) => [name, 0])) as Record<Outcome, number>;
  for (const record of records) counts[record.outcome]++;
  return counts;
}

function byFactors(a: SummaryRow, b: SummaryRow): number {
  for (const key of cellKeys) {
    const [x, y] = [a[key], b[key]];
    if (x === y) continue;
    return (x ?? '') < (y ?? '') ? -1 : 1;
  }
  return 0;
}

function column(
  name: string,
  type: ColumnType,
  unit: string,
  meaning: string,
  value: Column<SummaryRow>['value'],
): Column<SummaryRow> {
  return { name, type, unit, meaning, value };
}
