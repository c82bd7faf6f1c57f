/** Runs spin on the model: exhaustive searches, counterexamples, random simulations. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Macros, Run } from './runs.ts';

const model = join(import.meta.dirname, 'tmr.pml');

export interface Limits {
  /** Of the search alone; the compiler has a minute or ten. */
  timeoutMs: number;
  memoryMiB: number;
  /** `-O0` compiles in a sixth of the time, `-O2` searches twice as fast. */
  optimise: '-O0' | '-O2';
}

export interface Found {
  verdict: 'holds' | 'violated' | 'unfinished';
  /** P1 to P6; a deadlock is P5. */
  property: string;
  states: number;
  depth: number;
  /** Every state was seen. */
  exhaustive: boolean;
  seconds: number;
  /** The counterexample, one line an event or effect. */
  trace: string[];
}

/** @throws Error when spin or the compiler is missing; the message says how to install it. */
export async function verify(run: Run, limits: Limits): Promise<Found> {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-model-'));
  const defines = definesOf(run.macros);
  try {
    await tool('spin', ['-a', ...defines, model], directory);
    await tool('gcc', [...compilerFlags(run, limits), '-o', 'pan', 'pan.c'], directory);
    const startMs = performance.now();
    const flags = ['-n', '-m1000000', '-w22'];
    // On SIGINT pan still says how far it came.
    const options = { cwd: directory, timeout: limits.timeoutMs, killSignal: 'SIGINT' as const };
    const output = await outputOf(join(directory, 'pan'), flags, options);
    const seconds = (performance.now() - startMs) / 1000;
    const trail = join(directory, 'tmr.pml.trail');
    const trace = existsSync(trail)
      ? await tool('spin', ['-T', '-t', '-k', trail, ...defines, model], directory)
      : '';
    return {
      ...readPan(output),
      seconds,
      ...readTrace(trace, /pan:1: invalid end state/.test(output)),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One random run of the model, one line an event or effect. */
export async function simulate(macros: Macros, seed: number): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-model-'));
  try {
    const argv = ['-T', `-n${seed}`, '-u100000', ...definesOf(macros), model];
    return linesOf(await tool('spin', argv, directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const definesOf = (macros: Macros): string[] =>
  Object.entries(macros).map(([name, value]) =>
    value === true ? `-D${name}` : `-D${name}=${value}`,
  );

const compilerFlags = ({ large }: Run, { memoryMiB, optimise }: Limits): string[] => [
  large === undefined ? optimise : '-O2',
  '-w',
  '-DSAFETY',
  // One process has no independent transitions to leave out.
  '-DNOREDUCE',
  `-DMEMLIM=${memoryMiB}`,
  ...(large === undefined ? [] : ['-DCOLLAPSE']),
];

/** What pan prints at its end. */
export function readPan(
  output: string,
): Pick<Found, 'verdict' | 'states' | 'depth' | 'exhaustive'> {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? NaN);
  const errors = number(/errors: (\d+)/);
  const states = number(/([\d.e+]+) states, stored/);
  // An error of pan's own (its memory, its depth) is none of the model's.
  const cutShort = /Interrupted|max search depth too small|reached -DMEMLIM|out of memory/.test(
    output,
  );
  const violated = /pan:1: (assertion violated|invalid end state)/.test(output);
  const verdict = violated ? 'violated' : errors === 0 && !cutShort ? 'holds' : 'unfinished';
  return {
    verdict,
    states: Number.isNaN(states) ? 0 : states,
    depth: number(/depth reached (\d+)/),
    exhaustive: verdict === 'holds',
  };
}

/** Who waits for ever breaks P5; an assertion of the model's own, as of a channel's size, no property. */
function readTrace(text: string, isDeadlock: boolean): Pick<Found, 'property' | 'trace'> {
  const trace = linesOf(text);
  const named = trace.find((line) => line.startsWith('VIOLATED '))?.slice('VIOLATED '.length);
  return { trace, property: named ?? (isDeadlock ? 'P5' : '') };
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

interface ExecOptions {
  cwd: string;
  timeout?: number;
  killSignal?: NodeJS.Signals;
}

/** pan's output, whatever its exit status: it is 0 too when it found an error. */
const outputOf = (file: string, argv: readonly string[], options: ExecOptions): Promise<string> =>
  new Promise((resolve) => {
    execFile(file, argv, { maxBuffer: 1 << 28, ...options }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });

const tool = (file: string, argv: readonly string[], cwd: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(file, argv, { cwd, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') {
        reject(new Error(`expected ${file} for the model; install it: apt-get install spin gcc`));
      } else reject(new Error(`${file} ${argv.join(' ')}: ${stdout}${stderr}`));
    });
  });
