import type { TrialRecord } from '../../harness/types.ts';
import { groupBy, latenciesMs } from '../analysis/cells.ts';
import { faultModels } from '../fault-models.ts';
import { quantileEstimate, smallestSample, tooSmall } from '../statistics/quantiles.ts';
import { deriveSeed } from '../statistics/random.ts';
import { policyHeader, rowHeader, sampleNote, settingsNote } from './notes.ts';
import { logDomain, logTicks, seriesEncoding, styles } from './theme.ts';
import type { Cell, Figure, FigureMaker } from './types.ts';

const series = [
  { detect: 'any', label: 'closed connection acted on', style: 'blue' },
  { detect: 'timeout-only', label: 'time-out only', style: 'vermilion' },
] as const;

/** Latency against time-out, a panel per fault, both in seconds on log axes. */
export const detectionLatency: FigureMaker = {
  name: 'detection-latency',
  title: 'Detection latency against time-out',
  make: ({ records, manifest }) => {
    const shown = records.filter((record) => latenciesMs([record]).length > 0);
    if (shown.length === 0) return 'no trial in which a faulty replica was flagged';
    // The hollow series last, so that it is drawn on top.
    const order = (record: TrialRecord): number =>
      series.findIndex((one) => one.detect === record.detect);
    shown.sort((a, b) => order(a) - order(b));
    const medians = medianRows(shown, manifest.seed);
    const rows = [...trialRows(shown), ...medians, ...limitRows(shown)];
    return {
      columns: [
        'kind',
        'fault',
        'policy',
        'detection',
        'timeout_s',
        'latency_s',
        'low_s',
        'high_s',
        'n',
      ],
      rows,
      specification: specification(shown, rows),
      note: note(
        shown,
        medians.map((row) => Number(row['n'])),
      ),
    };
  },
};

const SIDE_BY_SIDE_MAX = 3;

type Row = Record<string, Cell>;

function trialRows(records: readonly TrialRecord[]): Row[] {
  return records.map((record) => ({
    ...panel(record),
    kind: 'trial',
    detection: labelOf(record),
    timeout_s: record.timeoutMs / 1000,
    latency_s: record.detectionLatencyNs! / 1e9,
  }));
}

function medianRows(records: readonly TrialRecord[], masterSeed: number): Row[] {
  const keys = ['fault', 'policy', 'detect', 'timeoutMs'] as const;
  return groupBy(records, keys).map(({ key, records: point }) => {
    const seed = deriveSeed(masterSeed, 'detection-latency', JSON.stringify(key));
    const { value, interval } = quantileEstimate(latenciesMs(point), 0.5, { seed })!;
    const bounds = interval === tooSmall ? null : interval;
    return {
      ...panel(point[0]!),
      kind: 'median',
      detection: labelOf(point[0]!),
      timeout_s: key.timeoutMs / 1000,
      latency_s: value / 1000,
      low_s: bounds && bounds.low / 1000,
      high_s: bounds && bounds.high / 1000,
      n: point.length,
    };
  });
}

/** Two ends of the line latency = time-out, in each panel. */
function limitRows(records: readonly TrialRecord[]): Row[] {
  const ends = logDomain(records.map((record) => record.timeoutMs / 1000));
  return groupBy(records, ['fault', 'policy']).flatMap(({ records: group }) =>
    ends.map((end) => ({ ...panel(group[0]!), kind: 'limit', timeout_s: end, latency_s: end })),
  );
}

function panel({ fault, policy }: TrialRecord): Row {
  return { fault: faultModels.find((model) => model.name === fault)?.title ?? fault, policy };
}

function labelOf({ detect }: TrialRecord): string {
  return series.find((one) => one.detect === detect)!.label;
}

function specification(
  records: readonly TrialRecord[],
  rows: readonly Row[],
): Figure['specification'] {
  const used = series.filter((one) => records.some((record) => record.detect === one.detect));
  const { color, shape, dash } = seriesEncoding('detection', used);
  const faults = faultModels
    .filter((model) => records.some((record) => record.fault === model.name))
    .map((model) => model.title);
  const policies = [...new Set(records.map((record) => record.policy))];
  const xDomain = logDomain(records.map((record) => record.timeoutMs / 1000));
  const yDomain = logDomain(rows.flatMap((row) => numbers(row, 'latency_s', 'low_s', 'high_s')));
  const log = (field: string, title: string, domain: [number, number]): object => ({
    field,
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: { title, values: logTicks(...domain), format: '~g' },
  });
  const x = log('timeout_s', 'time-out T (s)', xDomain);
  const y = log('latency_s', 'detection latency (s)', yDomain);
  const only = (kind: string): object[] => [{ filter: `datum.kind === '${kind}'` }];
  // Equal medians lie on each other: the second series is hollow, so that both are seen.
  const fill = {
    field: 'detection',
    type: 'nominal',
    scale: {
      domain: used.map((one) => one.label),
      range: used.map((one) => (one.detect === 'any' ? styles[one.style].colour : 'transparent')),
    },
    title: null,
  };
  const layers = [
    {
      transform: only('limit'),
      mark: {
        type: 'line',
        color: styles.grey.colour,
        strokeWidth: 0.7,
        strokeDash: styles.grey.dash,
      },
      encoding: { x, y },
    },
    {
      transform: only('trial'),
      mark: { type: 'point', size: 5, filled: true, opacity: 0.35 },
      encoding: { x, y, color: color },
    },
    {
      transform: [...only('median'), { filter: 'isValid(datum.low_s)' }],
      mark: { type: 'rule', strokeWidth: 0.8 },
      encoding: {
        x,
        y: { ...y, field: 'low_s' },
        y2: { field: 'high_s' },
        color: color,
      },
    },
    {
      transform: only('median'),
      mark: { type: 'line', strokeWidth: 1 },
      encoding: { x, y, color, strokeDash: dash },
    },
    {
      transform: only('median'),
      mark: { type: 'point', size: 20, filled: false, strokeWidth: 1, opacity: 1 },
      encoding: { x, y, color, shape, fill },
    },
  ];
  const fault = { field: 'fault', type: 'nominal', title: null, sort: faults };
  const policy = { field: 'policy', type: 'nominal' };
  const height = faults.length > SIDE_BY_SIDE_MAX ? 55 : policies.length > 1 ? 75 : 105;
  return (plotWidth) => ({
    // More than a few titles side by side would run into each other.
    facet:
      faults.length > SIDE_BY_SIDE_MAX
        ? {
            row: { ...fault, header: rowHeader },
            ...(policies.length > 1 && { column: { ...policy, header: policyHeader } }),
          }
        : {
            column: fault,
            ...(policies.length > 1 && {
              row: { ...policy, header: { ...rowHeader, ...policyHeader } },
            }),
          },
    spacing: 6,
    spec: { width: plotWidth, height, layer: layers },
  });
}

function numbers(row: Row, ...keys: string[]): number[] {
  return keys.map((key) => row[key]).filter((value) => typeof value === 'number');
}

function note(records: readonly TrialRecord[], counts: readonly number[]): string[] {
  const workloads = [...new Set(records.map((record) => record.workload))].sort().join(', ');
  const interval = counts.some((n) => n >= smallestSample(0.5))
    ? `bars, 95 % bootstrap intervals of the median (none below n = ${smallestSample(0.5)})`
    : `no intervals, n too small (they need ${smallestSample(0.5)})`;
  return [
    `From injection to the counted flag. Dots, trials; markers, medians (${sampleNote(counts)}); ${interval}. ` +
      `Grey line: latency = T. Workloads pooled: ${workloads}.`,
    ...settingsNote(records),
  ];
}
