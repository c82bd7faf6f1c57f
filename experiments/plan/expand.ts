import type { TrialSpec } from '../../harness/types.ts';
import { faultModel } from '../fault-models.ts';
import { deriveSeed, random } from '../statistics/random.ts';
import type { Design } from '../types.ts';

type Cell = Pick<TrialSpec, 'workload' | 'timeoutMs' | 'detect' | 'policy' | 'hosts'> & {
  fault: Design['faults'][number];
};

/**
 * The ordered list of trials of a design, written down before any of them runs.
 *
 * Repetitions are blocks: each holds every cell once, in an order of its own, so that a change of
 * the machine during the campaign falls on all cells alike and an interrupted campaign is balanced.
 * Each trial's seed is SHA-256 of master seed and trial number; its fault is drawn from that.
 */
export function expandPlan(design: Design, masterSeed: number): TrialSpec[] {
  const all = cells(design);
  const specs: TrialSpec[] = [];
  for (let repetition = 0; repetition < design.repetitions; repetition++) {
    const order = random(deriveSeed(masterSeed, 'order', repetition)).shuffle(all);
    for (const { fault, ...cell } of order) {
      const trial = specs.length;
      const seed = deriveSeed(masterSeed, 'trial', trial);
      const model = faultModel(fault);
      if (model === undefined) throw new Error(`no fault model named '${fault}'`);
      const planned = model.draw(random(deriveSeed(seed, 'fault')), design);
      specs.push({ trial, repetition, ...cell, fault: planned, tsc: design.tsc, seed });
    }
  }
  return specs;
}

function cells(design: Design): Cell[] {
  const result: Cell[] = [];
  for (const workload of design.workloads)
    for (const fault of design.faults)
      for (const timeoutMs of design.timeoutsMs)
        for (const detect of design.detect)
          for (const policy of design.policy)
            for (const hosts of design.hosts)
              result.push({ workload, fault, timeoutMs, detect, policy, hosts });
  return result;
}
