/** Texts of /proc that programs read: virtual where hosts differ by nature. */
import { readFileSync } from 'node:fs';
import type { CallRun } from '../ports.ts';
import { prf } from '../determinism/random.ts';
import { scratchAddress } from '../determinism/exec.ts';
import { virtualInode } from './local-files.ts';
import { memoryBytes } from './virtual-machine.ts';

export { kernelRelease } from './virtual-machine.ts';

/** Seconds with two decimals, as /proc/uptime has them. */
export const seconds = (at: { seconds: number; nanoseconds: number } | undefined): string =>
  at === undefined
    ? '0.00'
    : `${at.seconds}.${String(Math.floor(at.nanoseconds / 10_000_000)).padStart(2, '0')}`;

export function status(run: CallRun): string {
  const { process } = run;
  const ids = (id: number): string => [id, id, id, id].join('\t');
  return [
    `Name:\t${process.comm.toString('latin1')}`,
    `Umask:\t${process.umask.toString(8).padStart(4, '0')}`,
    'State:\tR (running)',
    `Tgid:\t${process.pid}`,
    'Ngid:\t0',
    `Pid:\t${process.pid}`,
    `PPid:\t${process.parentPid}`,
    'TracerPid:\t0',
    `Uid:\t${ids(process.uid)}`,
    `Gid:\t${ids(process.gid)}`,
    'FDSize:\t64',
    `Groups:\t${process.groups.join(' ')} `,
    'VmPeak:\t   10240 kB',
    'VmSize:\t   10240 kB',
    'VmLck:\t       0 kB',
    'VmHWM:\t    3072 kB',
    'VmRSS:\t    3072 kB',
    'VmData:\t    1024 kB',
    'VmStk:\t     132 kB',
    'Threads:\t1',
    'Seccomp:\t0',
    'Cpus_allowed:\t1',
    'Cpus_allowed_list:\t0',
    '',
  ].join('\n');
}

/** proc(5): 52 fields; what is not known is 0. */
export function stat(run: CallRun): string {
  const { process } = run;
  const fields: (number | string)[] = Array.from({ length: 52 }, () => 0);
  fields[0] = process.pid;
  fields[1] = `(${process.comm.toString('latin1')})`;
  fields[2] = 'R';
  fields[3] = process.parentPid;
  fields[4] = process.processGroup;
  fields[5] = process.sessionId;
  fields[7] = -1;
  fields[17] = 20 + process.nice;
  fields[18] = process.nice;
  fields[19] = 1;
  fields[21] = Number(process.clockBases.bootNs / 10_000_000n);
  fields[22] = 10 * 1024 * 1024;
  fields[23] = 768;
  fields[24] = '18446744073709551615';
  fields[37] = 17;
  return `${fields.join(' ')}\n`;
}

const LIMIT_NAMES: readonly [name: string, resource: number, unit: string][] = [
  ['Max cpu time', 0, 'seconds'],
  ['Max file size', 1, 'bytes'],
  ['Max data size', 2, 'bytes'],
  ['Max stack size', 3, 'bytes'],
  ['Max core file size', 4, 'bytes'],
  ['Max resident set', 5, 'bytes'],
  ['Max processes', 6, 'processes'],
  ['Max open files', 7, 'files'],
  ['Max locked memory', 8, 'bytes'],
  ['Max address space', 9, 'bytes'],
];

export function limits(run: CallRun): string {
  const pad = (text: string | number): string => String(text).padEnd(21);
  const rows = LIMIT_NAMES.map(([name, resource, unit]) => {
    const limit = run.plan.program.rlimits.find((one) => one.resource === resource);
    const shown = (value: number | 'infinity' | undefined): string =>
      value === undefined || value === 'infinity' ? 'unlimited' : String(value);
    return `${name.padEnd(26)}${pad(shown(limit?.soft))}${pad(shown(limit?.hard))}${unit.padEnd(10)}`;
  });
  const head = `${'Limit'.padEnd(26)}${pad('Soft Limit')}${pad('Hard Limit')}${'Units'.padEnd(10)}`;
  return `${[head, ...rows].join('\n')}\n`;
}

/** The kernel's own list without what is the tracer's; devices and inodes of hosts made virtual. */
export function maps(run: CallRun): string {
  const lines: string[] = [];
  const scratch = scratchAddress.toString(16);
  const shadows = [...run.process.shadows.values()];
  for (const line of readFileSync(`/proc/${run.tracee.pid}/maps`, 'latin1').split('\n')) {
    if (line.startsWith(scratch)) continue;
    const match = /^(\S+ \S+ \S+) (\S+) (\d+) *(.*)$/.exec(line);
    if (match === null) continue;
    const [, head, device, inode, path] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (inode === '0') {
      lines.push(path === '' ? `${head} 00:00 0 ` : pathed(`${head} 00:00 0`, path));
      continue;
    }
    const number = virtualInode(run, `${device}:${inode}`);
    const shadow = shadows.find((one) => String(one.inode) === inode && path.startsWith('/memfd:'));
    pushMapped(lines, `${head} fe:00 ${number}`, shownPath(run, shadow?.path, path));
  }
  return `${lines.join('\n')}\n`;
}

function pushMapped(lines: string[], head: string, path: string): void {
  lines.push(pathed(head, path));
}

function shownPath(run: CallRun, shadow: Buffer | undefined, path: string): string {
  if (shadow !== undefined) return shadow.toString('latin1');
  const { execDirectory, executable } = run.process;
  const isCopy = execDirectory !== undefined && path.startsWith(`${execDirectory}/`);
  return isCopy ? executable.toString('latin1') : path;
}

/** The kernel pads to column 73. */
const pathed = (head: string, path: string): string => `${head.padEnd(72)} ${path}`;

export const mounts = (run: CallRun): string =>
  [
    '/dev/root / ext4 ro,relatime 0 0',
    ...volumeLines(run, (path, access) => `tmr ${path} nfs ${access} 0 0`),
  ]
    .map((line) => `${line}\n`)
    .join('');

export const mountInfo = (run: CallRun): string =>
  [
    '1 1 254:0 / / ro,relatime - ext4 /dev/root ro',
    ...volumeLines(
      run,
      (path, access, i) => `${i + 2} 1 0:${i + 40} / ${path} ${access} - nfs tmr ${access}`,
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');

function volumeLines(
  run: CallRun,
  line: (path: string, access: string, i: number) => string,
): string[] {
  return run.plan.volumes
    .filter((volume) => volume.path !== '/')
    .map((volume, i) => line(volume.path.replaceAll(' ', '\\040'), volume.access, i));
}

export const cpuInfo = (): string =>
  [
    'processor\t: 0',
    'vendor_id\t: tmr',
    'model name\t: virtual CPU',
    'cpu MHz\t\t: 1000.000',
    'siblings\t: 1',
    'core id\t\t: 0',
    'cpu cores\t: 1',
    'flags\t\t: fpu tsc msr cx8 cmov mmx fxsr sse sse2 syscall nx lm',
    'bogomips\t: 2000.00',
    '',
    '',
  ].join('\n');

export function memoryInfo(): string {
  const total = memoryBytes / 1024;
  const row = (name: string, kib: number): string =>
    `${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB\n`;
  return [
    row('MemTotal', total),
    row('MemFree', total / 2),
    row('MemAvailable', (total * 3) / 4),
    row('Buffers', total / 64),
    row('Cached', total / 4),
    row('SwapTotal', 0),
    row('SwapFree', 0),
  ].join('');
}

export function machineStat(run: CallRun): string {
  const bootS = Number(
    (run.process.clockBases.realtimeNs - run.process.clockBases.bootNs) / 1_000_000_000n,
  );
  const zeros = '0 0 0 0 0 0 0 0 0 0';
  return `cpu  ${zeros}\ncpu0 ${zeros}\nbtime ${bootS}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n`;
}

export const bootId = (run: CallRun): string =>
  `${uuid(prf(Buffer.from(run.plan.settings.seed, 'hex'), 'boot id', 0, 16))}\n`;
export const randomUuid = (run: CallRun): string => `${uuid(run.random(16))}\n`;

function uuid(random: Buffer): string {
  const bytes = Buffer.from(random);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
