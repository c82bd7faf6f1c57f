/** ioctl(2): terminals from the session's plan, a few file requests, else ENOTTY. */
import type { Stopped } from 'ptrace-napi';
import type { CallRun } from '../../ports.ts';
import type { OpenFile } from '../../process-state.ts';
import { Open } from '../abi/constants.ts';
import { Errno } from '../abi/errno.ts';
import { descriptorOf, isVolume } from '../descriptors.ts';
import { fail } from '../fail.ts';
import { readStruct, writeInt, writeMemory } from '../memory.ts';
import type { CallGroup } from '../policy.ts';

/** asm-generic/ioctls.h, linux/fs.h. */
const Request = {
  tcgets: 0x5401,
  tcsets: 0x5402,
  tcsetsw: 0x5403,
  tcsetsf: 0x5404,
  tcgets2: 0x802c542a,
  tiocgpgrp: 0x540f,
  tiocspgrp: 0x5410,
  tiocgwinsz: 0x5413,
  tiocswinsz: 0x5414,
  fionread: 0x541b,
  fionbio: 0x5421,
  tiocgsid: 0x5429,
  fionclex: 0x5450,
  fioclex: 0x5451,
  ficlone: 0x40049409,
  ficlonerange: 0x4020940d,
  fiemap: 0xc020660b,
} as const;

export const ioctlCalls = {
  ioctl: {
    class: 'file-service',
    args: ['int', 'uint', { select: argument }],
    perform: ioctl,
    why: 'terminals answer from the session plan',
  },
} as const satisfies CallGroup;

function argument(tracee: Stopped): 'int' | 'ptr' | { struct: number } {
  switch (tracee.argLo(1)) {
    case Request.ficlone:
      return 'int';
    case Request.fionbio:
    case Request.tiocspgrp:
      return { struct: 4 };
    case Request.tcsets:
    case Request.tcsetsw:
    case Request.tcsetsf:
      return { struct: 36 };
    case Request.tiocswinsz:
      return { struct: 8 };
    default:
      return 'ptr';
  }
}

function ioctl(run: CallRun): void {
  const { tracee } = run;
  const descriptor = descriptorOf(run, tracee.argInt(0));
  const { file } = descriptor;
  const request = tracee.argLo(1);
  switch (request) {
    case Request.fioclex:
    case Request.fionclex:
      descriptor.closeOnExec = request === Request.fioclex;
      run.runToExit();
      return;
    case Request.fionbio:
      return nonblocking(run, file);
    case Request.fionread:
      return available(run, file);
    case Request.ficlone:
    case Request.ficlonerange:
    case Request.fiemap:
      return run.skip(-Errno.EOPNOTSUPP);
    default:
      if (file.kind === 'stream') return terminal(run, file, request);
      return run.skip(-Errno.ENOTTY);
  }
}

function nonblocking(run: CallRun, file: OpenFile): void {
  const on = readStruct(run, run.tracee.arg(2), 4).readInt32LE(0) !== 0;
  file.flags = on ? file.flags | Open.nonblock : file.flags & ~Open.nonblock;
  if (file.kind === 'local') run.foldNumber(run.runToExit());
  else run.skip(0);
}

/** FIONREAD: bytes that may be read at once. What waits in a standard stream is not known: none. */
function available(run: CallRun, file: OpenFile): void {
  const address = run.tracee.arg(2);
  if (file.kind === 'local') {
    const result = run.runToExit();
    run.foldNumber(result);
    if (result === 0) run.foldMemory(address, 4);
    return;
  }
  let count = 0;
  if (isVolume(file)) count = Math.max(0, run.files.fileAttributes(file).size - file.offset);
  else if (file.kind === 'virtual') fail('ENOTTY');
  writeInt(run, address, count);
  run.skip(0);
}

const TERMIOS_BYTES = 36;
const WINSIZE_BYTES = 8;

function terminal(
  run: CallRun,
  file: Extract<OpenFile, { kind: 'stream' }>,
  request: number,
): void {
  const stream = run.plan.streams[file.stream];
  if (stream.kind !== 'tty') return run.skip(-Errno.ENOTTY);
  const address = run.tracee.arg(2);
  switch (request) {
    case Request.tcgets:
      writeMemory(run, address, padded(stream.termios, TERMIOS_BYTES));
      return run.skip(0);
    case Request.tcgets2:
      // termios2 is termios and two speeds; 38400 as the pseudo-terminals have it.
      writeMemory(run, address, padded(stream.termios, TERMIOS_BYTES));
      writeInt(run, address + TERMIOS_BYTES, 38400);
      writeInt(run, address + TERMIOS_BYTES + 4, 38400);
      return run.skip(0);
    case Request.tiocgwinsz:
      writeMemory(run, address, padded(stream.winsize, WINSIZE_BYTES));
      return run.skip(0);
    case Request.tiocgpgrp:
      writeInt(run, address, run.process.processGroup);
      return run.skip(0);
    case Request.tiocgsid:
      writeInt(run, address, run.process.sessionId);
      return run.skip(0);
    // The user's terminal stays as it is: nothing unvoted reaches it.
    case Request.tcsets:
    case Request.tcsetsw:
    case Request.tcsetsf:
    case Request.tiocspgrp:
    case Request.tiocswinsz:
      return run.skip(0);
    default:
      return run.skip(-Errno.ENOTTY);
  }
}

function padded(base64: string | undefined, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  Buffer.from(base64 ?? '', 'base64').copy(bytes, 0, 0, length);
  return bytes;
}
