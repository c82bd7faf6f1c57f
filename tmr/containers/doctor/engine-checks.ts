/** Is there an engine that `--hosts docker` can use, and can it trace in its containers? */
import { existsSync, statfsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Container } from 'dockerode';
import { z } from 'zod';
import { messageOf } from '../../monitor/errors.ts';
import { removeContainer } from '../container.ts';
import { demultiplex } from '../demultiplex.ts';
import { openEngine, type Engine, type EngineLocation } from '../engine.ts';
import { ensureImage, imagePaths } from '../image.ts';
import { ownerLabel } from '../leftovers.ts';
import { hardened, ordinaryUser, userText } from '../privileges.ts';
import { checkSchema, look, type Check } from './check.ts';

/** What /info tells and dockerode's types do not have in full. */
interface EngineInfo {
  DockerRootDir?: string;
  ServerVersion?: string;
  OSType?: string;
  Architecture?: string;
  MemoryLimit?: boolean;
  CpuCfsQuota?: boolean;
  PidsLimit?: boolean;
  SecurityOptions?: string[] | null;
  Warnings?: string[] | null;
}

const GIB = 2 ** 30;
const SPACE_BYTES_MIN = GIB;
const LIMITS = { memoryBytes: GIB / 2, pids: 128, cpus: 1 };
const INSIDE_MS = 60_000;
const neededFor = 'docker hosts';

/** All checks of an engine; the first alone when it cannot be used. */
export async function engineChecks(
  location: EngineLocation,
  onLine: (line: string) => void,
): Promise<Check[]> {
  let engine: Engine;
  let info: EngineInfo;
  try {
    engine = await openEngine(location);
    info = (await engine.docker.info()) as EngineInfo;
  } catch (error) {
    return [failedEngine(messageOf(error))];
  }
  const about = `Docker ${info.ServerVersion ?? '?'} at ${engine.url}, API ${engine.apiVersion}`;
  return [
    { name: 'engine', neededFor, status: 'ok', found: about, mend: '' },
    await platform(info),
    await space(engine, info),
    await limits(info),
    await seccomp(info),
    ...(await insideContainer(engine, onLine)),
  ];
}

/** Messages of openEngine are `what is wrong: what to do`. */
function failedEngine(message: string): Check {
  const [, found = message, mend = 'see the log of dockerd'] =
    /^(.*?): (.*)$/s.exec(message.replace('://', '\0')) ?? [];
  const restored = (part: string): string => part.replace('\0', '://');
  return {
    name: 'engine',
    neededFor,
    status: 'missing',
    found: restored(found),
    mend: restored(mend),
  };
}

function platform(info: EngineInfo): Promise<Check> {
  const mend = "use an engine on x86-64 Linux: its containers run this machine's programs";
  return look({ name: 'platform', neededFor, mend }, () => {
    const found = `${info.OSType ?? '?'} ${info.Architecture ?? '?'}`;
    if (found !== 'linux x86_64') throw new Error(found);
    return found;
  });
}

function space({ url }: Engine, { DockerRootDir = '' }: EngineInfo): Promise<Check> {
  const mend = 'make room: an image takes about 150 MiB, the volumes of trials come on top';
  return look({ name: 'disk space', neededFor, mend, otherwise: 'warning' }, () => {
    if (!url.startsWith('unix:') || !existsSync(DockerRootDir)) {
      return `not known: the engine keeps its data elsewhere (${DockerRootDir})`;
    }
    const { bavail, bsize } = statfsSync(DockerRootDir);
    const found = `${((bavail * bsize) / GIB).toFixed(1)} GiB free in ${DockerRootDir}`;
    if (bavail * bsize < SPACE_BYTES_MIN) throw new Error(found);
    return found;
  });
}

function limits(info: EngineInfo): Promise<Check> {
  const mend =
    "faults that change limits and the containers' own bounds will not work; enable these control groups in the kernel";
  return look({ name: 'resource limits', neededFor, mend, otherwise: 'warning' }, () => {
    const { MemoryLimit, CpuCfsQuota, PidsLimit, Warnings } = info;
    const lacking = Object.entries({ memory: MemoryLimit, cpu: CpuCfsQuota, pids: PidsLimit })
      .filter(([, supported]) => supported !== true)
      .map(([name]) => name);
    if (lacking.length === 0) return 'memory, cpu, pids';
    throw new Error(`no limits of ${lacking.join(', ')} (${(Warnings ?? []).join('; ')})`);
  });
}

function seccomp({ SecurityOptions }: EngineInfo): Promise<Check> {
  const mend = 'use an engine and kernel with seccomp (CONFIG_SECCOMP_FILTER)';
  return look({ name: 'seccomp profiles', neededFor, mend }, () => {
    const found = (SecurityOptions ?? []).find((option) => option.includes('seccomp'));
    if (found === undefined) throw new Error('not supported by the engine');
    return found;
  });
}

/** `tmr doctor --inside` in a container such as those of a run: nothing that ours have not. */
async function insideContainer(engine: Engine, onLine: (line: string) => void): Promise<Check[]> {
  const name = 'in a container';
  try {
    const checks = z.array(checkSchema).parse(JSON.parse(await runInside(engine, onLine)));
    return checks.map((check) => ({ ...check, name: `${name}: ${check.name}`, neededFor }));
  } catch (error) {
    const mend = 'see the message of the engine; tmr doctor needs no more than a run does';
    return [{ name, neededFor, status: 'missing', found: messageOf(error), mend }];
  }
}

async function runInside(engine: Engine, onLine: (line: string) => void): Promise<string> {
  const user = ordinaryUser();
  const Image = await ensureImage(engine, { programs: [], include: [], baseImage: null }, onLine);
  let container: Container | undefined;
  const timer = setTimeout(() => void removeContainer(container), INSIDE_MS);
  try {
    container = await engine.docker.createContainer({
      Image,
      Cmd: [imagePaths.node, imagePaths.script, 'doctor', '--inside'],
      User: userText(user),
      Env: ['HOME=/tmp'],
      Labels: ownerLabel(),
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: { ...hardened(user, LIMITS), NetworkMode: 'none' },
    });
    const connection = await container.attach({ stream: true, stdout: true, stderr: true });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const [said, complained] = [text(stdout), text(stderr)];
    await container.start();
    await demultiplex(connection as unknown as PassThrough, stdout, stderr);
    stdout.end();
    stderr.end();
    if ((await said) === '') throw new Error(`it ended: ${await complained}`);
    return await said;
  } finally {
    clearTimeout(timer);
    await removeContainer(container);
  }
}
