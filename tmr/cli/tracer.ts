/** `tmr tracer`: the tracer daemon as a command. */
import { Command, InvalidArgumentError } from 'commander';
import type { Address } from '../wire/messages.ts';
import { formatAddress, parseAddress } from '../monitor/addresses.ts';
import { ConfigurationError, messageOf } from '../monitor/errors.ts';
import { readSecret, type SecretOptions } from '../monitor/secret.ts';
import { endWithParent, parentDeathOption, type ParentDeath } from './parent-death.ts';
import { secretOptions } from './secret-options.ts';
import { whole } from './whole-number.ts';

interface TracerOptions extends SecretOptions {
  listen: Address;
  maxSessions: number;
  keepIdle: number;
  parentDeath?: ParentDeath;
}

export function tracerCommand(): Command {
  const command = new Command('tracer')
    .description('tracer daemon: runs one replica of each session that a monitor asks for')
    .requiredOption('--listen <host:port>', 'where monitors dial, e.g. 127.0.0.1:7101', address)
    .option('--max-sessions <n>', 'sessions at once; more are refused by name', whole, 16)
    .option(
      '--keep-idle <n>',
      'session processes kept ready (a start costs 50 ms of CPU)',
      whole,
      1,
    )
    .addOption(parentDeathOption())
    .addHelpText(
      'after',
      `
Examples:
  umask 077; head -c 32 /dev/urandom | base64 > ~/.tmr-secret
  tmr tracer --listen 127.0.0.1:7101 --secret-file ~/.tmr-secret

A tracer runs commands for whoever knows the secret; monitor and NFS server need the same one.`,
    );
  for (const option of secretOptions()) command.addOption(option);
  return command.action((options: TracerOptions) => serve(options));
}

async function serve(options: TracerOptions): Promise<void> {
  const secret = readSecret(options);
  if (secret === undefined) {
    throw new ConfigurationError(
      'expected --secret-file or --secret-fd: a tracer runs commands for whoever knows its secret',
    );
  }
  await endWithParent(options.parentDeath);
  const { TracerDaemon } = await import('../tracer/daemon.ts');
  const { listen, maxSessions, keepIdle } = options;
  const daemon = new TracerDaemon({ listen, secret, maxSessions, keepIdle });
  let at: string;
  try {
    at = formatAddress(await daemon.listen());
  } catch (error) {
    daemon.close();
    throw new ConfigurationError(
      `cannot listen on ${formatAddress(listen)}: ${messageOf(error)}; choose another --listen`,
    );
  }
  process.title = `tmr tracer ${at}`;
  process.stdout.write(`tmr tracer: listening on ${at}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      daemon.close();
      process.exit(0);
    });
  }
}

function address(text: string): Address {
  try {
    return parseAddress(text, '--listen');
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}
