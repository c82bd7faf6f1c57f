/** `tmr monitor`: the paper's command, for parts that run already, on this machine or others. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { parseAddress, parseSessionPorts, Routes } from '../monitor/addresses.ts';
import { currentDirectory } from '../monitor/current-directory.ts';
import { ConfigurationError } from '../monitor/errors.ts';
import { launch } from '../monitor/launch.ts';
import { readCaller } from '../monitor/program.ts';
import { checkReportFile } from '../monitor/report-file.ts';
import { sessionSettings } from '../monitor/settings.ts';
import { StatusDirectory } from '../monitor/status-dir.ts';
import { parseVolumes, workingDirectory } from '../monitor/volumes.ts';
import { endAs } from './end-as.ts';
import { loadNative } from './load-native.ts';
import { readSecret } from '../monitor/secret.ts';
import { addSessionOptions, collect } from './session-options.ts';
import type { SessionCommandOptions } from './session-options.ts';

interface MonitorOptions extends Omit<SessionCommandOptions, 'replicas'> {
  tracers: string;
  nfs: string;
  listen?: string;
  volume: string[];
}

const REPLICAS_MAX = 7;

export function monitorCommand(): Command {
  const command = new Command('monitor')
    .description('Runs a command as voted replicas on tracer daemons that are there already.')
    .argument('<command>', 'program, as a shell would find it')
    .argument('[args...]', 'its arguments')
    .usage('--tracers H:P,H:P,H:P --nfs H:P [options] -- COMMAND [ARGS...]')
    .requiredOption('--tracers <host:port,...>', 'tracer daemons, one a replica (usually three)')
    .requiredOption('--nfs <host:port>', 'the NFS server')
    .addOption(
      new Option(
        '--listen <host:port>',
        'where session processes dial this monitor; port 0: any (default: the address by which ' +
          'the first tracer is reached)',
      ),
    )
    .addOption(
      new Option(
        '--volume <subtree=path>',
        'directory under the export, and where the replicas see it; repeatable, :ro at the end ' +
          'makes it read-only (default: the whole export as the current directory)',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      `
Durations have a unit: 50ms, 5s, 2m. All parts need the same secret.

Example, three tracers and the server on this machine:
  umask 077; head -c 32 /dev/urandom | base64 > secret
  tmr nfs --export /srv/data --listen 127.0.0.1:7100 --secret-file secret &
  for port in 7101 7102 7103; do tmr tracer --listen 127.0.0.1:$port --secret-file secret & done
  tmr monitor --secret-file secret --nfs 127.0.0.1:7100 --volume /=/data \\
    --tracers 127.0.0.1:7101,127.0.0.1:7102,127.0.0.1:7103 -- sha256sum /data/input.bin`,
    );
  return addSessionOptions(command).action(monitor);
}

async function monitor(name: string, args: string[], options: MonitorOptions): Promise<void> {
  const tracers = options.tracers.split(',').map((text) => parseAddress(text, '--tracers'));
  if (tracers.length > REPLICAS_MAX) {
    throw new ConfigurationError(
      `--tracers: expected 1 to ${REPLICAS_MAX} addresses, got ${tracers.length}`,
    );
  }
  const nfs = parseAddress(options.nfs, '--nfs');
  const listen =
    options.listen === undefined ? undefined : parseAddress(options.listen, '--listen');
  const settings = sessionSettings({ ...options, replicas: tracers.length });
  if (options.report !== undefined) checkReportFile(options.report);
  const sessionPorts = parseSessionPorts(options.sessionPorts, tracers.length);
  const routes = new Routes(options.via, tracers.length);
  const cwd = currentDirectory();
  const volumes = parseVolumes(options.volume, cwd);
  const secret = readSecret(options);
  if (secret === undefined) {
    throw new ConfigurationError(
      'expected --secret-file or --secret-fd: tracers and NFS server let in who knows their secret',
    );
  }
  const statusDirectory = new StatusDirectory();
  statusDirectory.clean();
  const session = randomBytes(8).toString('hex');
  statusDirectory.claim(session, []);
  const secretFile =
    options.secretFile === undefined
      ? statusDirectory.writeSecret(session, secret)
      : resolve(options.secretFile);
  process.once('exit', () => statusDirectory.remove(session));
  const caller = readCaller();
  const exit = await launch({
    session,
    secret,
    secretFile,
    command: [name, ...args],
    cwd: workingDirectory(volumes, cwd),
    settings,
    volumes,
    parts: () => Promise.resolve({ tracers, nfs, nfsPid: null }),
    listen,
    sessionPorts,
    routes,
    statusDirectory,
    progress: options.progress ?? false,
    native: await loadNative(),
    ...(caller === undefined ? {} : { caller }),
    ...(options.report === undefined ? {} : { reportFile: options.report }),
  });
  statusDirectory.remove(session);
  endAs(exit);
}
