/** `report RUN_DIR`, and the end of every run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeReport, type Report } from '../analysis/report.ts';
import { outcomes } from '../../harness/types.ts';
import { experimentByName } from '../registry.ts';
import { files, readManifest } from '../record/run-directory.ts';
import type { Table } from '../types.ts';
import type { Output } from './io.ts';
import { exitCodes, UsageError } from './usage-error.ts';

/** Draws everything from the directory and prints the verdict; the directory is the last line. */
export async function reportRun(path: string, output: Output): Promise<number> {
  const file = join(path, files.manifest);
  if (!existsSync(file)) {
    throw new UsageError(
      `${path} is no run directory (it has no ${files.manifest}); give one like results/latest`,
    );
  }
  const { experiment: name } = readManifest(path);
  const experiment = experimentByName(name);
  if (experiment === undefined) {
    throw new UsageError(`${path} holds a run of '${name}', an experiment this version lacks`);
  }
  const report = await writeReport(path, experiment);
  output.write(await describe(report));
  output.write(`seed ${report.run.manifest.seed}\n${path}\n`);
  return exitCodes[report.check.verdict];
}

const findingsShown = 10;

async function describe(report: Report): Promise<string> {
  const { run, check, table, remarks, notDrawn } = report;
  const lines = [await outcomeTable(run.records)];
  if (table !== null) lines.push(await asText(table));
  for (const { name, reason } of notDrawn) lines.push(`figure ${name} not drawn: ${reason}`);
  lines.push(...remarks);
  for (const { property, trial, text } of check.findings.slice(0, findingsShown)) {
    lines.push(`${property}${trial === null ? '' : `, trial ${trial}`}: ${text}`);
    if (trial !== null) {
      lines.push(`  replay: npm run experiment -- replay ${run.directory} ${trial}`);
    }
  }
  if (check.findings.length > findingsShown) {
    lines.push(`and ${check.findings.length - findingsShown} more in verdict.json`);
  }
  lines.push(`${check.verdict} (${check.judged} trials judged)`);
  return `${lines.join('\n')}\n`;
}

/** Trials by fault and outcome; outcomes that did not occur are left out. */
async function outcomeTable(records: Report['run']['records']): Promise<string> {
  const seen = outcomes.toReversed().filter((name) => records.some((r) => r.outcome === name));
  const faults = [...new Set(records.map((record) => record.fault))].sort();
  const rows = faults.map((fault) => {
    const cell = records.filter((record) => record.fault === fault);
    const counts = seen.map((name) => cell.filter((record) => record.outcome === name).length);
    return [fault, cell.length, ...counts];
  });
  return asText({ head: ['fault', 'n', ...seen], rows });
}

async function asText({ head, rows }: Table): Promise<string> {
  const { default: CliTable } = await import('cli-table3');
  const table = new CliTable({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
  });
  table.push(...rows);
  return table.toString();
}
