/** `tmr nfs`: the file server as a process of its own. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ExportError } from '../nfs/exports/export.ts';
import { NfsServer, NfsServerError, type NfsServerOptions } from '../nfs/server.ts';
import { formatAddress, parseAddress } from '../monitor/addresses.ts';
import { ConfigurationError, messageOf } from '../monitor/errors.ts';
import { readSecret } from '../monitor/secret.ts';
import type { Address } from '../wire/messages.ts';
import { endWithParent, parentDeathOption, type ParentDeath } from './parent-death.ts';
import { collect } from './session-options.ts';
import { secretOptions } from './secret-options.ts';
import { whole } from './whole-number.ts';

interface NfsFlags {
  export: string;
  listen: Address;
  plain: string[];
  plainAnyPort?: boolean;
  system: string;
  secretFile?: string;
  secretFd?: string;
  maxSessions: number;
  parentDeath?: ParentDeath;
}

export function nfsCommand(): Command {
  const command = new Command('nfs')
    .description('Serve the volumes of sessions: NFSv3 and MOUNT over TCP, one slot for each call')
    .requiredOption('--export <root>', 'directory under which volumes and plain subtrees lie')
    .addOption(
      new Option('--listen <host:port>', 'address to listen on; port 0 picks a free one')
        .argParser(address)
        .default({ host: '127.0.0.1', port: 2049 }, '127.0.0.1:2049'),
    )
    .addOption(
      new Option(
        '--plain <subtree>',
        'serve this subtree of the root to ordinary NFS clients on loopback; may be repeated',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--plain-any-port',
      'as root, believe user ids of plain clients also from ports above 1023',
    )
    .option('--system <tree>', 'read-only tree of everything else for replicas, or "none"', '/')
    .option('--max-sessions <n>', 'sessions at one time', whole, 64)
    .addOption(parentDeathOption())
    .addHelpText('after', helpText)
    .action(async (flags: NfsFlags) => {
      try {
        await serve(flags);
      } catch (error) {
        throw isRefusal(error) ? new ConfigurationError(error.message) : error;
      }
    });
  for (const option of secretOptions()) command.addOption(option);
  return command;
}

const helpText = `
Prints "tmr nfs: listening on HOST:PORT" when it is ready; SIGTERM and SIGINT end it with status 0.
Sessions need a secret, --plain subtrees need none. Status 78: the configuration was refused.

Examples:
  tmr nfs --export /srv/tmr --listen 127.0.0.1:20490 --secret-file ~/.tmr-secret
  tmr nfs --export /srv --plain data --listen 127.0.0.1:20490
  nfs-ls 'nfs://127.0.0.1/srv/data?version=3&nfsport=20490&mountport=20490'`;

async function serve(flags: NfsFlags): Promise<void> {
  const options = optionsOf(flags);
  await endWithParent(flags.parentDeath);
  const server = new NfsServer(options);
  const listening = await server.listen();
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  process.stdout.write(`tmr nfs: listening on ${formatAddress(listening)}\n`);
  await ended;
  await server.close();
}

function optionsOf(flags: NfsFlags): NfsServerOptions {
  if (flags.export === '') throw new ConfigurationError("--export: expected a directory, got ''");
  const options: NfsServerOptions = {
    exportRoot: flags.export,
    listen: flags.listen,
    plain: flags.plain,
    plainAnyPort: flags.plainAnyPort ?? false,
    system: flags.system,
    maxSessions: flags.maxSessions,
  };
  const secret = readSecret(flags);
  if (secret !== undefined) options.secret = secret;
  else if (flags.plain.length === 0) {
    throw new ConfigurationError(
      'expected --secret-file or --secret-fd, by which sessions get in, or --plain SUBTREE: ' +
        'without any of them this server serves nobody',
    );
  }
  return options;
}

function address(text: string): Address {
  try {
    return parseAddress(text, '--listen');
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof NfsServerError || error instanceof ExportError;
}
