import {
  durationsNs,
  pairedMeasures,
  ratioSentence,
  type PairedMeasure,
} from '../analysis/paired-ratio.ts';
import { pairByHosts, type Pair } from '../analysis/pairs.ts';
import { faultModel, faultModels } from '../fault-models.ts';
import { settingsNote } from './notes.ts';
import { faultLook, logDomain, logTicks, seriesEncoding, styles } from './theme.ts';
import type { Cell, FigureMaker } from './types.ts';

type Row = Record<string, Cell>;

const measures = Object.keys(pairedMeasures) as PairedMeasure[];

/** Each pair one mark: local across, docker up; left the latency, right the run time. */
export const hostsCompareFigure: FigureMaker = {
  name: 'hosts-compare',
  title: 'Local and docker hosts, pair by pair',
  make: (run) => {
    const pairs = pairByHosts(run.records, ['local', 'docker']);
    const rows = measures.flatMap((measure) => pairs.flatMap((pair) => rowsOf(measure, pair)));
    if (rows.length === 0) return 'no trial was completed on both local and docker hosts';
    return {
      columns: ['measure', 'fault', 'workload', 'timeout_s', 'local_s', 'docker_s', 'seed'],
      rows,
      specification: specification(rows),
      note: [
        'Each mark is one pair: the same trial with the same seed on both hosts. Grey line: equal. ' +
          measures.map((measure) => ratioSentence(pairs, measure, run.manifest.seed)).join(' '),
        ...settingsNote(run.records),
      ],
    };
  },
};

function rowsOf(measure: PairedMeasure, pair: Pair): Row[] {
  const both = durationsNs(pair, measure);
  if (both === null) return [];
  const { fault, workload, timeoutMs, seed } = pair.first;
  return [
    {
      measure,
      fault: faultModel(fault)?.title ?? fault,
      workload,
      timeout_s: timeoutMs / 1000,
      local_s: both[0] / 1e9,
      docker_s: both[1] / 1e9,
      seed,
    },
  ];
}

function specification(rows: readonly Row[]): (plotWidth: number) => Record<string, unknown> {
  const drawn = new Set(rows.map((row) => row['fault']));
  const faults = faultModels.map(({ title }) => title).filter((title) => drawn.has(title));
  const { color, shape } = seriesEncoding(
    'fault',
    faults.map((label) => ({ label, style: faultLook(label) })),
  );
  const shown = measures.filter((measure) => rows.some((row) => row['measure'] === measure));
  const panels = shown.map((measure) => {
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
