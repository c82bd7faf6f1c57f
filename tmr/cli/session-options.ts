/** Options that `tmr run` and `tmr monitor` share: each with its unit, default and meaning. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { SettingsOptions } from '../monitor/settings.ts';
import { secretOptions } from './secret-options.ts';
import type { SecretOptions } from '../monitor/secret.ts';

export interface SessionCommandOptions extends SettingsOptions, SecretOptions {
  report?: string;
  progress?: boolean;
  sessionPorts: string;
  via: string[];
}

/** Adds them to a command. `replicas`: what the command can start. */
export function addSessionOptions(command: Command): Command {
  const options = [
    ...protocolOptions(),
    ...programOptions(),
    ...placeOptions(),
    ...outputOptions(),
    ...secretOptions(),
  ];
  for (const option of options) command.addOption(option);
  return command.passThroughOptions().showHelpAfterError(`(tmr ${command.name()} --help explains)`);
}

function protocolOptions(): Option[] {
  return [
    new Option(
      '--timeout <duration>',
      'time-out of a vote, from the second arrival on, 20ms to 24h',
    ).default('5s'),
    new Option(
      '--policy <policy>',
      'agreed: two must accuse; paper: each tracer judges by itself, the first notice is obeyed',
    )
      .choices(['agreed', 'paper'])
      .default('agreed'),
    new Option(
      '--detect <how>',
      'any: a closed connection or dead replica is acted on at once; timeout-only: as the paper',
    )
      .choices(['any', 'timeout-only'])
      .default('any'),
    new Option('--timeout-from <arrival>', 'which vote starts the time-out')
      .choices(['quorum', 'first', 'own'])
      .default('quorum'),
    new Option('--link-delay <duration>', 'delay between healthy tracers (default: two ticks)'),
    new Option('--ask-delay <duration>', 'when a missing vote is asked for (default: time-out/4)'),
    new Option('--start-timeout <duration>', 'within which all replicas must start').default('30s'),
    new Option(
      '--service-timeout <duration>',
      'silence after which monitor or NFS server are lost, at least 100ms (default: the time-out, at least 5s)',
    ),
  ];
}

function programOptions(): Option[] {
  return [
    new Option('--seed <text>', 'makes random bytes reproducible, hence not secret'),
    new Option('--clock <clock>', 'virtual: time is a function of seed and rendezvous')
      .choices(['real', 'virtual'])
      .default('real'),
    new Option('--tsc <policy>', 'rdtsc: auto traps it where the program may use it')
      .choices(['auto', 'trap', 'native'])
      .default('auto'),
    new Option('--strict-calls', 'a refused system call ends the session').default(false),
    new Option('--no-caches', 'no caches of file data and attributes in the tracers'),
  ];
}

function placeOptions(): Option[] {
  return [
    new Option('--placement <how>', 'of tracer and replica on the cores')
      .choices(['auto', 'pair', 'rotate', 'none'])
      .default('auto'),
    new Option('--session-ports <a-b>', 'replica r listens on port A+r-1; 0: any').default('0'),
    new Option(
      '--via <from-to=host[:port]>',
      'tracer FROM dials HOST:PORT for TO (a replica, nfs or monitor), e.g. 1-2=127.0.0.1:9000; ' +
        'without PORT: HOST, on the port on which TO listens',
    )
      .argParser(collect)
      .default([], 'none'),
    new Option('--interpose <module>', 'wraps the ports of each session process (fault injection)'),
    new Option('--interpose-options <json>', 'what the module is given'),
  ];
}

function outputOptions(): Option[] {
  return [
    new Option('--report <file>', 'JSON: who was flagged, when, by whom and how (docs/report.md)'),
    new Option('--progress', 'calls a second and membership on stderr').default(false),
  ];
}

/** `--replicas`, with what is possible here. */
export function replicasOption(): Option {
  return new Option('--replicas <n>', '3 masks a fault, 2 only detects it, 1 is for comparison')
    .choices(['1', '2', '3'])
    .default('3');
}

/** Repeatable options. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

export function replicaCount(text: string): number {
  const count = Number(text);
  if (count === 1 || count === 2 || count === 3) return count;
  throw new InvalidArgumentError('expected 1, 2 or 3.');
}
