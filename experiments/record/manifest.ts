import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, version } from 'node:os';
import { join } from 'node:path';
import type { DockerOptions, HostsName, KeepPolicy } from '../../harness/types.ts';
import { projectRoot } from '../project-root.ts';
import type { Design, PresetName } from '../types.ts';

/** Everything about a run that is not a trial: what, with what, on what, when. */
export interface Manifest {
  version: 1;
  experiment: string;
  question: string;
  /** The master seed: all others derive from it. */
  seed: number;
  argv: string[];
  preset: PresetName;
  /** The design with every default filled in. */
  design: Design;
  workloadCommand: string[] | null;
  keep: KeepPolicy;
  jobs: number;
  plannedTrials: number;
  startedAt: string;
  /** Null while it runs, or when it was killed. */
  endedAt: string | null;
  state: 'running' | 'complete' | 'interrupted' | 'failed';
  loadAverageStart: number[];
  loadAverageEnd: number[] | null;
  code: { commit: string | null; dirty: boolean | null; packageLockSha256: string | null };
  /** SHA-256 of each executed file, by workload and path. */
  workloadBinaries: Record<string, Record<string, string>>;
  machine: Machine;
  /** Options of the docker hosts; null, or absent in older runs, where there were none. */
  docker?: DockerOptions | null;
  /** What each kind of hosts says of itself: engines, images, limits. */
  hosts?: Record<string, unknown>;
}

export interface Machine {
  node: string;
  v8: string;
  openssl: string;
  libc: string | null;
  kernel: string;
  kernelVersion: string;
  architecture: string;
  cpuModel: string | null;
  cores: number;
  cpuFlagsSha256: string | null;
  memoryBytes: number;
  /** `hypervisor` is among the CPU flags. */
  virtualMachine: boolean | null;
  clocksource: string | null;
  ptraceScope: string | null;
  bootId: string | null;
  hostsUsed: HostsName[];
}

export function describeMachine(hostsUsed: HostsName[]): Machine {
  const flags = /^flags\s*:\s*(.*)$/m.exec(read('/proc/cpuinfo') ?? '')?.[1] ?? null;
  return {
    node: process.version,
    v8: process.versions.v8,
    openssl: process.versions.openssl ?? '',
    libc: libcVersion(),
    kernel: release(),
    kernelVersion: version(),
    architecture: arch(),
    cpuModel: cpus()[0]?.model ?? null,
    cores: cpus().length,
    cpuFlagsSha256: flags === null ? null : sha256(flags),
    memoryBytes: totalmem(),
    virtualMachine: flags === null ? null : / hypervisor( |$)/.test(` ${flags}`),
    clocksource: read('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    ptraceScope: read('/proc/sys/kernel/yama/ptrace_scope'),
    bootId: read('/proc/sys/kernel/random/boot_id'),
    hostsUsed,
  };
}

/** Nulls where this is no git checkout or git is missing. */
export function describeCode(): Manifest['code'] {
  const root = projectRoot();
  const git = (...args: string[]): string | null => {
    try {
      return execFileSync('git', ['-C', root, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return null;
    }
  };
  const changes = git('status', '--porcelain', '--untracked-files=no');
  const lock = join(root, 'package-lock.json');
  return {
    commit: git('rev-parse', 'HEAD'),
    dirty: changes === null ? null : changes !== '',
    packageLockSha256: existsSync(lock) ? sha256(readFileSync(lock)) : null,
  };
}

export function loadAverage(): number[] {
  return loadavg().map((load) => Math.round(load * 100) / 100);
}

function libcVersion(): string | null {
  // The report gives glibc's version without starting a process; musl has none.
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  const glibc = report?.header?.glibcVersionRuntime;
  return glibc === undefined ? null : `glibc ${glibc}`;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
