/** The command line of `npm run experiment`. What a command needs is loaded when it is chosen. */
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { didYouMean } from '../../faults/did-you-mean.ts';
import { faultModels, modelsFor } from '../fault-models.ts';
import { experiments } from '../registry.ts';
import { presetNames, type Experiment } from '../types.ts';
import { workloads } from '../workloads/registry.ts';
import {
  detectValues,
  hostsNames,
  keepValues,
  policyValues,
  timeoutFromValues,
  tscValues,
} from './choices.ts';
import { limitOptions } from '../../tmr/containers/limits.ts';
import { partsValues } from '../two-faults.ts';
import { examples } from './help-text.ts';
import type { CommandContext } from './io.ts';
import type { RawOptions } from './settings.ts';
import { exitCodes, UsageError } from './usage-error.ts';

/** Runs one command line and returns the exit code; errors become a line on stderr. */
export async function main(context: CommandContext): Promise<number> {
  let code: number = exitCodes.holds;
  const program = build(context, (value) => (code = value));
  try {
    await program.parseAsync(context.argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.holds : exitCodes.usage;
    }
    const { message, stack } = error as Error;
    if (error instanceof UsageError) {
      context.stderr.write(`experiment: ${message}\n`);
      return exitCodes.usage;
    }
    context.stderr.write(`experiment: ${process.env['TMR_DEBUG'] ? stack : message}\n`);
    return exitCodes.internal;
  }
}

function build(context: CommandContext, finish: (code: number) => void): Command {
  const program = new Command('experiment')
    .description('Fault-injection experiments on the replicated system, real processes throughout.')
    .usage('COMMAND [options]   (npm run experiment -- COMMAND [options])')
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => context.colour,
      getErrHasColors: () => context.colour,
    })
    .exitOverride()
    .showHelpAfterError('(--help shows the options with examples)')
    .addHelpText('after', examples);
  for (const experiment of experiments) {
    addOptions(program.command(experiment.name), experiment).action(async (raw: RawOptions) => {
      const { runCommand } = await import('./run.ts');
      finish(await runCommand(experiment, raw, context));
    });
  }
  program
    .command('list')
    .description('experiments, faults and workloads')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const { listCommand } = await import('./list.ts');
      listCommand(context.stdout, options);
    });
  program
    .command('describe')
    .description('an experiment, a fault or a workload in words')
    .argument('<NAME>', 'as in list')
    .action(async (name: string) => {
      const { describeCommand } = await import('./list.ts');
      describeCommand(context.stdout, name);
    });
  program
    .command('report')
    .description('tables and figures once more, from a run directory alone')
    .argument('<RUN_DIR>', 'e.g. results/latest')
    .action(async (directory: string) => {
      const { reportRun } = await import('./report.ts');
      finish(await reportRun(resolve(context.workingDirectory, directory), context.stdout));
    });
  program
    .command('replay')
    .description('one trial of a run once more; its evidence is kept and its place printed')
    .argument('<RUN_DIR>', 'e.g. results/latest')
    .argument('<TRIAL>', 'number in trials.csv')
    .action(async (directory: string, trial: string) => {
      const { replayCommand } = await import('./replay.ts');
      finish(await replayCommand(directory, trial, context));
    });
  program.action(() => {
    const word = program.args[0];
    if (word === undefined) return program.help({ error: true });
    const names = program.commands.map((command) => command.name());
    throw new UsageError(
      `unknown command '${word}'.${didYouMean(word, names)} Known: ${names.join(', ')}`,
    );
  });
  return program.allowExcessArguments();
}

function addOptions(command: Command, { title, question, presets }: Experiment): Command {
  const either = (level: (preset: 'quick' | 'paper') => string): string => {
    const [quick, paper] = [level('quick'), level('paper')];
    return quick === paper ? quick : `quick ${quick}; paper ${paper}`;
  };
  const many = (list: readonly string[]): string => list.join(', ');
  const names = (items: readonly { name: string }[]): string => many(items.map(({ name }) => name));
  const times = (preset: 'quick' | 'paper'): string =>
    presets[preset].timeoutsMs.map((ms) => (ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`)).join(',');
  const option = (flags: string, text: string): void => {
    command.addOption(new Option(flags, text));
  };
  command.summary(title).description(`${title}.\n\n${question}`).allowExcessArguments(false);
  option(
    '--preset <name>',
    `${many(presetNames)}: defaults of all others (default: quick, 2 to 6 minutes)`,
  );
  option(
    '--timeouts <list>',
    `time-outs in ms, s or min, e.g. 100ms,1s (default: ${either(times)})`,
  );
  option(
    '--faults <list>',
    `of ${names(faultModels)}; or all (default: ${either((p) => (presets[p].faults.length === modelsFor(presets[p].hosts).length ? 'all' : many(presets[p].faults)))})`,
  );
  if (presets.quick.secondFaults !== undefined) {
    option(
      '--second-faults <list>',
      `kinds of the second fault, or all (default: ${either((p) => many(presets[p].secondFaults ?? []))})`,
    );
    option(
      '--gaps <list>',
      `rendezvous from the first fault to the second, e.g. 0,8 (default: ${either((p) => (presets[p].gaps ?? []).join(','))})`,
    );
    option(
      '--parts <list>',
      `of ${many(partsValues)}: two parts of the system, or one that has both faults (default: ${either((p) => (presets[p].parts ?? []).join(','))})`,
    );
  }
  option(
    '--workloads <list>',
    `of ${names(workloads)}; or all (default: ${either((p) => presets[p].workloads.join(','))})`,
  );
  option(
    '--workload-command <cmd>',
    "your own program, no shell, e.g. './simulation input.dat'; each trial gets a copy of the current directory (replaces the default workloads)",
  );
  option(
    '--detect <list>',
    `of ${many(detectValues)}: is a closed connection acted on at once, or only the time-out, as in the paper (default: ${either((p) => presets[p].detect.join(','))})`,
  );
  option(
    '--policy <list>',
    `of ${many(policyValues)}: our agreement, or the paper's literal rule (default: ${either((p) => presets[p].policy.join(','))})`,
  );
  option(
    '--timeout-from <list>',
    `of ${many(timeoutFromValues)}: under paper, the vote that starts the time-out: the second, the first, the own (default: ${either((p) => (presets[p].timeoutFrom ?? ['quorum']).join(','))})`,
  );
  option(
    '--hosts <list>',
    `of ${many(hostsNames)}: processes of this machine, or containers (default: ${either((p) => presets[p].hosts.join(','))})`,
  );
  option(
    '--engines <urls>',
    'docker: unix:///PATH or tcp://HOST:PORT; several spread the tracers, and then a unix one needs =ADDRESS (default: DOCKER_HOST or the default socket)',
  );
  option(
    '--base-image <ref>',
    'docker: an image of the engine, beneath ours; nothing is ever pulled',
  );
  command.addOption(
    new Option(
      '--image-include <path>',
      'docker: further file or directory for the image; repeatable',
    ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]),
  );
  option('--session-ports <a-b>', 'docker: ports that several engines publish (default: 41000 up)');
  option(
    '--transfer <how>',
    'docker: auto, bind, copy: volumes are mounted, or copied in and back (default: auto)',
  );
  for (const { flags, description } of limitOptions) option(flags, description);
  option(
    '--tsc <how>',
    `${many(tscValues)}: how rdtsc is treated; native assumes the program does not depend on it (default: auto)`,
  );
  option(
    '--repeat <n>',
    `trials a cell, e.g. 30; intervals of a median need 6, of a 95th percentile 59 (default: ${either((p) => String(presets[p].repetitions))})`,
  );
  option(
    '--seed <n>',
    'whole number from which every draw derives, e.g. 42 (default: random, printed)',
  );
  option('--jobs <n>', 'trials at the same time; more than 1 spoils the timings (default: 1)');
  option(
    '--keep <which>',
    `${many(keepValues)}: reports and volumes of which trials stay in the run directory (default: none)`,
  );
  option('--out <dir>', 'where run directories go (default: results/ of the checkout)');
  option('--dry-run', 'print trials, time and disk space, and do nothing');
  option('--quiet', 'no progress; seed, verdict and directory only');
  return command.addHelpText('after', examples);
}
