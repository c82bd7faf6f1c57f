import type { TrialRecord } from '../../harness/types.ts';
import { counted, groupBy } from '../analysis/cells.ts';
import { wilson } from '../statistics/wilson.ts';
import { policyHeader, sampleNote, settingsNote } from './notes.ts';
import { logDomain, logTicks, seriesEncoding, styles } from './theme.ts';
import type { Cell, Figure, FigureMaker } from './types.ts';

const series = [
  { outcome: 'late-flagged', label: 'late-flagged', style: 'blue' },
  { outcome: 'wrong-flagged', label: 'wrong-flagged', style: 'vermilion' },
] as const;
const expectation = 'expected';

/** Share of trials with a mistaken flag, against time-out, when one tracer is delayed once. */
export const falseFlagRate: FigureMaker = {
  name: 'false-flag-rate',
  title: 'False-flag rate against time-out under drawn delays',
  make: ({ records, manifest }) => {
    const shown = counted(records).filter((record) => record.fault === 'tracer-delay');
    if (shown.length === 0) return 'no trial with the fault tracer-delay';
    const points = groupBy(shown, ['policy', 'timeoutMs']);
    const delays = manifest.design.delayRangeMs;
    const rows = [
      ...points.flatMap(({ key, records: point }) => rates(key, point)),
      ...model(shown, delays),
    ];
    return {
      columns: ['kind', 'policy', 'timeout_s', 'trials', 'n', 'rate', 'low', 'high'],
      rows,
      specification: specification(shown),
      note: note(
        shown,
        points.map((point) => point.records.length),
        delays,
      ),
    };
  },
};

type Row = Record<string, Cell>;

function rates(key: { policy: string; timeoutMs: number }, point: readonly TrialRecord[]): Row[] {
  return series.map(({ outcome, label }) => {
    const trials = point.filter((record) => record.outcome === outcome).length;
    const { low, high } = wilson(trials, point.length)!;
    return {
      kind: label,
      policy: key.policy,
      timeout_s: key.timeoutMs / 1000,
      trials,
      n: point.length,
      rate: trials / point.length,
      low,
      high,
    };
  });
}

/** P(delay > T) of the log-uniform draw: what a detector without any slack would show. */
function model(records: readonly TrialRecord[], [low, high]: readonly [number, number]): Row[] {
  const [from, to] = logDomain(records.map((record) => record.timeoutMs));
  const steps = 60;
  const exceeds = (ms: number): number =>
    Math.min(1, Math.max(0, Math.log(high / ms) / Math.log(high / low)));
  return [...new Set(records.map((record) => record.policy))].flatMap((policy) =>
    Array.from({ length: steps + 1 }, (_, i) => {
      const ms = from * (to / from) ** (i / steps);
      return { kind: expectation, policy, timeout_s: ms / 1000, rate: exceeds(ms) };
    }),
  );
}

function specification(records: readonly TrialRecord[]): Figure['specification'] {
  const { color, shape, dash } = seriesEncoding('kind', series);
  const policies = [...new Set(records.map((record) => record.policy))];
  const domain = logDomain(records.map((record) => record.timeoutMs / 1000));
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: { title: 'time-out T (s)', values: logTicks(...domain), format: '~g' },
  };
  const y = {
    field: 'rate',
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: 'share of trials', values: [0, 0.25, 0.5, 0.75, 1], format: '.0%' },
  };
  const measured = [{ filter: `datum.kind !== '${expectation}'` }];
  const layers = [
    {
      transform: [{ filter: `datum.kind === '${expectation}'` }],
      mark: {
        type: 'line',
        color: styles.grey.colour,
        strokeWidth: 0.7,
        strokeDash: styles.grey.dash,
      },
      encoding: { x, y },
    },
    {
      transform: measured,
      mark: { type: 'rule', strokeWidth: 0.8 },
      encoding: {
        x,
        y: { ...y, field: 'low' },
        y2: { field: 'high' },
        color,
      },
    },
    {
      transform: measured,
      mark: { type: 'line', strokeWidth: 1 },
      encoding: {
        x,
        y,
        color,
        strokeDash: dash,
      },
    },
    {
      transform: measured,
      mark: { type: 'point', size: 22, filled: true, opacity: 1 },
      encoding: { x, y, color, shape },
    },
  ];
  const apart = {
    calculate: `datum.timeout_s * (datum.kind === '${series[0].label}' ? 0.97 : datum.kind === '${series[1].label}' ? 1.03 : 1)`,
    as: 'x',
  };
  return (plotWidth) => ({
    transform: [apart],
    ...(policies.length > 1
      ? {
          facet: { column: { field: 'policy', type: 'nominal', header: policyHeader } },
          spacing: 8,
          spec: { width: plotWidth, height: 110, layer: layers },
        }
      : { width: plotWidth, height: 110, layer: layers }),
  });
}

function note(
  records: readonly TrialRecord[],
  counts: readonly number[],
  [low, high]: readonly [number, number],
): string[] {
  const workloads = [...new Set(records.map((record) => record.workload))].sort().join(', ');
  return [
    `One tracer pauses once, for a delay drawn log-uniformly from ${low / 1000} to ${high / 1000} s. ` +
      'Late-flagged: the delayed replica is evicted; wrong-flagged: a healthy one. ' +
      `${sampleNote(counts)}; bars, 95 % Wilson intervals, each class by itself. Grey line: P(delay > T). ` +
      `Pooled over detection settings and workloads: ${workloads}.`,
    ...settingsNote(records),
  ];
}
