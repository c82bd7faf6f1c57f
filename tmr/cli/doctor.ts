/** `tmr doctor`: what this machine and its Docker engine lack, and how to mend it. */
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { look, type Check } from '../containers/doctor/check.ts';
import { say } from '../monitor/launch.ts';
import { tracingChecks } from './doctor/tracing-checks.ts';

interface Options {
  engine?: string;
  json?: true;
  inside?: true;
}

const NODE_VERSION_MIN = '20.19.0';
const WIDTHS = { name: 34, status: 9, found: 42, mend: 42 };

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Checks what tmr needs of this machine and of a Docker engine, and says how to mend it.',
    )
    .option(
      '--engine <url>',
      'unix:///PATH or tcp://HOST:PORT (default: DOCKER_HOST or the default socket)',
    )
    .option('--json', 'for programs: {version, localRuns, dockerHosts, checks: [...]}')
    .addOption(new Option('--inside', 'as the main process of a container').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  tmr doctor
  tmr doctor --engine tcp://10.0.0.7:2375 --json

Builds the image and runs one container of it, with the privileges of a run and no more.

Exit status: 0 all is there (warnings do not count); 1 local runs are not possible;
2 local runs are, --hosts docker is not.`,
    )
    .action(examine);
}

async function examine(options: Options): Promise<void> {
  if (options.inside === true) {
    process.stdout.write(JSON.stringify(await tracingChecks()));
    return;
  }
  // Only here: the image has no client of the engine.
  const { defaultEngine, parseEngine } = await import('../containers/engine.ts');
  const location = options.engine === undefined ? defaultEngine() : parseEngine(options.engine);
  const { engineChecks } = await import('../containers/doctor/engine-checks.ts');
  const local = [await nodeVersion(), ...(await tracingChecks())];
  const checks = [...local, ...(await engineChecks(location, say))];
  process.stdout.write(`${describe(checks, options.json === true)}\n`);
  process.exitCode = isPossible(checks, 'local runs')
    ? isPossible(checks, 'docker hosts')
      ? 0
      : 2
    : 1;
}

async function nodeVersion(): Promise<Check> {
  const { compareVersions } = await import('../containers/engine.ts');
  const mend = `install Node.js ${NODE_VERSION_MIN} or newer (nodejs.org or NodeSource)`;
  return look({ name: 'Node.js', neededFor: 'local runs', mend }, () => {
    if (compareVersions(process.versions.node, NODE_VERSION_MIN) < 0) {
      throw new Error(process.version);
    }
    return process.version;
  });
}

function isPossible(checks: readonly Check[], what: Check['neededFor']): boolean {
  return !checks.some(({ neededFor, status }) => neededFor === what && status === 'missing');
}

function describe(checks: readonly Check[], json: boolean): string {
  if (json) {
    const localRuns = isPossible(checks, 'local runs');
    const dockerHosts = localRuns && isPossible(checks, 'docker hosts');
    return JSON.stringify({ version: 1, localRuns, dockerHosts, checks }, undefined, 2);
  }
  return process.stdout.isTTY ? describeTable(checks) : checks.map(describeLine).join('\n');
}

function describeLine({ name, status, found, mend }: Check): string {
  return `${status}: ${name}: ${found}${mend === '' ? '' : `; to mend it: ${mend}`}`;
}

function describeTable(checks: readonly Check[]): string {
  const table = new Table({
    head: ['what', 'status', 'found', 'to mend it'],
    colWidths: Object.values(WIDTHS),
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { name, status, found, mend } of checks) table.push([name, status, found, mend]);
  return table.toString();
}
