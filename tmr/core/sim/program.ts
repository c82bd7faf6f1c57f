/**
 * The replicated program of a simulation: a script of calls over a state that every result is
 * folded into, so that one wrong bit shows in every later vote, request and output.
 */

/** What a call does after its rendezvous. `exec` is rendezvous 0 (R0), `exit` the last. */
export type StepKind = 'exec' | 'local' | 'clock' | 'read' | 'write' | 'output' | 'input' | 'exit';
export type Program = readonly StepKind[];

const callNumbers: Readonly<Record<StepKind, number>> = {
  exec: -3,
  local: 39,
  clock: 228,
  read: 17,
  write: 18,
  output: 1,
  input: 0,
  exit: 231,
};

/** A 32-bit mix of two numbers (the finaliser of MurmurHash3). */
export const mix = (a: number, b: number): number => {
  let h = Math.imul((a ^ Math.imul(b | 0, 0x9e3779b1)) | 0, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

export const initialState = 1;

export const stepAt = (program: Program, k: number): StepKind => {
  const step = program[k];
  if (step === undefined) throw new Error(`the program has no step ${k}, only ${program.length}`);
  return step;
};

/** Number, signature halves and digest of the call that a replica in `state` makes at step k. */
export const callAt = (
  program: Program,
  k: number,
  state: number,
): { call: number; sigHi: number; sigLo: number; digest: number } => {
  const call = callNumbers[stepAt(program, k)];
  const digest = mix(state, mix(call, k));
  return { call, sigHi: mix(digest, 1), sigLo: mix(digest, 2), digest };
};

/** What the outside world holds: files, output, and how often stdin was read. */
export interface World {
  volume: number;
  output: number[];
  exited: boolean;
}

export const newWorld = (): World => ({ volume: 7, output: [], exited: false });

/** The result of a call of the file server; a mutating one changes the volume. */
export const runFileCall = (world: World, kind: 'read' | 'write', digest: number): number => {
  if (kind === 'read') return mix(world.volume, digest);
  world.volume = mix(world.volume, digest);
  return 1;
};

/** The result of slot n of the standard streams. */
export const runSlot = (
  world: World,
  kind: 'output' | 'input' | 'exit',
  n: number,
  digest: number,
): number => {
  if (kind === 'output') world.output.push(digest);
  if (kind === 'exit') world.exited = true;
  return kind === 'input' ? mix(n, 99) : 0;
};

/**
 * What one perfect replica does to the world when rendezvous k's agreed clock was `elapsedAt(k)`.
 */
export const goldenRun = (program: Program, elapsedAt: (k: number) => number): World => {
  const world = newWorld();
  let state = initialState;
  let slot = 0;
  program.forEach((step, k) => {
    const { digest } = callAt(program, k, state);
    if (step === 'clock') state = mix(state, elapsedAt(k));
    if (step === 'read' || step === 'write') state = mix(state, runFileCall(world, step, digest));
    if (step === 'output' || step === 'input' || step === 'exit') {
      state = mix(state, runSlot(world, step, slot, digest));
      slot += 1;
    }
  });
  return world;
};
