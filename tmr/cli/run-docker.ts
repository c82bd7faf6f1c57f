/** `tmr run --hosts docker`: the same run in containers, started and removed for the user. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { demultiplex } from '../containers/demultiplex.ts';
import { asked } from '../containers/limits.ts';
import { openRoom } from '../containers/open-room.ts';
import type { ContainerRoom, SessionExec } from '../containers/room.ts';
import { syncBack } from '../containers/sync-back.ts';
import { currentDirectory } from '../monitor/current-directory.ts';
import { ConfigurationError, exitStatus, messageOf } from '../monitor/errors.ts';
import { say } from '../monitor/launch.ts';
import { callerVariable, findProgram } from '../monitor/program.ts';
import { writeReport } from '../monitor/report-file.ts';
import { report as reportSchema, type Report } from '../monitor/report-schema.ts';
import { campaignPrefix } from '../wire/temporary-names.ts';
import { startTimeOf } from '../monitor/process-start.ts';
import type { DockerCommandOptions } from './docker-options.ts';
import { endAs } from './end-as.ts';
import type { SessionCommandOptions } from './session-options.ts';

type Options = Omit<SessionCommandOptions, 'replicas'> & DockerCommandOptions;

/** In the private memory of the monitor's container. */
const REPORT = '/run/tmr/report.json';
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** Interrupts that the session may answer before it is taken away. */
const INTERRUPTS_MAX = 3;

export async function runInContainers(
  command: readonly string[],
  replicas: number,
  options: Options,
): Promise<never> {
  refuseLocalOptions(options);
  const cwd = currentDirectory();
  const { programs, onVolumes } = whereIs(command[0] ?? '', cwd);
  const root = process.getuid?.() === 0;
  const make = await openRoom(
    {
      engines: options.engines === undefined ? [] : options.engines.split(','),
      baseImage: options.baseImage ?? null,
      include: options.imageInclude.map((path) => resolve(path)),
      sessionPorts: options.sessionPorts,
      // The ordinary user of the containers could not write what is root's.
      transfer: root && options.transfer === 'auto' ? 'copy' : options.transfer,
      shared: [cwd],
      replicas,
      jobs: 1,
      programs,
      onVolumes,
      limits: asked({
        memoryBytes: options.containerMemory,
        pids: options.containerPids,
        cpus: options.containerCpus,
      }),
    },
    say,
  );
  const room = make(() => undefined);
  try {
    await room.ready();
    const exit = await runSession(room, command, cwd, options);
    await room.close();
    endAs(exit);
  } catch (error) {
    await room.close();
    throw error;
  }
}

async function runSession(
  room: ContainerRoom,
  command: readonly string[],
  cwd: string,
  options: Options,
): Promise<{ status: number } | { signal: number }> {
  const { stdin, stdout } = process;
  const tty = stdin.isTTY && stdout.isTTY;
  const session = await room.startSession(
    ['--report', REPORT, ...monitorOptions(cwd, options), '--', ...command],
    { cwd, environment: callerVariable(), tty },
  );
  const restore = forwardSignals(room, session);
  try {
    await carryStreams(session, tty);
    const status = await session.status();
    const report = await readReport(room);
    if (room.copies) await bringBack(room, cwd);
    if (report !== undefined && options.report !== undefined) writeReport(options.report, report);
    return report?.exit ?? { status };
  } finally {
    restore();
    session.release();
  }
}

/** Of the containers' world, hence not of this command line. */
function refuseLocalOptions(options: Options): void {
  const refused = {
    '--via': options.via.length > 0,
    '--interpose': options.interpose,
    '--secret-file': options.secretFile,
    '--secret-fd': options.secretFd,
  };
  for (const [name, given] of Object.entries(refused)) {
    if (given)
      throw new ConfigurationError(`${name} is for local hosts; expected none with --hosts docker`);
  }
}

/** A program below the working directory comes by the volume, any other by the image. */
function whereIs(name: string, cwd: string): { programs: string[]; onVolumes: string[] } {
  const found = findProgram(name, process.env['PATH'] ?? '/bin:/usr/bin', cwd);
  const path = isAbsolute(found) ? found : join(cwd, found);
  const real = realpathSync(path);
  const here = real.startsWith(`${cwd}/`);
  return here ? { programs: [], onVolumes: [real] } : { programs: [path], onVolumes: [] };
}

function monitorOptions(cwd: string, options: Options): string[] {
  const args: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(name, value);
  };
  add('--timeout', options.timeout);
  add('--policy', options.policy);
  add('--detect', options.detect);
  add('--timeout-from', options.timeoutFrom);
  add('--link-delay', options.linkDelay);
  add('--ask-delay', options.askDelay);
  add('--start-timeout', options.startTimeout);
  add('--service-timeout', options.serviceTimeout);
  add('--seed', options.seed);
  add('--clock', options.clock);
  add('--tsc', options.tsc);
  add('--placement', options.placement);
  if (options.strictCalls === true) args.push('--strict-calls');
  if (!options.caches) args.push('--no-caches');
  if (options.progress === true) args.push('--progress');
  return [...args, '--volume', '/=/:ro', '--volume', '/tmp=/tmp', '--volume', `${cwd}=${cwd}`];
}

async function carryStreams(session: SessionExec, tty: boolean): Promise<void> {
  const { connection } = session;
  const { stdin, stdout, stderr } = process;
  // Who reads our output has gone: natively SIGPIPE would tell the program.
  stdout.on('error', () => connection.destroy());
  const resize = (): void =>
    void session.resize(stdout.columns, stdout.rows).catch(() => undefined);
  if (tty) {
    stdin.setRawMode(true);
    resize();
    process.on('SIGWINCH', resize);
  }
  stdin.pipe(connection);
  connection.on('error', () => undefined);
  try {
    if (tty) for await (const bytes of connection) stdout.write(bytes as Buffer);
    else await demultiplex(connection, stdout, stderr).catch(() => undefined);
  } finally {
    stdin.unpipe(connection);
    stdin.destroy();
    if (tty) stdin.setRawMode(false);
    process.off('SIGWINCH', resize);
  }
}

function forwardSignals(room: ContainerRoom, session: SessionExec): () => void {
  let count = 0;
  const handlers = FORWARDED.map((signal) => {
    const handler = (): void => {
      if (++count >= INTERRUPTS_MAX) session.connection.destroy();
      else void room.signal(signal).catch(() => session.connection.destroy());
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

async function readReport(room: ContainerRoom): Promise<Report | undefined> {
  const text = await room.readFile(REPORT);
  if (text === undefined) return undefined;
  const result = reportSchema.safeParse(JSON.parse(text));
  return result.success ? result.data : undefined;
}

/** What the program did to the directory, done to the user's. */
async function bringBack(room: ContainerRoom, cwd: string): Promise<void> {
  const name = `${campaignPrefix}${process.pid}-${startTimeOf(process.pid) ?? 0}-`;
  const copy = join('/tmp', `${name}${randomBytes(4).toString('hex')}`);
  mkdirSync(copy, { mode: 0o700 });
  try {
    await room.pull(cwd, copy);
    syncBack(copy, cwd, room.pushed(cwd));
  } catch (error) {
    say(`the files could not be copied back from the containers: ${messageOf(error)}`);
    process.exitCode = exitStatus.failed;
    throw error;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
