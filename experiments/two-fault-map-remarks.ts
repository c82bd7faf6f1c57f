import {
  pairCells,
  pairFates,
  pairTrials,
  type PairFate,
  type PairTrial,
} from './analysis/two-fault-cells.ts';
import type { RunData } from './record/run-directory.ts';
import { clopperPearson } from './statistics/clopper-pearson.ts';
import { wilson } from './statistics/wilson.ts';
import { partsInWords, partsValues } from './two-faults.ts';
import type { Table } from './types.ts';

/** Trials in which both faults became visible, by distance and parts. */
export function twoFaultMapTable({ records }: RunData): Table {
  const trials = pairTrials(records);
  const gaps = [...new Set(trials.map(({ gap }) => gap))].sort((a, b) => a - b);
  const rows = gaps.flatMap((gap) =>
    partsValues.flatMap((parts): (string | number)[][] => {
      const own = trials.filter((trial) => trial.gap === gap && trial.parts === parts);
      if (own.length === 0) return [];
      const both = own.filter(({ bothActed }) => bothActed);
      const counts = pairFates.map((fate) => both.filter((trial) => trial.fate === fate).length);
      return [[`${gap}, ${parts}`, both.length, ...counts, own.length - both.length]];
    }),
  );
  return { head: ['gap, parts', 'both visible', ...pairFates, 'not both'], rows };
}

/** Shares by parts, the bound on wrong outputs, and every trial that is neither masked nor stopped. */
export function twoFaultMapRemarks({ records }: RunData): string[] {
  const trials = pairTrials(records);
  if (trials.length === 0) return [];
  const both = trials.filter(({ bothActed }) => bothActed);
  return [
    ...partsValues.flatMap((parts) => shareSentence(both, parts)),
    wrongSentence(trials, both),
    ...(['hang', 'crash'] as const).flatMap((fate) => trialsSentence(trials, fate)),
    ...flaggedSentence(both),
  ];
}

function shareSentence(both: readonly PairTrial[], parts: PairTrial['parts']): string[] {
  const own = both.filter((trial) => trial.parts === parts);
  const masked = own.filter(({ fate }) => fate === 'masked').length;
  const stopped = own.filter(({ fate }) => fate === 'stopped').length;
  const interval = wilson(masked, own.length);
  if (interval === null) return [];
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return [
    `In ${partsInWords[parts]}: of ${own.length} trials with both faults visible ${masked} masked (${percent(masked / own.length)}, ` +
      `95 % Wilson interval ${percent(interval.low)} to ${percent(interval.high)}, over these kinds and distances), ${stopped} stopped safely.`,
  ];
}

function wrongSentence(trials: readonly PairTrial[], both: readonly PairTrial[]): string {
  const wrong = trials.filter(({ fate }) => fate === 'wrong-output').length;
  const cells = pairCells(trials).filter(({ n }) => n > 0).length;
  const bound = clopperPearson(
    both.filter(({ fate }) => fate === 'wrong-output').length,
    both.length,
  );
  const below =
    bound === null
      ? ''
      : ` (with both faults visible below ${(100 * bound.high).toFixed(2)} %, 95 % Clopper-Pearson)`;
  return `A wrong output got out in ${wrong} of ${trials.length} trials${below}; ${cells} cells have a trial with both faults visible.`;
}

function trialsSentence(trials: readonly PairTrial[], fate: PairFate): string[] {
  const found = trials.filter((trial) => trial.fate === fate);
  if (found.length === 0) return [];
  const names = found.map(
    ({ record, first, second, gap }) => `${record.trial} (${first}, ${second}, ${gap})`,
  );
  return [`${fate === 'hang' ? 'Hung' : 'Crashed'}, ${found.length}: trial ${names.join('; ')}.`];
}

function flaggedSentence(both: readonly PairTrial[]): string[] {
  const masked = both.filter(({ fate }) => fate === 'masked');
  const lost = masked.filter(({ healthyLost }) => healthyLost);
  if (lost.length === 0) return [];
  const kinds = [...new Set(lost.map(({ first, second }) => `${first} and ${second}`))];
  return [
    `Of the ${masked.length} masked ones ${lost.length} lost a replica without a fault: ${kinds.join('; ')}.`,
  ];
}
