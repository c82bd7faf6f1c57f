/**
 * /dev, /proc and /sys as the replicas see them: made here, the same in all replicas. What is not
 * in this table does not exist.
 */
import { createHash } from 'node:crypto';
import type { FileAttributes } from '../files/types.ts';
import type { CallRun } from '../ports.ts';
import { programElapsedNs, readClock, Clock } from '../determinism/clock.ts';
import { fail } from './fail.ts';
import * as proc from './proc-content.ts';

export type VirtualNode =
  | { type: 'file'; content: (run: CallRun) => Buffer }
  | { type: 'directory'; names: (run: CallRun) => string[] }
  | { type: 'symlink'; target: (run: CallRun) => Buffer }
  /** `native`: the kernel's own device, the same everywhere. `random`: the session's bytes. */
  | { type: 'char'; major: number; minor: number; behaviour: 'native' | 'random' | 'no-terminal' };

const text = (make: (run: CallRun) => string): VirtualNode => ({
  type: 'file',
  content: (run) => Buffer.from(make(run), 'latin1'),
});
const link = (make: (run: CallRun) => string | Buffer): VirtualNode => ({
  type: 'symlink',
  target: (run) => Buffer.from(make(run) as string),
});
const device = (
  minor: number,
  behaviour: 'native' | 'random' | 'no-terminal',
  major = 1,
): VirtualNode => ({ type: 'char', major, minor, behaviour });

/** Directories are made from the paths below them, and from these. */
const nodes = new Map<string, VirtualNode>(
  Object.entries({
    '/dev/null': device(3, 'native'),
    '/dev/zero': device(5, 'native'),
    '/dev/full': device(7, 'native'),
    '/dev/random': device(8, 'random'),
    '/dev/urandom': device(9, 'random'),
    '/dev/tty': device(0, 'no-terminal', 5),
    '/dev/fd': link(() => '/proc/self/fd'),
    '/dev/stdin': link(() => '/proc/self/fd/0'),
    '/dev/stdout': link(() => '/proc/self/fd/1'),
    '/dev/stderr': link(() => '/proc/self/fd/2'),
    '/proc/self': link((run) => String(run.process.pid)),
    '/proc/self/cmdline': text((run) => joined(run.process.args)),
    '/proc/self/comm': text((run) => `${run.process.comm.toString('latin1')}\n`),
    '/proc/self/environ': text((run) => joined(run.process.env)),
    '/proc/self/limits': text(proc.limits),
    '/proc/self/maps': text(proc.maps),
    '/proc/self/mountinfo': text(proc.mountInfo),
    '/proc/self/mounts': text(proc.mounts),
    '/proc/self/oom_score_adj': text(() => '0\n'),
    '/proc/self/cgroup': text(() => '0::/\n'),
    '/proc/self/stat': text(proc.stat),
    '/proc/self/statm': text(() => '2560 768 640 32 0 256 0\n'),
    '/proc/self/status': text(proc.status),
    '/proc/self/cwd': link((run) => run.process.cwd),
    '/proc/self/exe': link((run) => run.process.executable),
    '/proc/self/root': link(() => '/'),
    '/proc/self/fd': {
      type: 'directory',
      names: (run) => [...run.process.descriptors.keys()].sort((a, b) => a - b).map(String),
    },
    '/proc/cpuinfo': text(proc.cpuInfo),
    '/proc/filesystems': text(
      () => 'nodev\ttmpfs\nnodev\tproc\nnodev\tsysfs\nnodev\tnfs\n\text4\n',
    ),
    '/proc/loadavg': text((run) => `0.00 0.00 0.00 1/1 ${run.process.pid}\n`),
    '/proc/meminfo': text(proc.memoryInfo),
    '/proc/mounts': link(() => 'self/mounts'),
    '/proc/stat': text(proc.machineStat),
    '/proc/uptime': text((run) => {
      const up = proc.seconds(readClock(Clock.boottime, run.process, elapsedNs(run)));
      return `${up} ${up}\n`;
    }),
    '/proc/version': text(
      (run) => `Linux version ${proc.kernelRelease} (${run.plan.program.hostName}) #1 SMP\n`,
    ),
    '/proc/sys/kernel/hostname': text((run) => `${run.plan.program.hostName}\n`),
    '/proc/sys/kernel/osrelease': text(() => `${proc.kernelRelease}\n`),
    '/proc/sys/kernel/ostype': text(() => 'Linux\n'),
    '/proc/sys/kernel/pid_max': text(() => '4194304\n'),
    '/proc/sys/kernel/random/boot_id': text(proc.bootId),
    '/proc/sys/kernel/random/uuid': text(proc.randomUuid),
    '/proc/sys/kernel/ngroups_max': text(() => '65536\n'),
    '/proc/sys/kernel/cap_last_cap': text(() => '40\n'),
    '/proc/sys/vm/overcommit_memory': text(() => '0\n'),
    '/proc/sys/vm/max_map_count': text(() => '65530\n'),
    '/sys/devices/system/cpu/online': text(() => '0\n'),
    '/sys/devices/system/cpu/possible': text(() => '0\n'),
    '/sys/devices/system/cpu/present': text(() => '0\n'),
    '/sys/kernel/mm/transparent_hugepage/enabled': text(() => 'always madvise [never]\n'),
  }),
);
addDirectories();

/** What stands at a canonical path (as paths.ts gives it). ENOENT, ENOTDIR. */
export function virtualNode(path: string): VirtualNode {
  const found = nodes.get(path);
  if (found !== undefined) return found;
  const fd = /^\/proc\/self\/fd\/(\d+)$/.exec(path);
  if (fd !== null) {
    const number = Number(fd[1]);
    return { type: 'symlink', target: (run) => descriptorName(run, number) };
  }
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const parent = nodes.get(path.slice(0, at));
    if (parent !== undefined && parent.type !== 'directory') fail('ENOTDIR');
  }
  return fail('ENOENT');
}

/** What readlink shows of /proc/self/fd/N. */
export function descriptorName(run: CallRun, fd: number): Buffer {
  const { file } = run.process.descriptors.get(fd) ?? fail('ENOENT');
  switch (file.kind) {
    case 'volume-file':
    case 'volume-directory':
      return file.node.path;
    case 'stream': {
      const { kind, stat, ttyName } = run.plan.streams[file.stream];
      if (kind === 'tty') return Buffer.from(ttyName ?? '/dev/pts/0');
      if (kind === 'null') return Buffer.from('/dev/null');
      return Buffer.from(kind === 'file' ? `/dev/fd/${file.stream}` : `${kind}:[${stat.ino}]`);
    }
    default:
      return Buffer.from(file.path, 'latin1');
  }
}

const DEVICE_OF_TREE = { dev: 5n, proc: 22n, sys: 23n };

/** stat of a virtual file: times are those of the session's start. */
export function virtualAttributes(run: CallRun, path: string): FileAttributes {
  const node = virtualNode(path);
  const tree = path.split('/')[1] as keyof typeof DEVICE_OF_TREE;
  const startNs = run.process.clockBases.realtimeNs;
  const writable = node.type === 'char' || node.type === 'symlink';
  return {
    type: node.type,
    mode:
      node.type === 'symlink'
        ? 0o777
        : writable
          ? 0o666
          : node.type === 'directory'
            ? 0o555
            : 0o444,
    nlink: node.type === 'directory' ? 2 : 1,
    uid: tree === 'proc' && path.startsWith('/proc/self') ? run.process.uid : 0,
    gid: tree === 'proc' && path.startsWith('/proc/self') ? run.process.gid : 0,
    size: node.type === 'symlink' ? node.target(run).length : tree === 'sys' ? 4096 : 0,
    used: 0,
    rdevMajor: node.type === 'char' ? node.major : 0,
    rdevMinor: node.type === 'char' ? node.minor : 0,
    fsid: DEVICE_OF_TREE[tree] ?? 24n,
    fileid: BigInt(virtualFileId(path)),
    atimeNs: startNs,
    mtimeNs: startNs,
    ctimeNs: startNs,
  };
}

/** A stable inode number of a virtual path. */
export const virtualFileId = (path: string): number =>
  createHash('sha256').update(path).digest().readUInt32LE(0) | 0x4000_0000;

export const elapsedNs = (run: CallRun): number => programElapsedNs(run.process, run.agreed);

const joined = (strings: readonly Buffer[]): string =>
  strings.map((string) => `${string.toString('latin1')}\0`).join('');

/** Every parent of a node is a directory with the names below it. */
function addDirectories(): void {
  const children = new Map<string, Set<string>>();
  for (const path of [...nodes.keys(), '/dev/fd', '/dev', '/proc', '/sys']) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      const next = path.slice(at + 1).split('/')[0]!;
      if (!children.has(parent)) children.set(parent, new Set());
      children.get(parent)!.add(next);
    }
  }
  for (const [parent, names] of children) {
    const listed = [...names];
    if (parent === '/proc/self') {
      nodes.set('/proc/self', { type: 'directory', names: () => listed });
    } else {
      nodes.set(parent, {
        type: 'directory',
        names: (run) => (parent === '/proc' ? [String(run.process.pid), ...listed] : listed),
      });
    }
  }
}
