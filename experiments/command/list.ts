/** `list` and `describe`: what can be run, from the registries alone. */
import { didYouMean } from '../../faults/did-you-mean.ts';
import { faultModels } from '../fault-models.ts';
import { experimentByName, experiments } from '../registry.ts';
import { presetNames, type Experiment } from '../types.ts';
import { workloadByName, workloads } from '../workloads/registry.ts';
import type { Output } from './io.ts';
import { UsageError } from './usage-error.ts';

export function listCommand(output: Output, { json }: { json?: boolean }): void {
  if (json) {
    const named = (items: readonly { name: string; title: string }[]) =>
      items.map(({ name, title }) => ({ name, title }));
    const faults = faultModels.map(({ name, title, about }) => ({ name, title, about }));
    output.write(
      `${JSON.stringify({ experiments: named(experiments), faults, workloads: named(workloads) }, null, 2)}\n`,
    );
    return;
  }
  const section = (title: string, rows: [string, string][]): string => {
    const width = Math.max(...rows.map(([name]) => name.length)) + 2;
    return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(width)}${text}\n`).join('')}\n`;
  };
  output.write(
    section(
      'experiments',
      experiments.map(({ name, title }) => [name, title]),
    ) +
      section(
        'faults',
        faultModels.map(({ name, about }) => [name, about]),
      ) +
      section(
        'workloads',
        workloads.map(({ name, about }) => [name, about]),
      ) +
      'describe NAME tells more; NAME --help shows the options of an experiment\n',
  );
}

/** An experiment, a fault or a workload. */
export function describeCommand(output: Output, name: string): void {
  const experiment = experimentByName(name);
  if (experiment) return void output.write(describeExperiment(experiment));
  const fault = faultModels.find((model) => model.name === name);
  if (fault) return void output.write(`${fault.name}: ${fault.title}\n${fault.about}\n`);
  const workload = workloadByName(name);
  if (workload) {
    const { title, about, needs, command, volume, deterministic } = workload;
    const packages = needs.map((need) => `${need.program} (${need.package})`).join(', ');
    return void output.write(
      `${name}: ${title}\n${about}\nneeds:   ${packages}\nsmall:   ${command.small.join(' ')}\n` +
        `large:   ${command.large.join(' ')}\nvolume:  ${volume}\n` +
        `output:  ${deterministic ? 'equals a native run' : 'compared with its golden run only'}\n`,
    );
  }
  const known = [...experiments, ...faultModels, ...workloads].map((item) => item.name);
  throw new UsageError(
    `nothing is named '${name}'.${didYouMean(name, known)} Known: ${known.join(', ')}`,
  );
}

function describeExperiment({ name, title, question, factors, presets }: Experiment): string {
  const lines = [`${name}: ${title}`, '', question, '', 'factors'];
  for (const factor of factors) {
    lines.push(
      `  ${factor.name}${factor.unit === '' ? '' : ` (${factor.unit})`}: ${factor.meaning}`,
    );
    for (const preset of presetNames) {
      const level = presets[preset][factor.name];
      lines.push(`    ${preset}: ${Array.isArray(level) ? level.join(', ') : level}`);
    }
  }
  lines.push(
    '',
    'results',
    '  trials.csv, summary.csv, columns.json, manifest.json, verdict.json, figures/',
  );
  return `${lines.join('\n')}\n`;
}
