/** `tmr`: the command line. Each subcommand's code is loaded only when it is asked for. */
import { Command, CommanderError } from 'commander';
import { ConfigurationError, exitStatus, messageOf, StartError } from '../monitor/errors.ts';
import { endOnFatalSignals } from './fatal-signals.ts';
import { TMR_VERSION } from '../wire/build-id.ts';

interface Subcommand {
  description: string;
  load: () => Promise<Command>;
}

const subcommands: Record<string, Subcommand> = {
  run: {
    description: 'run a command as three voted replicas on this machine',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  monitor: {
    description: 'run a command on tracer daemons and an NFS server that are there already',
    load: async () => (await import('./monitor.ts')).monitorCommand(),
  },
  tracer: {
    description: 'tracer daemon: runs one replica of each session that a monitor asks for',
    load: async () => (await import('./tracer.ts')).tracerCommand(),
  },
  nfs: {
    description: 'NFS server: executes each file operation once, on the word of two replicas',
    load: async () => (await import('./nfs.ts')).nfsCommand(),
  },
  contained: {
    description: 'a part of the system as the main process of a container (--hosts docker)',
    load: async () => (await import('./contained.ts')).containedCommand(),
  },
  doctor: {
    description: 'check what this machine and its Docker engine lack, and how to mend it',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  status: {
    description: 'show your sessions on this machine',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  clean: {
    description: 'remove what killed sessions left behind',
    load: async () => (await import('./clean.ts')).cleanCommand(),
  },
};

const program = new Command('tmr')
  .description(
    'Runs an unmodified Linux program as three replicas, votes at every system call,\n' +
      'masks a single fault and tells who failed.',
  )
  .version(`tmr ${TMR_VERSION}`, '-V, --version', 'show the version')
  .helpCommand('help [command]', 'show help of a command')
  .enablePositionalOptions()
  .showHelpAfterError('(tmr --help shows what there is)')
  .addHelpText(
    'after',
    `
Examples:
  tmr run -- sha256sum data.bin           three replicas here, files and output as usual
  tmr run --report r.json -- ./simulation with who failed, when and how in r.json
  tmr status --json                       pids and addresses of running sessions

Exit status: that of the command; 125 tmr failed or stopped safely, 126 and 127 as env(1),
78 the options are refused. "tmr COMMAND --help" explains each option.`,
  );

endOnFatalSignals();
try {
  await addSubcommands();
  for (const command of [program, ...program.commands]) command.exitOverride();
  const unknown = unknownCommand();
  if (unknown === undefined) await program.parseAsync();
  // By itself, so that no help option or help command comes before the complaint.
  else await program.parseAsync([unknown], { from: 'user' });
} catch (error) {
  process.exitCode = statusOf(error);
}

/** The word in the place of a command, also after `help`. */
function askedCommand(): string | undefined {
  const words = process.argv.slice(2);
  return words[0] === 'help' ? words[1] : words[0];
}

/** What is asked for and is no command of ours. */
function unknownCommand(): string | undefined {
  const asked = askedCommand();
  if (asked === undefined || asked.startsWith('-') || asked === 'help') return undefined;
  return Object.hasOwn(subcommands, asked) ? undefined : asked;
}

/** The one that is asked for in full, the others by name, for help and "did you mean". */
async function addSubcommands(): Promise<void> {
  const asked = askedCommand();
  for (const [name, { description, load }] of Object.entries(subcommands)) {
    program.addCommand(name === asked ? await load() : new Command(name).description(description));
  }
}

/** Wrong usage is a refused configuration; help and version are no error. */
function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitStatus.refused;
  process.stderr.write(`tmr: ${messageOf(error)}\n`);
  if (error instanceof ConfigurationError || error instanceof StartError) return error.exitStatus;
  // Not one of the errors that tell what to do: say where it comes from.
  if (error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitStatus.failed;
}
