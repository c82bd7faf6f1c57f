/** `tmr run`: everything on this machine, started and stopped for the user. */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, realpathSync, rmSync } from 'node:fs';
import { Command, Option } from 'commander';
import { parseSessionPorts, Routes } from '../monitor/addresses.ts';
import { currentDirectory } from '../monitor/current-directory.ts';
import { ConfigurationError, messageOf, StartError } from '../monitor/errors.ts';
import { removeLeftovers } from '../monitor/leftovers.ts';
import { launch } from '../monitor/launch.ts';
import type { Parts } from '../monitor/launch.ts';
import { checkReportFile } from '../monitor/report-file.ts';
import { sessionSettings } from '../monitor/settings.ts';
import { StatusDirectory } from '../monitor/status-dir.ts';
import { runVolumes, sharesTree } from '../monitor/volumes.ts';
import { dockerOptions, type DockerCommandOptions } from './docker-options.ts';
import { endAs } from './end-as.ts';
import { LocalFileServer } from './local-file-server.ts';
import { loadNative } from './load-native.ts';
import { readSecret } from '../monitor/secret.ts';
import { addSessionOptions, replicasOption } from './session-options.ts';
import type { SessionCommandOptions } from './session-options.ts';

interface RunOptions extends Omit<SessionCommandOptions, 'replicas'>, DockerCommandOptions {
  replicas: string;
  privateTmp: boolean;
  hosts: string;
}

const SECRET_BYTES = 32;

export function runCommand(): Command {
  const command = new Command('run')
    .description('Runs a command as three voted replicas on this machine.')
    .argument('<command>', 'program, as a shell would find it')
    .argument('[args...]', 'its arguments')
    .usage('[options] -- COMMAND [ARGS...]')
    .addOption(replicasOption())
    .addOption(new Option('--private-tmp', 'an empty /tmp, removed at the end').default(false))
    .addOption(
      new Option('--hosts <hosts>', 'processes of this machine, or containers')
        .choices(['local', 'docker'])
        .default('local'),
    )
    .addHelpText(
      'after',
      `
The current directory and /tmp are writable, everything else you may read is readable; a write
elsewhere gets EROFS. Durations have a unit: 50ms, 5s, 2m.

Examples:
  tmr run -- sha256sum data.bin
  generate | tmr run --timeout 500ms --report r.json -- ./simulation --steps 100 > out.txt
  tmr run --hosts docker -- sha256sum data.bin
  tmr run --replicas 1 --seed 42 --clock virtual -- awk 'BEGIN { srand(); print rand() }'`,
    );
  for (const option of dockerOptions()) command.addOption(option);
  return addSessionOptions(command).action(run);
}

async function run(name: string, args: string[], options: RunOptions): Promise<void> {
  const replicas = Number(options.replicas);
  const settings = sessionSettings({ ...options, replicas });
  if (options.report !== undefined) checkReportFile(options.report);
  if (options.hosts === 'docker') {
    const { runInContainers } = await import('./run-docker.ts');
    await runInContainers([name, ...args], replicas, options);
  }
  refuseDockerOptions(options);
  const sessionPorts = parseSessionPorts(options.sessionPorts, replicas);
  const routes = new Routes(options.via, replicas);
  const cwd = currentDirectory();
  const statusDirectory = new StatusDirectory();
  statusDirectory.clean();
  removeLeftovers();
  const session = randomBytes(8).toString('hex');
  const secret = readSecret(options) ?? Buffer.from(randomBytes(SECRET_BYTES).toString('hex'));
  const privateTmp = options.privateTmp ? `/tmp/tmr-private-${session}` : undefined;
  statusDirectory.claim(session, privateTmp === undefined ? [] : [privateTmp]);
  const secretFile = statusDirectory.writeSecret(session, secret);
  if (privateTmp !== undefined) mkdirSync(privateTmp, { mode: 0o700 });
  const putAway = (): void => {
    statusDirectory.remove(session);
    if (privateTmp !== undefined) rmSync(privateTmp, { recursive: true, force: true });
  };
  process.once('exit', putAway);
  const othersWrite = statusDirectory.list().flatMap(({ internal }) =>
    // Everybody's /tmp is close-to-open in any case.
    internal.writes.filter((path) => path !== '/tmp'),
  );
  const volumes = runVolumes({
    cwd,
    tmp: realpathSync('/tmp'),
    othersWrite,
    ...(privateTmp === undefined ? {} : { privateTmp }),
  });
  const caches = settings.caches && !sharesTree(volumes, othersWrite);
  const local = new LocalParts(secret, secretFile, replicas);
  const exit = await launch({
    session,
    secret,
    secretFile,
    command: [name, ...args],
    cwd,
    settings: { ...settings, caches },
    volumes,
    parts: () => local.start(),
    listen: { host: '127.0.0.1', port: 0 },
    sessionPorts,
    routes,
    statusDirectory,
    progress: options.progress ?? false,
    native: await loadNative(),
    ...(options.report === undefined ? {} : { reportFile: options.report }),
  });
  await local.stop();
  putAway();
  endAs(exit);
}

/** They would do nothing, and somebody would rely on a limit that is none. */
function refuseDockerOptions(options: RunOptions): void {
  const given = {
    '--engines': options.engines !== undefined,
    '--base-image': options.baseImage !== undefined,
    '--image-include': options.imageInclude.length > 0,
    '--transfer': options.transfer !== 'auto',
    '--container-memory': options.containerMemory !== undefined,
    '--container-pids': options.containerPids !== undefined,
    '--container-cpus': options.containerCpus !== undefined,
  };
  for (const [name, is] of Object.entries(given)) {
    if (is) throw new ConfigurationError(`${name} is for containers: add --hosts docker`);
  }
}

/** NFS server as a child; tracer daemons in this process: they only hand out session processes. */
class LocalParts {
  readonly #secret: Buffer;
  readonly #secretFile: string;
  readonly #replicas: number;
  #fileServer: LocalFileServer | undefined;
  #daemons: { close(): void }[] = [];

  constructor(secret: Buffer, secretFile: string, replicas: number) {
    this.#secret = secret;
    this.#secretFile = secretFile;
    this.#replicas = replicas;
  }

  async start(): Promise<Parts> {
    const secretFd = openSync(this.#secretFile, 'r');
    try {
      this.#fileServer = new LocalFileServer({ root: '/', secretFd });
    } finally {
      closeSync(secretFd);
    }
    const [nfs, tracers] = await Promise.all([this.#fileServer.address, this.#startDaemons()]);
    return { nfs, nfsPid: this.#fileServer.pid, tracers };
  }

  async stop(): Promise<void> {
    for (const daemon of this.#daemons) daemon.close();
    await this.#fileServer?.stop();
  }

  async #startDaemons(): Promise<Parts['tracers']> {
    try {
      const { TracerDaemon } = await import('../tracer/daemon.ts');
      const daemons = Array.from(
        { length: this.#replicas },
        () =>
          new TracerDaemon({
            listen: { host: '127.0.0.1', port: 0 },
            secret: this.#secret,
            maxSessions: 1,
            keepIdle: 1,
          }),
      );
      this.#daemons = daemons;
      return await Promise.all(daemons.map((daemon) => daemon.listen()));
    } catch (error) {
      throw new StartError(`cannot start the tracers: ${messageOf(error)}`);
    }
  }
}
