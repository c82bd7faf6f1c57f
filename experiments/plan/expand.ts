import type { TrialSpec } from '../../harness/types.ts';
import { faultModel } from '../fault-models.ts';
import { readingsOf, type Reading } from '../readings.ts';
import { deriveSeed, random, type Random } from '../statistics/random.ts';
import { castsSameVote, drawPair, type PairOfKinds } from '../two-faults.ts';
import type { Design } from '../types.ts';

/** A kind, or two with their distance. */
type Kinds = Design['faults'][number] | PairOfKinds;

interface Cell {
  kinds: Kinds;
  settings: Pick<TrialSpec, 'workload' | 'timeoutMs' | 'detect'>;
  /** Several, where they are compared. */
  readings: Reading[];
}

/**
 * The ordered list of trials of a design, written down before any of them runs.
 *
 * Repetitions are blocks: each holds every cell once, in an order of its own, so that a change of
 * the machine during the campaign falls on all cells alike and an interrupted campaign is balanced.
 * Each trial's seed is SHA-256 of master seed and trial number; its fault is drawn from that. Hosts, and
 * where the design says so policies, are compared: a trial is run under each of them, one after the other
 * in a drawn order, with one seed and hence the same fault. The number is then that of the group.
 */
export function expandPlan(design: Design, masterSeed: number): TrialSpec[] {
  const all = cells(design);
  const specs: TrialSpec[] = [];
  let group = 0;
  for (let repetition = 0; repetition < design.repetitions; repetition++) {
    const order = random(deriveSeed(masterSeed, 'order', repetition)).shuffle(all);
    for (const { kinds, settings, readings } of order) {
      const seed = deriveSeed(masterSeed, 'trial', group++);
      const faults = drawFaults(kinds, random(deriveSeed(seed, 'fault')), design);
      const members = readings.flatMap((reading) =>
        design.hosts.map((hosts) => ({ ...inPlan(reading), hosts })),
      );
      for (const member of random(deriveSeed(seed, 'hosts')).shuffle(members)) {
        const trial = specs.length;
        specs.push({ trial, repetition, ...settings, ...member, ...faults, tsc: design.tsc, seed });
      }
    }
  }
  return specs;
}

function cells(design: Design): Cell[] {
  const all = readingsOf(design);
  const compared = design.samePolicyFaults === true ? [all] : all.map((reading) => [reading]);
  const result: Cell[] = [];
  for (const workload of design.workloads)
    for (const kinds of kindsOf(design))
      for (const timeoutMs of design.timeoutsMs)
        for (const detect of design.detect)
          for (const readings of compared)
            result.push({ kinds, settings: { workload, timeoutMs, detect }, readings });
  return result;
}

function kindsOf({ faults, secondFaults, gaps = [0], parts = ['different'] }: Design): Kinds[] {
  if (secondFaults === undefined) return faults;
  const pairs = faults.flatMap((first) =>
    secondFaults.flatMap((second) =>
      gaps.flatMap((gap) => parts.map((which) => ({ first, second, gap, parts: which }))),
    ),
  );
  return pairs.filter((pair) => !castsSameVote(pair));
}

function drawFaults(
  kinds: Kinds,
  source: Random,
  design: Design,
): Pick<TrialSpec, 'fault' | 'secondFault'> {
  if (typeof kinds !== 'string') return drawPair(kinds, source, design);
  const model = faultModel(kinds);
  if (model === undefined) throw new Error(`no fault model named '${kinds}'`);
  return { fault: model.draw(source, design) };
}

/** What is not given means `quorum`. */
function inPlan({ policy, timeoutFrom }: Reading): Pick<TrialSpec, 'policy' | 'timeoutFrom'> {
  return timeoutFrom === 'quorum' ? { policy } : { policy, timeoutFrom };
}
