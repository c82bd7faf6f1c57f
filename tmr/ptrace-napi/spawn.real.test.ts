import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { close, memfdCreate, PtraceError, Reg, spawn, StopKind } from './index.js';
import {
  captured,
  codeOf,
  guest,
  machineTrapsTsc,
  runOut,
  scratch,
  start,
  traceOut,
} from './test-guests.ts';

/** The lines of guests/environment.c, as started with `options`. */
function environment(args: string[], options: Parameters<typeof start>[2] = {}): string[] {
  const text = captured('environment.txt', (fd) => {
    const ended = runOut(start('environment', args, { stdio: [0, fd, fd], ...options }));
    expect(ended.exitCode).toBe(0);
  });
  return text.trimEnd().split('\n');
}

test('a tracee starts as a shell would start it', () => {
  const extra = openSync('/dev/null', 'r');
  const lines = environment(['a', '', 'c d'], {
    env: ['A=1', 'EMPTY=', 'NO_EQUALS'],
    cwd: '/usr',
    umask: 0o027,
    affinity: [0],
    rlimits: [
      { resource: 7, soft: 64, hard: 128 },
      { resource: 4, soft: 0, hard: 0 },
    ],
  });
  closeSync(extra);
  const read = (name: string) => lines.filter((line) => line.startsWith(name)).join('|');
  expect(read('arg')).toBe('arg: environment|arg: a|arg: |arg: c d');
  expect(read('env')).toBe('env: A=1|env: EMPTY=|env: NO_EQUALS');
  expect(read('fds')).toBe('fds: 0 1 2');
  expect(read('SigIgn')).toMatch(/\t0{16}$/);
  expect(read('SigBlk')).toMatch(/\t0{16}$/);
  expect(read('SigCgt')).toMatch(/\t0{16}$/);
  expect(read('NoNewPrivs')).toMatch(/1$/);
  expect(read('TracerPid')).toBe(`TracerPid:\t${process.pid}`);
  expect(read('leader')).toBe('leader: 1');
  expect(read('umask')).toBe('umask: 27');
  expect(read('nofile')).toBe('nofile: 64 128');
  expect(read('core')).toBe('core: 0 0');
  expect(read('aslr')).toBe('aslr off: 1');
  expect(read('tsc')).toBe('tsc traps: 0');
  expect(read('cpus')).toBe('cpus: 1 first 1');
  expect(read('cwd')).toBe('cwd: /usr');
});

test('address randomisation stays on when asked', () => {
  expect(environment([], { disableAslr: false })).toContain('aslr off: 0');
});

test('standard streams given crosswise: each of 0, 1, 2 becomes another', () => {
  // 1 and 2 themselves are given as sources, while they are being replaced.
  const tracee = start('environment', [], { stdio: [2, 0, 1] });
  const target = (pid: number | string, fd: number) => readlinkSync(`/proc/${pid}/fd/${fd}`);
  const own = [0, 1, 2].map((fd) => target('self', fd));
  expect([0, 1, 2].map((fd) => target(tracee.pid, fd))).toEqual([own[2], own[0], own[1]]);
  tracee.destroy();
  let err = '';
  const out = captured('out.txt', (outFd) => {
    err = captured('err.txt', (errFd) => {
      runOut(start('environment', [], { stdio: [outFd, errFd, outFd] }));
    });
  });
  expect(out).toBe('to stderr\n');
  expect(err).toContain('fds: 0 1 2\n');
});

test('a trapped rdtsc gives SIGSEGV at the instruction', () => {
  const stops = new Set<string>();
  const ended = traceOut(start('tsc', [], { trapTsc: true }), 'cont', (stop) => {
    const code = Buffer.alloc(2);
    stop.read(stop.ip, code, 0, 2);
    stops.add(`kind ${stop.kind} signal ${stop.signal} at ${code.toString('hex')}`);
    stop.setReg(Reg.rax, 0x11n);
    stop.setReg(Reg.rdx, 0x22n);
    stop.setReg(Reg.rip, BigInt(stop.ip) + 2n);
    return 0;
  });
  // A machine that traps for nobody does not for us, and reads the counter.
  const traps = machineTrapsTsc();
  expect(ended.exitCode).toBe(traps ? 0 : 1);
  expect([...stops]).toEqual(traps ? [`kind ${StopKind.signal} signal 11 at 0f31`] : []);
});

test('is handed out at the exec stop, with its auxiliary vector', () => {
  const tracee = start('environment', [], { env: ['A=1'] });
  expect(tracee.state).toBe('stopped');
  expect(tracee.kind).toBe(StopKind.exec);
  expect(tracee.eventMessage).toBe(tracee.pid);
  const { address, entries } = tracee.auxv();
  const fileName = entries.find(([type]) => type === 31)?.[1];
  expect(tracee.readCString(Number(fileName), 4096)?.toString()).toBe(guest('environment'));
  // AT_SYSINFO_EHDR becomes AT_IGNORE.
  const vdso = entries.findIndex(([type]) => type === 33);
  tracee.setAuxv(address, vdso, 1, 0n);
  expect(tracee.auxv().entries[vdso]).toEqual([1, 0n]);
  expect(tracee.destroy().signal).toBe(9);
});

/** The failure of a spawn with `options`. */
function failure(options: Parameters<typeof start>[2]): PtraceError {
  try {
    start('getppid-loop', [], options).destroy();
  } catch (error) {
    if (error instanceof PtraceError) return error;
  }
  throw new Error('no PtraceError');
}

test('a failing execve throws its errno, with and without a filter', () => {
  const text = scratch('text');
  writeFileSync(text, 'no program', { mode: 0o755 });
  const plain = scratch('plain');
  writeFileSync(plain, '', { mode: 0o644 });
  for (const seccompAllow of [undefined, [], [59], [1]]) {
    const filter = seccompAllow === undefined ? {} : { seccompAllow };
    for (const [file, code] of [
      ['/nonexistent/program', 'ENOENT'],
      [plain, 'EACCES'],
      [text, 'ENOEXEC'],
      ['/usr', 'EACCES'],
    ] as const) {
      const error = failure({ file, ...filter });
      expect([error.syscall, error.code]).toEqual(['execve', code]);
      expect(error.message).toContain(file);
    }
  }
});

test('a failing step is named', () => {
  const named = (options: Parameters<typeof start>[2]) => {
    const error = failure(options);
    return `${error.syscall} ${error.code}`;
  };
  expect(named({ cwd: '/nonexistent' })).toBe('chdir ENOENT');
  expect(named({ stdio: [0, 999_999, 2] })).toBe('dup2 EBADF');
  expect(named({ affinity: [1000] })).toBe('sched_setaffinity EINVAL');
  expect(named({ rlimits: [{ resource: 7, soft: 9, hard: 3 }] })).toBe('setrlimit EINVAL');
  expect(failure({ stdio: [0, 999_999, 2] }).message).toContain('999999');
});

test('no descriptor of this process is lost by spawning', () => {
  const next = () => {
    const fd = memfdCreate('probe');
    close(fd);
    return fd;
  };
  const before = next();
  for (let i = 0; i < 5; i++) {
    start('getppid-loop', ['0']).destroy();
    expect(codeOf(() => start('getppid-loop', [], { file: '/nonexistent' }))).toBe('ENOENT');
  }
  expect(next()).toBe(before);
});

test('file, arguments and environment may be bytes that are no UTF-8', () => {
  const odd = Buffer.from([0x41, 0x3d, 0xff, 0xfe]);
  const tracee = spawn({
    file: Buffer.from(guest('environment')),
    args: [odd],
    env: [odd],
    cwd: '/',
    stdio: [0, 1, 2],
  });
  const pointer = Buffer.alloc(8);
  tracee.read(tracee.sp + 8, pointer, 0, 8);
  expect(tracee.readCString(Number(pointer.readBigUInt64LE()), 10)).toEqual(odd);
  tracee.destroy();
});
