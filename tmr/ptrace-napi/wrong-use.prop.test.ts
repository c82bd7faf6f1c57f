import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as native from './index.js';
import { allBut, runOut, start, stopped } from './test-guests.ts';

/** Values that no argument should be, or that lie at an edge; none is a pid or a descriptor. */
const nasty = fc.constantFrom<unknown>(
  undefined,
  null,
  NaN,
  -1,
  -0.5,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  2 ** 64,
  Infinity,
  -Infinity,
  '',
  'text',
  'a\0b',
  '127.0.0.1',
  true,
  -1n,
  2n ** 64n - 1n,
  2n ** 70n,
  [],
  {},
  [[]],
  [-1],
  [undefined],
  Symbol('symbol'),
  Object.create(null),
  new Proxy({}, {}),
  () => 0,
  new Uint8Array(0),
  new Uint8Array(3),
  new Int32Array(3),
  new Float64Array(3),
  new BigUint64Array(26),
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  structuredClone(new Uint8Array(8)),
  new Uint8Array(new SharedArrayBuffer(8)),
  new Date(NaN),
);

/** True when `action` gives a result, or throws a PtraceError with a text and a code. */
function refusesWell(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof native.PtraceError)) throw error;
    return error.message.length > 10 && /^E[A-Z0-9_]+$/.test(error.code);
  }
}

/** Wrong arguments alone could not harm these; the others would stop or change this process. */
const changing = ['PtraceError', 'setChildSubreaper', 'setParentDeathSignal', 'setTick', 'sleepNs'];

test('functions: any arguments give a result or a PtraceError', () => {
  const functions = Object.entries(native).filter(
    ([name, value]) => typeof value === 'function' && !changing.includes(name),
  ) as unknown as [string, (...args: unknown[]) => unknown][];
  expect(functions.length).toBeGreaterThan(20);
  fc.assert(
    fc.property(
      fc.constantFrom(...functions),
      fc.array(nasty, { maxLength: 6 }),
      ([, call], args) => {
        expect(refusesWell(() => call(...args))).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});

test('spawn options: any value of any option is refused or spawns', () => {
  const names = [
    'file args env cwd stdio rlimits umask affinity disableAslr trapTsc seccompAllow traceExit',
  ].flatMap((text) => text.split(' '));
  fc.assert(
    fc.property(fc.constantFrom(...names), nasty, (name, value) => {
      const options = { [name]: value };
      expect(refusesWell(() => start('getppid-loop', ['0'], options).destroy())).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('methods of a stopped tracee: any arguments leave it usable or ended', () => {
  const methods = (
    'read write poke readCString hashMemory skip setResult setCall setArg getReg getSigmask ' +
    'setSigmask auxv setAuxv arg argLo argHi argInt restoreRegs saveRegs adoptChild resume ' +
    'resumeAndWait wait kill'
  ).split(' ');
  fc.assert(
    fc.property(fc.constantFrom(...methods), fc.array(nasty, { maxLength: 5 }), (name, args) => {
      const now = stopped(
        start('getppid-loop', ['1'], { seccompAllow: allBut(110) }).resumeAndWait('cont'),
      );
      const face = now as unknown as Record<string, (...args: unknown[]) => unknown>;
      expect(refusesWell(() => face[name]?.(...args))).toBe(true);
      if (now.state === 'stopped') now.destroy();
    }),
    { numRuns: 800 },
  );
});

test('a refused argument changes nothing', () => {
  const now = stopped(
    start('getppid-loop', ['1'], { seccompAllow: allBut(110) }).resumeAndWait('cont'),
  );
  for (const value of [NaN, 2 ** 53, 1.5, '7', 7n, undefined]) {
    expect(() => now.skip(value as number)).toThrow(/whole number/);
  }
  expect(() => now.resumeAndWait('go' as 'cont')).toThrow(/cont, syscall, step, listen/);
  expect(() => now.resumeAndWait('cont', 65)).toThrow(/signal/);
  expect(() => now.resumeAndWait('listen')).toThrow(/group stop/);
  now.skip(7);
  expect(runOut(now).exitCode).toBe(0);
});
