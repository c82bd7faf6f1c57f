import { pairCells, pairTrials, type PairCell } from '../analysis/two-fault-cells.ts';
import { faultModels } from '../fault-models.ts';
import type { RunData } from '../record/run-directory.ts';
import { wilson } from '../statistics/wilson.ts';
import { castsSameVote, partsInWords, type Parts } from '../two-faults.ts';
import { settingsNote } from './notes.ts';
import { styles } from './theme.ts';
import type { Cell, Figure, FigureMaker } from './types.ts';

type Row = Record<string, Cell>;

/** Light: masked; dark: stopped. Readable in grey; what is neither has another colour and words. */
const masked = '#E3EEF7';
const stopped = '#2B5C8A';
const wrong = styles.vermilion.colour;
const odd = styles.orange.colour;
const empty = '#F4F4F4';

const names: Record<Parts, string> = {
  different: 'two-fault-map',
  same: 'two-fault-map-same-part',
};

/** Kind by kind, a panel per distance: the share of trials that were masked. */
export function twoFaultMapFigure(parts: Parts): FigureMaker {
  return {
    name: names[parts],
    title: `Two faults in ${partsInWords[parts]}`,
    make: (run) => {
      const cells = pairCells(pairTrials(run.records)).filter((cell) => cell.parts === parts);
      if (cells.every(({ n }) => n === 0)) {
        return `no trial with two visible faults in ${partsInWords[parts]}`;
      }
      const rows = [...cells.map(rowOf), ...excludedRows(run, parts)];
      return {
        columns: [
          'first',
          'second',
          'gap',
          'state',
          'n',
          'masked',
          'stopped',
          'wrong_output',
          'hang',
          'crash',
          'healthy_lost',
          'not_both',
          'masked_share',
          'low',
          'high',
          'label',
        ],
        rows,
        wide: true,
        specification: specification(rows),
        note: note(run, cells, parts),
      };
    },
  };
}

function rowOf(cell: PairCell): Row {
  const { n, counts, gap, wrongAtAll } = cell;
  const neither = counts.hang + counts.crash;
  const interval = wilson(counts.masked, n);
  const state = wrongAtAll > 0 ? 'wrong' : n === 0 ? 'empty' : neither > 0 ? 'odd' : 'good';
  return {
    first: titleOf(cell.first),
    second: titleOf(cell.second),
    gap,
    state,
    n,
    masked: counts.masked,
    stopped: counts.stopped,
    // Also where only one fault was visible: P6 asks of every trial.
    wrong_output: wrongAtAll,
    hang: counts.hang,
    crash: counts.crash,
    healthy_lost: cell.healthyLost,
    not_both: cell.notBoth,
    masked_share: n === 0 ? null : counts.masked / n,
    low: interval && interval.low,
    high: interval && interval.high,
    label: state === 'wrong' ? `! ${wrongAtAll}` : n === 0 ? '–' : `${counts.masked}/${n}`,
  };
}

/** Pairs of the design that are never drawn. */
function excludedRows({ manifest }: RunData, parts: Parts): Row[] {
  const { faults, secondFaults = [], gaps = [] } = manifest.design;
  return faults.flatMap((first) =>
    secondFaults.flatMap((second) =>
      gaps
        .filter((gap) => castsSameVote({ first, second, gap, parts }))
        .map((gap) => {
          const kinds = { first: titleOf(first), second: titleOf(second) };
          return { ...kinds, gap, state: 'excluded', n: 0, label: '=' };
        }),
    ),
  );
}

function titleOf(name: string): string {
  return faultModels.find((model) => model.name === name)?.title ?? name;
}

function specification(rows: readonly Row[]): Figure['specification'] {
  const order = (field: 'first' | 'second'): string[] =>
    faultModels
      .map(({ title }) => title)
      .filter((title) => rows.some((row) => row[field] === title));
  const axis = { grid: false, ticks: false, domain: false, labelPadding: 3 };
  const y = {
    field: 'first',
    type: 'nominal',
    sort: order('first'),
    title: 'first fault',
    axis,
  };
  const x = {
    field: 'second',
    type: 'nominal',
    sort: order('second'),
    title: 'second fault',
    axis: { ...axis, labelAngle: -90, labelOverlap: false },
  };
  const panels = [...new Set(rows.map((row) => Number(row['gap'])))]
    .sort((a, b) => a - b)
    .map((gap) => `${gap} rendezvous apart`);
  const few = order('second').length <= 10;
  const colour = {
    field: 'masked_share',
    type: 'quantitative',
    scale: { domain: [0, 1], range: [stopped, masked] },
    title: 'share masked (the rest stopped safely)',
    legend: {
      gradientLength: 100,
      gradientThickness: 7,
      titleLimit: 300,
      values: [0, 0.5, 1],
      format: '.0%',
    },
  };
  const rect = { type: 'rect', stroke: 'white', strokeWidth: 1 };
  const filled = (state: string, color: string, stroke = 'white'): object => ({
    transform: [{ filter: `datum.state === '${state}'` }],
    mark: { ...rect, fill: color, stroke, strokeWidth: stroke === 'white' ? 1 : 1.5 },
    encoding: { x, y },
  });
  const text = (filter: string, color: string, bold = false): object => ({
    transform: [{ filter }],
    mark: { type: 'text', fontSize: 7, color, ...(bold && { fontWeight: 'bold' }) },
    encoding: { x, y, text: { field: 'shown', type: 'nominal' } },
  });
  const dark = "datum.state === 'good' && datum.masked_share < 0.45";
  const layer = [
    {
      transform: [{ filter: "datum.state === 'good'" }],
      mark: rect,
      encoding: { x, y, color: colour },
    },
    filled('empty', empty),
    filled('excluded', empty),
    filled('odd', odd),
    filled('wrong', wrong, '#000000'),
    text(dark, 'white'),
    text(`!(${dark}) && datum.state !== 'wrong'`, '#222222'),
    text("datum.state === 'wrong'", 'white', true),
  ];
  return (plotWidth) => ({
    transform: [
      { calculate: "datum.gap + ' rendezvous apart'", as: 'panel' },
      // Narrow cells have room for the number of the masked alone.
      {
        calculate: few
          ? 'datum.label'
          : "datum.state === 'good' || datum.state === 'odd' ? toString(datum.masked) : datum.label",
        as: 'shown',
      },
    ],
    facet: {
      field: 'panel',
      type: 'nominal',
      title: null,
      sort: panels,
    },
    columns: 2,
    spacing: 10,
    spec: { width: plotWidth, height: { step: few ? 15 : 12 }, layer },
  });
}

function note({ records }: RunData, cells: readonly PairCell[], parts: Parts): string[] {
  const counts = cells.map(({ n }) => n);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  const n = low === high ? `${low}` : `${low} to ${high}`;
  const list = (key: 'workload' | 'timeoutMs'): string =>
    [...new Set(records.map((record) => record[key]))].join(', ');
  const wide = Math.max(...cells.map(({ counts: { masked: k }, n: of }) => widthOf(k, of)));
  const where =
    parts === 'different'
      ? 'in different parts: two replicas (with their tracers), a replica and the link of the two others, or two links'
      : 'in the same part: one replica with its tracer, a replica and one of its links, or one link; a dead part takes no second fault';
  const wrongs = cells.filter(({ wrongAtAll }) => wrongAtAll > 0).length;
  return [
    `Two faults in one run, ${where}. Numbers: trials masked (service as without a fault) of those in which both faults became visible, ` +
      `n = ${n} a cell; the 95 % Wilson interval of a cell is up to ${Math.round(100 * wide)} points wide (bounds in the data file). ` +
      'Light: masked, dark: stopped safely with an error, orange: also hung or crashed, "–": never both visible, "=": both would ' +
      'cast the same wrong vote, never run. ' +
      (wrongs === 0
        ? 'A wrong output would be red and marked "!": there is none. '
        : `Red, "!": a wrong output got out, in ${wrongs} ${wrongs === 1 ? 'cell' : 'cells'}. `) +
      'Bits and clock offsets of a pair always differ. The first fault strikes in the first half of the rendezvous. ' +
      `Workloads: ${list('workload')}; T: ${list('timeoutMs')} ms.`,
    ...settingsNote(records),
  ];
}

function widthOf(successes: number, n: number): number {
  const interval = wilson(successes, n);
  return interval === null ? 0 : interval.high - interval.low;
}
