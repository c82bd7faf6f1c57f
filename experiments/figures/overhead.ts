import type { TrialRecord } from '../../harness/types.ts';
import { completedRunsNs, groupBy } from '../analysis/cells.ts';
import { faultModels } from '../fault-models.ts';
import { overhead } from '../statistics/overhead.ts';
import { smallestSample, tooSmall } from '../statistics/quantiles.ts';
import { deriveSeed } from '../statistics/random.ts';
import type { RunData } from '../record/run-directory.ts';
import { rowHeader, sampleNote, settingsNote } from './notes.ts';
import { faultLook, logDomain, logTicks, seriesEncoding, styles } from './theme.ts';
import type { Cell, Figure, FigureMaker } from './types.ts';

/** Run time as a multiple of native against time-out, a panel per workload, a row per detection. */
export const overheadFigure: FigureMaker = {
  name: 'overhead',
  title: 'Overhead against time-out',
  make: (run) => {
    const rows = points(run);
    if (rows.length === 0) return 'no trial ran to completion in a workload with native runs';
    const used = new Set(rows.map((row) => row['workload']));
    const shown = run.records.filter((record) => used.has(record.workload));
    return {
      columns: [
        'workload',
        'detect',
        'policy',
        'fault',
        'timeout_s',
        'ratio',
        'low',
        'high',
        'n',
        'native_n',
      ],
      rows,
      specification: specification(rows),
      note: note(rows, shown),
    };
  },
};

type Row = Record<string, Cell>;

function points({ records, golden, manifest }: RunData): Row[] {
  const keys = ['workload', 'detect', 'policy', 'fault', 'timeoutMs'] as const;
  return groupBy(records, keys).flatMap(({ key, records: point }) => {
    const native = golden.find((info) => info.workload === key.workload)?.nativeRunsNs ?? [];
    const runs = completedRunsNs(point);
    const seed = deriveSeed(manifest.seed, 'overhead', JSON.stringify(key));
    const estimate = overhead(runs, native, { seed });
    if (estimate === null) return [];
    const bounds = estimate.interval === tooSmall ? null : estimate.interval;
    return [
      {
        workload: key.workload,
        detect: key.detect,
        policy: key.policy,
        fault: titleOf(key.fault),
        timeout_s: key.timeoutMs / 1000,
        ratio: estimate.value,
        low: bounds && bounds.low,
        high: bounds && bounds.high,
        n: runs.length,
        native_n: native.length,
      },
    ];
  });
}

function titleOf(fault: string): string {
  return faultModels.find((model) => model.name === fault)?.title ?? fault;
}

function specification(rows: readonly Row[]): Figure['specification'] {
  const faults = faultModels.filter((model) => rows.some((row) => row['fault'] === model.title));
  const { color, shape, dash } = seriesEncoding(
    'fault',
    faults.map((model) => ({ label: model.title, style: faultLook(model.title) })),
  );
  const distinct = (key: string): Cell[] => [...new Set(rows.map((row) => row[key] ?? null))];
  const xDomain = logDomain(rows.map((row) => Number(row['timeout_s'])));
  const yDomain = logDomain([
    1,
    ...rows.flatMap((row) =>
      [row['ratio'], row['low'], row['high']].filter((value) => typeof value === 'number'),
    ),
  ]);
  const log = (field: string, title: string, domain: [number, number], format: string): object => ({
    field,
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: { title, values: logTicks(...domain), format },
  });
  const x = log('x', 'time-out T (s)', xDomain, '~g');
  const y = log('ratio', 'run time / native', yDomain, '~g');
  const layers = [
    {
      transform: [{ filter: 'isValid(datum.low)' }],
      mark: { type: 'rule', strokeWidth: 0.8 },
      encoding: {
        x,
        y: { ...y, field: 'low' },
        y2: { field: 'high' },
        color,
      },
    },
    {
      mark: { type: 'line', strokeWidth: 1 },
      encoding: {
        x,
        y,
        color: { ...color, legend: { columns: faults.length > 5 ? 2 : 3 } },
        strokeDash: dash,
      },
    },
    {
      mark: { type: 'point', size: 18, filled: true, opacity: 1 },
      encoding: { x, y, color, shape },
    },
    {
      mark: { type: 'rule', color: styles.grey.colour, strokeWidth: 0.5 },
      encoding: { y: { datum: 1, type: 'quantitative' } },
    },
  ];
  const spread = faults.map((model, i) => [model.title, 1.05 ** (i - (faults.length - 1) / 2)]);
  const setting = distinct('policy').length > 1 ? 'setting' : 'detection';
  const panels = facets(
    setting,
    distinct('workload').length,
    distinct('detect').length * distinct('policy').length,
  );
  return (plotWidth) => ({
    transform: [
      {
        calculate: `datum.timeout_s * (${JSON.stringify(Object.fromEntries(spread))})[datum.fault]`,
        as: 'x',
      },
      { calculate: "datum.detect + ', ' + datum.policy", as: 'setting' },
      { calculate: "'detect ' + datum.detect", as: 'detection' },
    ],
    facet: panels.facet,
    spacing: 6,
    spec: { width: plotWidth, height: panels.height, layer: layers },
  });
}

/** Workloads side by side; more than three below each other, or the panels get too narrow. */
function facets(
  setting: string,
  workloads: number,
  settings: number,
): { facet: Record<string, unknown>; height: number } {
  const workload = { field: 'workload', type: 'nominal' };
  const other = { field: setting, type: 'nominal' };
  const [column, row] = workloads > 3 ? [other, workload] : [workload, other];
  const rows = workloads > 3 ? workloads : settings;
  const facet = {
    column: { ...column, title: null },
    ...(rows > 1 && { row: { ...row, header: rowHeader } }),
  };
  return { facet, height: rows > 2 ? 60 : 80 };
}

function note(rows: readonly Row[], records: readonly TrialRecord[]): string[] {
  const counts = rows.map((row) => Number(row['n']));
  const native = [...new Set(rows.map((row) => row['native_n']))].join(', ');
  const least = smallestSample(0.5);
  const interval = rows.some((row) => row['low'] !== null)
    ? `bars, 95 % bootstrap intervals (none below n = ${least})`
    : `no intervals, n too small (they need ${least})`;
  return [
    `Three replicas, session start to exit, over the median of ${native} native runs; trials that ended with the ` +
      `right output; medians, ${sampleNote(counts)}; ${interval}.`,
    ...settingsNote(records),
  ];
}
