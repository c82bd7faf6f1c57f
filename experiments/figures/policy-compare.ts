import { fates, type Fate } from '../analysis/fate.ts';
import { readingsIn, survivals } from '../analysis/survival.ts';
import { faultModels } from '../fault-models.ts';
import { sampleNote, settingsNote } from './notes.ts';
import { styles } from './theme.ts';
import type { Cell, Figure, FigureMaker } from './types.ts';

type Row = Record<string, Cell>;

/** In the order of the stack, which survives grey. None so dark that the interval could not be seen on it. */
const looks: Record<Fate, { label: string; colour: string }> = {
  survived: { label: 'survived', colour: styles.sky.colour },
  'healthy-lost': { label: 'healthy replica lost', colour: styles.orange.colour },
  stopped: { label: 'stopped', colour: '#999999' },
  crash: { label: 'crash', colour: styles.purple.colour },
  hang: { label: 'hang', colour: '#F0E442' },
  'wrong-output': { label: 'wrong output', colour: styles.vermilion.colour },
};

/** What became of each kind of fault, a panel per reading, with the interval of what was survived. */
export const policyCompareFigure: FigureMaker = {
  name: 'policy-compare',
  title: 'Single faults survived, by kind and policy',
  make: ({ records }) => {
    const rows = survivals(records).flatMap(({ fault, reading, n, counts, interval }): Row[] => {
      const model = faultModels.find(({ name }) => name === fault);
      if (interval === null) return [];
      return [
        {
          fault: model?.title ?? fault,
          reading,
          n,
          survived_share: counts.survived / n,
          low: interval.low,
          high: interval.high,
          ...Object.fromEntries(fates.map((fate) => [columnOf(fate), counts[fate]])),
        },
      ];
    });
    if (rows.length === 0) return 'no trial in which a fault became visible';
    return {
      columns: ['fault', 'reading', 'n', 'survived_share', 'low', 'high', ...fates.map(columnOf)],
      rows,
      specification: specification(rows, readingsIn(records)),
      note: [
        'What became of the same faults under each policy: share of the trials in which the fault became visible, ' +
          `${sampleNote(rows.map((row) => Number(row['n'])))}; black bars, 95 % Wilson intervals of survived. ` +
          'Survived: service as without a fault, no healthy replica flagged, fenced or left behind. ' +
          readingsNote(readingsIn(records)) +
          `Pooled over workloads (${listOf(records, 'workload')}) and time-outs (${listOf(records, 'timeoutMs')} ms).`,
        ...settingsNote(records),
      ],
    };
  },
};

function columnOf(fate: Fate): string {
  return fate.replaceAll('-', '_');
}

function listOf<Key extends string>(
  records: readonly Record<Key, string | number>[],
  key: Key,
): string {
  return [...new Set(records.map((record) => record[key]))].join(', ');
}

function readingsNote(readings: readonly string[]): string {
  const other = readings.filter((name) => name.includes(','));
  if (other.length === 0) return '';
  return `The time-out starts at the second vote; ${other.map((name) => `"${name}", at the ${name.split(', ')[1]} one`).join('; ')}. `;
}

function specification(rows: readonly Row[], readings: readonly string[]): Figure['specification'] {
  const shown = fates.filter((fate) => rows.some((row) => Number(row[columnOf(fate)]) > 0));
  const faults = faultModels
    .map(({ title }) => title)
    .filter((title) => rows.some((row) => row['fault'] === title));
  const y = { field: 'fault', type: 'nominal', sort: faults, title: null };
  const share = {
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: 'share', values: [0, 0.5, 1], format: '~g' },
  };
  const order = Object.fromEntries(shown.map((fate, index) => [columnOf(fate), index]));
  const bars = {
    transform: [
      { fold: shown.map(columnOf), as: ['fate', 'count'] },
      { calculate: 'toNumber(datum.count) / datum.n', as: 'share' },
      { calculate: `(${JSON.stringify(order)})[datum.fate]`, as: 'order' },
      { filter: 'datum.share > 0' },
    ],
    mark: { type: 'bar', height: { band: 0.72 } },
    encoding: {
      y,
      x: { ...share, field: 'share', stack: 'zero' },
      color: {
        field: 'fate',
        type: 'nominal',
        scale: {
          domain: shown.map(columnOf),
          range: shown.map((fate) => looks[fate].colour),
        },
        title: null,
        legend: {
          columns: 2,
          symbolType: 'square',
          labelExpr: `(${JSON.stringify(Object.fromEntries(shown.map((fate) => [columnOf(fate), looks[fate].label])))})[datum.label]`,
        },
      },
      order: { field: 'order', type: 'quantitative' },
    },
  };
  const black = { color: styles.black.colour, strokeWidth: 0.8 };
  const interval = {
    mark: { type: 'rule', ...black },
    encoding: { y, x: { ...share, field: 'low' }, x2: { field: 'high' } },
  };
  const ends = ['low', 'high'].map((field) => ({
    mark: { type: 'tick', ...black, color: black.color, thickness: 0.8, size: 4 },
    encoding: { y, x: { ...share, field } },
  }));
  return (plotWidth) => ({
    facet: { column: { field: 'reading', type: 'nominal', sort: [...readings], title: null } },
    spacing: 8,
    spec: { width: plotWidth, height: { step: 11 }, layer: [bars, interval, ...ends] },
  });
}
