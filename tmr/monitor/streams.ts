/** What descriptors 0-2 are here, so that the replicas' fstat, lseek and ioctl can answer the same. */
import { fstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import type { StandardStream } from '../wire/session-plan.ts';
import type { NativeDescriptors } from './native.ts';

const O_CLOEXEC = 0o2000000;
/** Makes 1:3 of st_rdev: /dev/null. */
const DEV_NULL = 0x103n;

export function describeStreams(
  native: NativeDescriptors,
): [StandardStream, StandardStream, StandardStream] {
  const streams = [0, 1, 2].map((fd) => describeStream(fd, native));
  const [input, output, error] = streams as [StandardStream, StandardStream, StandardStream];
  output.shared = sharesFile(output, input) ? 0 : 1;
  error.shared = [input, output].findIndex((other) => sharesFile(error, other));
  if (error.shared < 0) error.shared = 2;
  else if (error.shared === 1) error.shared = output.shared;
  return [input, output, error];
}

function describeStream(fd: number, native: NativeDescriptors): StandardStream {
  let stat: BigIntStats;
  try {
    stat = fstatSync(fd, { bigint: true });
  } catch {
    return closedStream(fd);
  }
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const kind = kindOf(fd, stat);
  return {
    kind,
    // Node marks 0-2 close-on-exec; the program must not see that.
    flags: Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8) & ~O_CLOEXEC,
    stat: plainStat(stat),
    offset: kind === 'file' ? Number(/^pos:\s*(\d+)/m.exec(info)?.[1] ?? 0) : 0,
    ...(kind === 'tty' ? { ...terminal(fd, native), ...terminalName(fd, stat) } : {}),
    shared: fd,
  };
}

function kindOf(fd: number, stat: BigIntStats): StandardStream['kind'] {
  if (stat.isFIFO()) return 'pipe';
  if (stat.isSocket()) return 'socket';
  if (!stat.isCharacterDevice()) return 'file';
  if (stat.rdev === DEV_NULL) return 'null';
  // Other devices (/dev/full, /dev/zero) are files that cannot seek; st_mode says so.
  return isatty(fd) ? 'tty' : 'file';
}

function plainStat(stat: BigIntStats): StandardStream['stat'] {
  return {
    mode: Number(stat.mode),
    size: Number(stat.size),
    ino: Number(stat.ino),
    dev: Number(stat.dev),
    rdev: Number(stat.rdev),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    nlink: Number(stat.nlink),
    blksize: Number(stat.blksize),
    blocks: Number(stat.blocks),
    atimeNs: Number(stat.atimeNs),
    mtimeNs: Number(stat.mtimeNs),
    ctimeNs: Number(stat.ctimeNs),
  };
}

/**
 * The same inode with the same flags and offset is taken for one open file (2>&1). Two opens of one
 * file at offset 0 look alike; what they hold does not depend on it, for all is done on the real
 * descriptors.
 */
function sharesFile(a: StandardStream, b: StandardStream): boolean {
  return (
    a.kind !== 'closed' &&
    a.stat.ino === b.stat.ino &&
    a.stat.dev === b.stat.dev &&
    a.flags === b.flags &&
    a.offset === b.offset
  );
}

function terminal(fd: number, native: NativeDescriptors): { termios: string; winsize: string } {
  const termios = native.termios?.(fd) ?? defaultTermios();
  const winsize = native.winsize?.(fd) ?? windowSize(fd);
  return { termios: termios.toString('base64'), winsize: winsize.toString('base64') };
}

/** As ttyname(3): the name that /proc has, where it still leads to the same device. */
function terminalName(fd: number, { dev, ino, rdev }: BigIntStats): { ttyName?: string } {
  try {
    const ttyName = readlinkSync(`/proc/self/fd/${fd}`);
    const there = statSync(ttyName, { bigint: true });
    return there.dev === dev && there.ino === ino && there.rdev === rdev ? { ttyName } : {};
  } catch {
    return {};
  }
}

/** struct winsize: rows, columns, and two zeros. */
function windowSize(fd: number): Buffer {
  const [columns, rows] = new WriteStream(fd).getWindowSize();
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  return size;
}

/** The kernel's struct termios (36 bytes) of a terminal in its usual state (stty sane). */
function defaultTermios(): Buffer {
  const termios = Buffer.alloc(36);
  termios.writeUInt32LE(0x4500, 0); // ICRNL | IXON | IUTF8
  termios.writeUInt32LE(0x5, 4); // OPOST | ONLCR
  termios.writeUInt32LE(0xbf, 8); // 38400 baud, CS8, CREAD
  termios.writeUInt32LE(0x8a3b, 12); // ISIG ICANON ECHO ECHOE ECHOK ECHOCTL ECHOKE IEXTEN
  Buffer.from('031c7f1504000100111300120f1716'.padEnd(38, '0'), 'hex').copy(termios, 17);
  return termios;
}

function closedStream(fd: number): StandardStream {
  const zero = 0;
  return {
    kind: 'closed',
    flags: zero,
    stat: {
      mode: zero,
      size: zero,
      ino: zero,
      dev: zero,
      rdev: zero,
      uid: zero,
      gid: zero,
      nlink: zero,
      blksize: zero,
      blocks: zero,
      atimeNs: zero,
      mtimeNs: zero,
      ctimeNs: zero,
    },
    offset: zero,
    shared: fd,
  };
}
