import { expect, test } from 'vitest';
import { Reg, setTick, StopKind, type Running } from './index.js';
import {
  alive,
  allBut,
  codeOf,
  exited,
  kernelHasI386,
  runOut,
  start,
  stopped,
  traceOut,
} from './test-guests.ts';

const GETPPID = 110;
const MARK = 1000;

test('a skipped call gives the value and does not run', () => {
  const stops: number[][] = [];
  const ended = traceOut(
    start('getppid-loop', ['50'], { seccompAllow: allBut(GETPPID) }),
    'cont',
    (stop) => {
      stops.push([stop.kind, stop.call]);
      stop.skip(7);
      return 0;
    },
  );
  expect(ended).toEqual({ exitCode: 0, signal: 0 });
  expect(stops).toEqual(Array.from({ length: 50 }, () => [StopKind.seccomp, GETPPID]));
});

test('a skip is seen by registers, and taken over by a later one', () => {
  const now = stopped(
    start('getppid-loop', ['1'], { seccompAllow: allBut(GETPPID) }).resumeAndWait('cont'),
  );
  now.skip(-22);
  expect(now.getReg(Reg.rax)).toBe(BigInt.asUintN(64, -22n));
  expect(now.getReg(Reg.orig_rax)).toBe(BigInt.asUintN(64, -1n));
  now.skip(7);
  expect(runOut(now).exitCode).toBe(0);
});

test('no filter: entry and exit stops of one call after the other, results replaced', () => {
  const seen: number[] = [];
  const results: number[] = [];
  const ended = traceOut(start('getppid-loop', ['3']), 'syscall', (stop) => {
    if (stop.call !== GETPPID) return 0;
    seen.push(stop.kind);
    if (stop.kind !== StopKind.syscallExit) return 0;
    results.push(stop.result);
    stop.setResult(7);
    results.push(stop.result);
    return 0;
  });
  expect(ended.exitCode).toBe(0);
  const { syscallEntry, syscallExit } = StopKind;
  expect(seen).toEqual([1, 2, 3].flatMap(() => [syscallEntry, syscallExit]));
  expect(results).toEqual([1, 2, 3].flatMap(() => [process.pid, 7]));
});

test('after a seccomp stop, `syscall` gives the exit stop next; a call can be rewritten', () => {
  let now = stopped(
    start('getppid-loop', ['1'], { seccompAllow: allBut(GETPPID) }).resumeAndWait('cont'),
  );
  // getppid becomes lseek(-1, ...), which fails with EBADF.
  now.setCall(8);
  now.setArg(0, -1);
  now.setArg(1, 5n);
  expect([now.call, now.argInt(0), now.arg(1)]).toEqual([8, -1, 5]);
  now = stopped(now.resumeAndWait('syscall'));
  expect([now.kind, now.result]).toEqual([StopKind.syscallExit, -9]);
  now.setResult(7);
  expect(runOut(now).exitCode).toBe(0);
});

test('arguments in every form', () => {
  const now = stopped(start('memory', [], { seccompAllow: allBut() }).resumeAndWait('cont'));
  expect([now.kind, now.call]).toEqual([StopKind.seccomp, MARK]);
  expect(now.argInt(3)).toBe(-5);
  expect(now.argLo(3)).toBe(0xfffffffb);
  expect(now.argHi(3)).toBe(0xffffffff);
  expect([now.argHi(4), now.argLo(4)]).toEqual([0x12345678, 0x9abcdef0]);
  expect(now.arg(4)).toBe(Number(0x123456789abcdef0n));
  expect(now.arg(5)).toBe(6);
  expect(now.getReg(Reg.r8)).toBe(0x123456789abcdef0n);
  expect(now.ip).toBeGreaterThan(4096);
  expect(BigInt(now.sp)).toBe(now.getReg(Reg.rsp));
  now.destroy();
});

test('registers are saved and put back around an injected call', () => {
  let now = stopped(
    start('getppid-loop', ['2'], { seccompAllow: allBut(GETPPID) }).resumeAndWait('cont'),
  );
  now.skip(7);
  const saved = now.saveRegs();
  // Instead of going on: the same instruction once more, as getpid.
  now.restoreRegs(saved);
  now.setReg(Reg.rip, BigInt(now.ip) - 2n);
  now.setReg(Reg.rax, 39n);
  now = stopped(now.resumeAndWait('syscall'));
  while (now.kind !== StopKind.syscallEntry) now = stopped(now.resumeAndWait('syscall'));
  expect(now.call).toBe(39);
  now = stopped(now.resumeAndWait('syscall'));
  expect([now.kind, now.result]).toEqual([StopKind.syscallExit, now.pid]);
  now.restoreRegs(saved);
  expect(now.saveRegs()).toEqual(saved);
  now = stopped(now.resumeAndWait('cont'));
  expect(now.call).toBe(GETPPID);
  now.skip(7);
  expect(runOut(now).exitCode).toBe(0);
});

test('signals: handler, mask, fault address, death by signal', () => {
  let now = stopped(start('signals', [], { seccompAllow: allBut() }).resumeAndWait('cont'));
  expect([now.kind, now.signal]).toEqual([StopKind.signal, 10]);
  expect(now.getSigmask()).toBe(1n << 14n);
  now = stopped(now.resumeAndWait('cont', 10));
  expect([now.kind, now.call, now.arg(0)]).toEqual([StopKind.seccomp, MARK, 1]);
  now.setSigmask(0n);
  expect(now.getSigmask()).toBe(0n);
  now = stopped(now.resumeAndWait('cont'));
  expect([now.signal, now.siCode, now.siAddr]).toEqual([11, 1, 0x10]);
  const ended = exited(now.resumeAndWait('cont', 11));
  expect([ended.kind, ended.signal, ended.exitCode]).toEqual([StopKind.killed, 11, NaN]);
});

test('a signal that is not delivered has no effect', () => {
  let now = stopped(start('signals', [], { seccompAllow: allBut() }).resumeAndWait('cont'));
  now = stopped(now.resumeAndWait('cont', 0));
  expect([now.call, now.arg(0)]).toEqual([MARK, 0]);
  now.destroy();
});

test('group stop: a tracee that is continued runs on', () => {
  let now = stopped(start('stop').resumeAndWait('cont'));
  expect([now.kind, now.signal]).toEqual([StopKind.signal, 19]);
  now = stopped(now.resumeAndWait('cont', 19));
  expect([now.kind, now.signal]).toEqual([StopKind.group, 19]);
  expect(runOut(now).exitCode).toBe(3);
});

test('group stop: a tracee that is listened to stays until SIGCONT', () => {
  let now = stopped(start('stop').resumeAndWait('cont'));
  now = stopped(now.resumeAndWait('cont', 19));
  setTick(2e6);
  const running = now.resumeAndWait('listen');
  setTick(0);
  expect([running.state, running.lastStop]).toEqual(['running', StopKind.interrupted]);
  process.kill(running.pid, 'SIGCONT');
  now = stopped((running as Running).wait());
  expect([now.kind, now.signal]).toEqual([StopKind.signal, 18]);
  expect(runOut(now).exitCode).toBe(3);
});

test('calls of other tables kill the process; a negative number is seen', () => {
  for (const table of ['x32', 'i386']) {
    const ended = runOut(start('foreign-call', [table], { seccompAllow: allBut() }));
    // By the filter; where the kernel has no such entry, by the kernel before it.
    const signal = table === 'i386' && !kernelHasI386() ? 11 : 31;
    expect([table, ended.signal]).toEqual([table, signal]);
  }
  const now = stopped(
    start('foreign-call', ['negative'], { seccompAllow: allBut() }).resumeAndWait('cont'),
  );
  expect([now.kind, now.call]).toEqual([StopKind.seccomp, -3]);
  now.skip(9);
  expect(runOut(now).exitCode).toBe(5);
});

test('the filter stops exactly the calls that are not listed, for lists of any shape', () => {
  // Every second call allowed makes the largest filter.
  const sparse = allBut().filter((number) => number % 2 === 1);
  for (const seccompAllow of [[], sparse, sparse.toReversed(), [...sparse, ...sparse], allBut()]) {
    const stops: number[] = [];
    traceOut(start('getppid-loop', ['1'], { seccompAllow }), 'cont', (stop) => {
      stops.push(stop.call);
      return 0;
    });
    expect(stops.filter((call) => seccompAllow.includes(call))).toEqual([]);
    expect(stops.includes(GETPPID)).toBe(!seccompAllow.includes(GETPPID));
  }
});

test('a fork gives the new pid; the child can be adopted', () => {
  let now = stopped(start('fork').resumeAndWait('cont'));
  expect(now.kind).toBe(StopKind.fork);
  const child = now.adoptChild();
  expect([child.pid, child.kind]).toEqual([now.eventMessage, StopKind.attached]);
  expect(codeOf(() => now.adoptChild())).toBe('ERR_STATE');
  expect(runOut(child).exitCode).toBe(21);
  now = stopped(now.resumeAndWait('cont'));
  expect([now.kind, now.signal]).toEqual([StopKind.signal, 17]);
  expect(runOut(now).exitCode).toBe(21);
});

test('a child that was not adopted goes with its parent', () => {
  const now = stopped(start('fork').resumeAndWait('cont'));
  const child = now.eventMessage;
  now.destroy();
  expect(alive(child)).toBe(false);
});

test('traceExit gives a stop before the end', () => {
  const now = stopped(start('stop', [], { traceExit: true }).resumeAndWait('cont'));
  const exit = stopped(now.resumeAndWait('cont'));
  expect([exit.kind, exit.eventMessage]).toEqual([StopKind.exit, 3 << 8]);
  expect(runOut(exit).exitCode).toBe(3);
  expect(start('spin', [], { traceExit: true }).destroy().signal).toBe(9);
});

test('single steps', () => {
  const start0 = start('spin');
  const before = start0.ip;
  const now = stopped(start0.resumeAndWait('step'));
  expect([now.kind, now.signal]).toEqual([StopKind.signal, 5]);
  // The first step ends the execve itself.
  expect(now.ip).toBe(before);
  expect(stopped(now.resumeAndWait('step')).ip).not.toBe(before);
  now.destroy();
});

test('killed from outside while stopped: the end, and no exception', () => {
  for (const use of ['resumeAndWait', 'skip', 'resume'] as const) {
    const now = stopped(
      start('getppid-loop', ['1'], { seccompAllow: allBut(GETPPID) }).resumeAndWait('cont'),
    );
    process.kill(now.pid, 'SIGKILL');
    // The kill is carried out once its memory is gone.
    const bytes = Buffer.alloc(1);
    while (now.read(now.sp, bytes, 0, 1) === 1);
    expect(now.write(now.sp, bytes, 0, 1)).toBe(0);
    expect(now.poke(now.sp, bytes, 0, 1)).toBe(0);
    expect(codeOf(() => now.getReg(0))).toBe('ESRCH');
    if (use === 'skip') now.skip(7);
    const ended = use === 'resume' ? now.resume('cont').wait() : now.resumeAndWait('cont');
    expect([ended.state, ended.lastStop]).toEqual(['exited', StopKind.killed]);
  }
});

test('the tick breaks the wait; the tracee runs on', () => {
  setTick(2e6);
  const running = start('spin').resumeAndWait('cont');
  expect([running.state, running.lastStop]).toEqual(['running', StopKind.interrupted]);
  const again = (running as Running).wait();
  expect(again.state).toBe('running');
  setTick(0);
  expect((again as Running).destroy().signal).toBe(9);
});

test('used against its state: ERR_STATE, and the tracee is unharmed', () => {
  const now = start('getppid-loop', ['0']);
  const bytes = Buffer.alloc(8);
  const needStop = [
    () => now.read(0, bytes, 0, 8),
    () => now.write(0, bytes, 0, 8),
    () => now.poke(0, bytes, 0, 8),
    () => now.readCString(0, 8),
    () => now.hashMemory(0, 8, 0, 0),
    () => now.getReg(0),
    () => now.setReg(0, 0n),
    () => now.saveRegs(),
    () => now.restoreRegs(new BigUint64Array(27)),
    () => now.skip(0),
    () => now.setCall(0),
    () => now.setArg(0, 0),
    () => now.setResult(0),
    () => now.getSigmask(),
    () => now.setSigmask(0n),
    () => now.auxv(),
    () => now.setAuxv(0, 0, 0, 0n),
    () => now.adoptChild(),
    () => now.resume('cont'),
    () => now.resumeAndWait('cont'),
  ];
  // At an exec stop there is no call and no fork.
  for (const use of [() => now.skip(0), () => now.setCall(0), () => now.setResult(0)]) {
    expect(codeOf(use)).toBe('ERR_STATE');
  }
  const running = now.resume('cont');
  expect(needStop.map(codeOf)).toEqual(needStop.map(() => 'ERR_STATE'));
  expect(exited(running.wait()).exitCode).toBe(0);
  expect(needStop.map(codeOf)).toEqual(needStop.map(() => 'ERR_STATE'));
  expect(codeOf(() => running.wait())).toBe('ERR_STATE');
  expect(codeOf(() => now.destroy())).toBe('ERR_STATE');
  expect(codeOf(() => running.kill(0))).toBe('ERR_STATE');
});
