/**
 * `tmr contained ROLE`: a part of the system as the main process of its container. The secret is the
 * first line of standard input; the end of standard input is the end of the part.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Command, Option } from 'commander';
import { ConfigurationError } from '../monitor/errors.ts';

export const SECRET_FILE = '/run/tmr/secret';
/** Signals that the holder of the monitor's container passes on to sessions. */
const PASSED = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGTSTP',
  'SIGCONT',
  'SIGWINCH',
] as const;
const SECRET_WAIT_MS = 30_000;

export function containedCommand(): Command {
  return new Command('contained')
    .description(
      'A part of the system as the main process of a container (used by --hosts docker).',
    )
    .addArgument(
      new Command().createArgument('<role>', 'which part').choices(['nfs', 'tracer', 'monitor']),
    )
    .argument('[options...]', 'of tmr nfs or tmr tracer, without the secret')
    .passThroughOptions()
    .allowUnknownOption()
    .addOption(new Option('--secret-file <file>').hideHelp().default(SECRET_FILE))
    .addHelpText(
      'after',
      '\nReads the secret from the first line of standard input and ends when that input ends.',
    )
    .action(contain);
}

async function contain(role: string, args: string[]): Promise<void> {
  writeFileSync(SECRET_FILE, `${await firstLine()}\n`, { mode: 0o600 });
  if (role === 'monitor') {
    hold();
    return;
  }
  const command =
    role === 'nfs'
      ? (await import('./nfs.ts')).nfsCommand()
      : (await import('./tracer.ts')).tracerCommand();
  await command.parseAsync([...args, '--secret-file', SECRET_FILE], { from: 'user' });
}

function firstLine(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      reject(new ConfigurationError(`expected a secret on standard input within 30 s, got none`));
    }, SECRET_WAIT_MS);
    process.stdin.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const end = text.indexOf('\n');
      if (end < 0) return;
      clearTimeout(timer);
      resolve(text.slice(0, end));
    });
    process.stdin.on('end', () => process.exit(0));
    process.stdin.on('error', () => process.exit(0));
  });
}

/** Sessions come by exec; a signal to the container is meant for them. */
function hold(): void {
  for (const signal of PASSED) process.on(signal, () => passOn(constants.signals[signal]));
  process.stdout.write('tmr monitor: ready\n');
}

function passOn(signal: number): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || pid === 1) continue;
    try {
      // A session's process has this title or is about to (node tmr.js monitor).
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      if (/tmr monitor|tmr\.js\0monitor/.test(line)) process.kill(pid, signal);
    } catch {
      // Ended meanwhile.
    }
  }
}
