/** `tmr tracer`: the tracer daemon as a command. */
import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import type { Address } from '../wire/messages.ts';
import { isLoopback, parseAddress } from '../monitor/addresses.ts';
import { ConfigurationError, exitStatus } from '../monitor/errors.ts';
import { readSecret, type SecretOptions } from '../monitor/secret.ts';
import { secretOptions } from './secret-options.ts';

interface TracerOptions extends SecretOptions {
  listen: Address;
  maxSessions: number;
  keepIdle: number;
  parentDeath?: boolean;
}

export function tracerCommand(): Command {
  const command = new Command('tracer')
    .description('tracer daemon: runs one replica of each session that a monitor asks for')
    .requiredOption('--listen <host:port>', 'where monitors dial, e.g. 127.0.0.1:7101', address)
    .option('--max-sessions <n>', 'sessions at once; more are refused by name', positive, 16)
    .option(
      '--keep-idle <n>',
      'session processes kept ready (a start costs 50 ms of CPU)',
      positive,
      1,
    )
    .option('--parent-death', 'end when the process that started this daemon ends')
    .addHelpText(
      'after',
      `
Examples:
  tmr tracer --listen 127.0.0.1:7101
  tmr tracer --listen 10.0.0.5:7101 --secret-file ~/.tmr-secret

A tracer runs commands for whoever knows the secret: an address other than loopback needs one.`,
    );
  for (const option of secretOptions()) command.addOption(option);
  return command.action((options: TracerOptions) => serve(options));
}

async function serve(options: TracerOptions): Promise<void> {
  let secret: Buffer | undefined;
  try {
    secret = readSecret(options);
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(error.message);
    throw error;
  }
  const { host } = options.listen;
  if (secret === undefined && !isLoopback(host)) {
    return refuse(
      `expected --secret-file or --secret-fd with --listen ${host}: a tracer runs commands`,
    );
  }
  if (options.parentDeath === true) {
    const { setParentDeathSignal } = await import('ptrace-napi');
    setParentDeathSignal(15, process.ppid);
  }
  const { TracerDaemon } = await import('../tracer/daemon.ts');
  const daemon = new TracerDaemon({
    listen: options.listen,
    // Without a secret of the user's nobody gets in, and the daemon says so.
    secret: secret ?? randomBytes(32),
    maxSessions: options.maxSessions,
    keepIdle: options.keepIdle,
  });
  let listening: Address;
  try {
    listening = await daemon.listen();
  } catch (error) {
    return refuse(`cannot listen on ${host}:${options.listen.port}: ${(error as Error).message}`);
  }
  process.title = `tmr tracer ${listening.host}:${listening.port}`;
  process.stdout.write(`tmr tracer: listening on ${listening.host}:${listening.port}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      daemon.close();
      process.exit(0);
    });
  }
}

function refuse(reason: string): never {
  process.stderr.write(`tmr tracer: ${reason}\n`);
  process.exit(exitStatus.refused);
}

function address(text: string): Address {
  try {
    return parseAddress(text, '--listen');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a positive whole number, got "${text}".`);
}
