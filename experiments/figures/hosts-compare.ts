import { pairByHosts, type Pair } from '../analysis/pairs.ts';
import { faultModel } from '../fault-models.ts';
import { quantileEstimate, smallestSample, tooSmall } from '../statistics/quantiles.ts';
import { deriveSeed } from '../statistics/random.ts';
import type { RunData } from '../record/run-directory.ts';
import { settingsNote } from './notes.ts';
import { faultLook, logDomain, logTicks, seriesEncoding, styles } from './theme.ts';
import type { Cell, FigureMaker } from './types.ts';

type Row = Record<string, Cell>;

/** Each pair one mark: local across, docker up; left the latency, right the run time. */
export const hostsCompareFigure: FigureMaker = {
  name: 'hosts-compare',
  title: 'Local and docker hosts, pair by pair',
  make: (run) => {
    const pairs = pairByHosts(run.records, ['local', 'docker']);
    const rows = pairs.flatMap(rowsOf);
    if (rows.length === 0) return 'no trial was completed on both local and docker hosts';
    return {
      columns: ['measure', 'fault', 'workload', 'timeout_s', 'local_s', 'docker_s', 'seed'],
      rows,
      specification: specification(rows),
      note: [
        'Each mark is one pair: the same trial with the same seed on both hosts. Grey line: equal. ' +
          `${ratioNote(rows, 'detection latency', run)} ${ratioNote(rows, 'run time', run)}`,
        ...settingsNote(run.records),
      ],
    };
  },
};

function rowsOf({ first, second }: Pair): Row[] {
  const row = (measure: string, here: number | null, there: number | null): Row[] =>
    here === null || there === null || here <= 0 || there <= 0
      ? []
      : [
          {
            measure,
            fault: faultModel(first.fault)?.title ?? first.fault,
            workload: first.workload,
            timeout_s: first.timeoutMs / 1000,
            local_s: here / 1e9,
            docker_s: there / 1e9,
            seed: first.seed,
          },
        ];
  return [
    ...row('detection latency', first.detectionLatencyNs, second.detectionLatencyNs),
    ...row('run time', first.runNs, second.runNs),
  ];
}

/** Median of docker over local, with its bootstrap interval or why there is none. */
function ratioNote(rows: readonly Row[], measure: string, { manifest }: RunData): string {
  const ratios = rows
    .filter((row) => row['measure'] === measure)
    .map((row) => Number(row['docker_s']) / Number(row['local_s']));
  const seed = deriveSeed(manifest.seed, 'hosts-compare', measure);
  const estimate = quantileEstimate(ratios, 0.5, { seed });
  if (estimate === null) return `No pair has a ${measure}.`;
  const { value, interval } = estimate;
  const bounds =
    interval === tooSmall
      ? `n too small for an interval, it needs ${smallestSample(0.5)}`
      : `95 % bootstrap interval ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}`;
  return `Median ratio docker / local of the ${measure}: ${value.toFixed(2)} (${bounds}; n = ${ratios.length}).`;
}

function specification(rows: readonly Row[]): (plotWidth: number) => Record<string, unknown> {
  const faults = [...new Set(rows.map((row) => String(row['fault'])))];
  const { color, shape } = seriesEncoding(
    'fault',
    faults.map((label) => ({ label, style: faultLook(label) })),
  );
  const measures = [...new Set(rows.map((row) => String(row['measure'])))];
  const panels = measures.map((measure) => {
    const own = rows.filter((row) => row['measure'] === measure);
    const domain = logDomain(
      own.flatMap((row) => [Number(row['local_s']), Number(row['docker_s'])]),
    );
    const axis = (field: string, title: string): object => ({
      field,
      type: 'quantitative',
      scale: { type: 'log', domain, nice: false },
      axis: { title, values: logTicks(...domain), format: '~g' },
    });
    const [x, y] = [
      axis('local_s', `${measure}, local (s)`),
      axis('docker_s', `${measure}, docker (s)`),
    ];
    const ends = domain.map((value) => ({ local_s: value, docker_s: value }));
    return (width: number): object => ({
      width,
      height: width,
      layer: [
        {
          data: { values: ends },
          mark: {
            type: 'line',
            color: styles.grey.colour,
            strokeWidth: 0.7,
            strokeDash: styles.grey.dash,
          },
          encoding: { x, y },
        },
        {
          transform: [{ filter: `datum.measure === '${measure}'` }],
          mark: { type: 'point', size: 18, filled: false, strokeWidth: 0.8, opacity: 1 },
          encoding: { x, y, color: { ...color, legend: { columns: 3 } }, shape },
        },
      ],
    });
  });
  return (plotWidth) => ({ hconcat: panels.map((panel) => panel(plotWidth)), spacing: 10 });
}
