/** Starts the replica: which file, which environment, and the state the tracer keeps for it. */
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import * as native from 'ptrace-napi';
import type { Exited, Running, Stopped } from 'ptrace-napi';
import { buildId } from '../../wire/build-id.ts';
import type { FileDigest } from '../../wire/file-digest.ts';
import type { SessionPlan } from '../../wire/session-plan.ts';
import { PathPolicy } from '../files/path-policy.ts';
import type { FileService } from '../files/types.ts';
import { programImages } from '../images/closure.ts';
import type { ProcessState } from '../process-state.ts';
import { initialProcessState } from '../syscalls/initial-state.ts';
import { removeCopies, resolveProgram } from '../syscalls/program.ts';

const SIGKILL = 9;

export interface Launched {
  /** At its exec stop. */
  tracee: Stopped;
  process: ProcessState;
  /** Program and libraries, for the monitor to compare before anything runs (R0). */
  files: FileDigest[];
  /** Of these and of the build, for rendezvous 0 (R0). */
  digest: { hi: number; lo: number };
  kill(tracee: Stopped): void;
  cleanUp(): void;
}

/** Throws SyscallError when the program cannot be found or run, PtraceError when ptrace refuses. */
export function launchReplica(
  plan: SessionPlan,
  files: FileService,
  cpus: readonly number[],
): Launched {
  const state = initialProcessState(plan);
  try {
    return spawnReplica(plan, files, state, cpus);
  } catch (error) {
    removeCopies(state);
    throw error;
  }
}

function spawnReplica(
  plan: SessionPlan,
  files: FileService,
  state: ProcessState,
  cpus: readonly number[],
): Launched {
  const { program, settings } = plan;
  const image = resolveProgram(files, state, Buffer.from(program.typed ?? program.file));
  const images = programImages(image.files, state.env, localPaths(plan));
  const tracee = withDevNull((fd) =>
    native.spawn({
      file: image.localPath,
      args: image.args,
      env: state.env,
      cwd: '/',
      stdio: [fd, fd, fd],
      rlimits: program.rlimits.map(({ resource, soft, hard }) => ({
        resource,
        soft: limit(soft),
        hard: limit(hard),
      })),
      umask: 0,
      affinity: cpus,
      disableAslr: true,
      trapTsc: settings.tsc !== 'native',
      seccompAllow: [],
    }),
  );
  return {
    tracee,
    process: state,
    files: images,
    digest: imagesDigest(images),
    kill: endTracee,
    cleanUp: () => image.cleanUp(),
  };
}

/** Ends a replica in whatever state it is, and reaps it. */
function endTracee(tracee: Stopped): void {
  let now = tracee as Stopped | Running | Exited;
  if (now.state === 'exited') return;
  native.kill(now.pid, SIGKILL);
  while (now.state !== 'exited') now = now.state === 'running' ? now.wait() : now.destroy();
}

function limit(value: number | 'infinity'): number {
  return value === 'infinity' ? Infinity : value;
}

/** Which paths each host's kernel opens by itself. */
function localPaths(plan: SessionPlan): (path: string) => boolean {
  const policy = new PathPolicy(
    plan.volumes.map(({ path }) => Buffer.from(path).toString('latin1')),
  );
  return (path) => policy.deepest(path.split('/').slice(1))?.route.kind === 'local';
}

function imagesDigest(files: readonly FileDigest[]): { hi: number; lo: number } {
  const hash = createHash('sha256').update(buildId());
  for (const { path, sha256 } of files) hash.update(`\0${path}\0${sha256}`);
  const digest = hash.digest();
  return { hi: digest.readUInt32BE(0), lo: digest.readUInt32BE(4) };
}

/** Placeholders for the standard streams: the kernel's side is never read or written. */
function withDevNull<T>(use: (fd: number) => T): T {
  const fd = openSync('/dev/null', 'r+');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
