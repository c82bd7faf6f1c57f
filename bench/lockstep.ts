/**
 * What a lock-stepped call costs beside the least possible (bench/src/floor.c): the same program,
 * the same placement, the same rdtsc setting, in turn within one run. Start-up, and the warm-up of
 * the first calls, are subtracted by running each with few and with many calls.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { max, median, min } from 'simple-statistics';

const root = fileURLToPath(new URL('..', import.meta.url));
const REPLICAS = 3;

export interface LockstepOptions {
  rounds: number;
  calls: number;
  tsc: 'trap' | 'native';
}

/** Microseconds a rendezvous (medians) and the ratio round by round. */
export interface LockstepResult {
  tmrUs: number;
  floorUs: number;
  /** Median of the rounds' ratios tmr / floor. */
  ratio: number;
  ratioMin: number;
  ratioMax: number;
  rounds: { tmrUs: number; floorUs: number }[];
  tsc: 'trap' | 'native';
  placement: string;
  /** Calls counted, after `warmUpCalls` that are not. */
  calls: number;
  warmUpCalls: number;
  loadAverage: number[];
}

/** Calls of the short run: the first thousands are dearer while V8 compiles the loop, once a session process. */
const FEW = 10_000;

export function lockstep(
  options: LockstepOptions,
  onRound: (round: number) => void,
): LockstepResult {
  const directory = mkdtempSync(join(tmpdir(), 'tmr-bench-'));
  try {
    const { floor, sysloop } = compile(directory);
    const cores = Array.from({ length: REPLICAS }, (_, i) => i % availableParallelism()).join(',');
    const runFloor = (n: number) =>
      time(floor, [options.tsc, cores, sysloop, String(n)], directory);
    const tmr = join(root, 'dist/tmr.js');
    const flags = ['run', '--placement', 'pair', '--tsc', options.tsc, '--', sysloop];
    const runTmr = (n: number) => time(process.execPath, [tmr, ...flags, String(n)], directory);
    const perCall = (run: (n: number) => number) =>
      (run(FEW + options.calls) - run(FEW)) / options.calls / 1e3;
    const rounds: LockstepResult['rounds'] = [];
    for (let i = 0; i < options.rounds; i++) {
      rounds.push({ floorUs: perCall(runFloor), tmrUs: perCall(runTmr) });
      onRound(i + 1);
    }
    const ratios = rounds.map(({ tmrUs, floorUs }) => tmrUs / floorUs);
    return {
      tmrUs: median(rounds.map(({ tmrUs }) => tmrUs)),
      floorUs: median(rounds.map(({ floorUs }) => floorUs)),
      ratio: median(ratios),
      ratioMin: min(ratios),
      ratioMax: max(ratios),
      rounds,
      tsc: options.tsc,
      placement: 'pair',
      calls: options.calls,
      warmUpCalls: FEW,
      loadAverage: loadavg(),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function compile(directory: string): { floor: string; sysloop: string } {
  const built = (name: string, ...flags: string[]) => {
    const output = join(directory, name);
    execFileSync('cc', ['-O2', ...flags, '-o', output, join(root, 'bench/src', `${name}.c`)]);
    return output;
  };
  // Static: ld.so's own time-stamp reads have no part in the comparison.
  return { floor: built('floor'), sysloop: built('sysloop', '-static') };
}

/** Wall time in ns. Throws when the command fails: a failed run has no time. */
function time(command: string, args: string[], cwd: string): number {
  const since = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const took = Number(process.hrtime.bigint() - since);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} gave ${status}: ${stderr}`);
  return took;
}
