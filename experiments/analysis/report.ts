/** Everything after the trials, computed from the run directory alone. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunData } from '../record/run-directory.ts';
import { readRun, writeAtomically } from '../record/run-directory.ts';
import { describeColumn, schemaVersion, trialColumns } from '../record/columns.ts';
import { toCsv } from '../record/csv.ts';
import type { CheckResult, Experiment, Table } from '../types.ts';
import { summarise, summaryColumns, type SummaryRow } from './summary.ts';

export interface Report {
  run: RunData;
  summary: SummaryRow[];
  check: CheckResult;
  /** What the experiment shows beside the outcomes. */
  table: Table | null;
  /** What the experiment says that it measured. */
  remarks: string[];
  /** Names of the figures drawn, and why others were not. */
  drawn: string[];
  notDrawn: { name: string; reason: string }[];
}

/** Writes tables, dictionary, verdict and figures beside the trials; safe to repeat. */
export async function writeReport(directory: string, experiment: Experiment): Promise<Report> {
  const run = readRun(directory);
  const write = (name: string, data: string): void => writeAtomically(join(directory, name), data);
  const summary = summarise(run.records, run.golden, run.manifest.seed);
  const check = experiment.check(run.records, run.plan.length);
  const remarks = experiment.remarks?.(run) ?? [];
  const verdict = remarks.length === 0 ? check : { ...check, remarks };
  write('trials.csv', toCsv(trialColumns, run.records));
  write('summary.csv', toCsv(summaryColumns, summary));
  write('columns.json', `${JSON.stringify(dictionary(), null, 2)}\n`);
  write('verdict.json', `${JSON.stringify(verdict, null, 2)}\n`);
  const table = experiment.table?.(run) ?? null;
  return { run, summary, check, table, remarks, ...(await drawFigures(run, experiment)) };
}

/** What every column of trials.csv and summary.csv means. */
export function dictionary(): object {
  return {
    schema: schemaVersion,
    missing: 'an empty field; never 0',
    'trials.csv': trialColumns.map(describeColumn),
    'summary.csv': summaryColumns.map(describeColumn),
  };
}

async function drawFigures(
  run: RunData,
  experiment: Experiment,
): Promise<Pick<Report, 'drawn' | 'notDrawn'>> {
  const makers = await experiment.figures();
  const { drawFigure } = await import('../figures/draw.ts');
  const directory = join(run.directory, 'figures');
  mkdirSync(directory, { recursive: true });
  const drawn: string[] = [];
  const notDrawn: Report['notDrawn'] = [];
  for (const maker of makers) {
    const { name, title } = maker;
    const figure = maker.make(run);
    if (typeof figure === 'string') {
      notDrawn.push({ name, reason: figure });
      continue;
    }
    await drawFigure(figure, { name, title, directory, date: new Date(run.manifest.startedAt) });
    drawn.push(name);
  }
  return { drawn, notDrawn };
}
