/** `tmr nfs`: the file server as a process of its own. */
import { Command, InvalidArgumentError } from 'commander';
import { ExportError } from '../nfs/exports/export.ts';
import { NfsServer, NfsServerError, type NfsServerOptions } from '../nfs/server.ts';
import { ConfigurationError } from '../monitor/errors.ts';
import { readSecret } from '../monitor/secret.ts';
import type { Address } from '../wire/messages.ts';
import { secretOptions } from './secret-options.ts';

interface NfsFlags {
  export: string;
  listen: Address;
  plain: string[];
  plainAnyPort?: boolean;
  system: string;
  secretFile?: string;
  secretFd?: string;
  maxSessions: number;
  parentDeath?: true | number;
}

export function nfsCommand(): Command {
  const command = new Command('nfs')
    .description('Serve the volumes of sessions: NFSv3 and MOUNT over TCP, one slot for each call')
    .requiredOption('--export <root>', 'directory under which volumes and plain subtrees lie')
    .option('--listen <host:port>', 'address to listen on; port 0 picks a free one', parseAddress, {
      host: '127.0.0.1',
      port: 2049,
    })
    .option(
      '--plain <subtree>',
      'serve this subtree of the root to ordinary NFS clients on loopback; may be repeated',
      (subtree: string, known: string[]) => [...known, subtree],
      [],
    )
    .option(
      '--plain-any-port',
      'as root, believe user ids of plain clients also from ports above 1023',
    )
    .option('--system <tree>', 'read-only tree of everything else for replicas, or "none"', '/')
    .option('--max-sessions <n>', 'sessions at one time', parseCount, 64)
    .option(
      '--parent-death [pid]',
      'end when the parent process ends; with its pid, also when it has ended already',
      parseCount,
    )
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
Without a secret nobody can open a session. Status 78: the configuration was refused.

Examples:
  tmr nfs --export /srv/tmr --listen 127.0.0.1:20490 --secret-file ~/.tmr-secret
  tmr nfs --export /srv --plain data --listen 127.0.0.1:20490
  nfs-ls 'nfs://127.0.0.1/srv/data?version=3&nfsport=20490&mountport=20490'`;

async function serve(flags: NfsFlags): Promise<void> {
  if (flags.parentDeath !== undefined) await dieWithParent(flags.parentDeath);
  const server = new NfsServer(optionsOf(flags));
  const { host, port } = await server.listen();
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  process.stdout.write(`tmr nfs: listening on ${shown}:${port}\n`);
  await ended;
  await server.close();
}

/** The addon is loaded only here: nothing else of the server needs it. */
async function dieWithParent(given: true | number): Promise<void> {
  const parent = given === true ? process.ppid : given;
  const { setParentDeathSignal } = await import('ptrace-napi');
  const SIGTERM = 15;
  setParentDeathSignal(SIGTERM, parent);
}

function optionsOf(flags: NfsFlags): NfsServerOptions {
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
  return options;
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65535)) {
    throw new InvalidArgumentError('expected HOST:PORT, for example 127.0.0.1:2049');
  }
  return { host, port };
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(`expected a number, got ${text}`);
  }
  return value;
}

function isRefusal(error: unknown): error is Error {
  return error instanceof NfsServerError || error instanceof ExportError;
}
