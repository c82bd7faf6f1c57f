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
 * Each trial's seed is SHA-256 of master seed and trial number; its fault is drawn from that. With
 * several hosts a trial is run on each, one after the other in a drawn order, with one seed and hence the
 * same fault: such pairs are what is compared. The number is then that of the pair.
 */
export function expandPlan(design: Design, masterSeed: number): TrialSpec[] {
  const all = cells({ ...design, hosts: design.hosts.slice(0, 1) });
  const specs: TrialSpec[] = [];
  let pair = 0;
  for (let repetition = 0; repetition < design.repetitions; repetition++) {
    const order = random(deriveSeed(masterSeed, 'order', repetition)).shuffle(all);
    for (const { fault, ...cell } of order) {
      const seed = deriveSeed(masterSeed, 'trial', pair++);
      const model = faultModel(fault);
      if (model === undefined) throw new Error(`no fault model named '${fault}'`);
      const planned = model.draw(random(deriveSeed(seed, 'fault')), design);
      for (const hosts of random(deriveSeed(seed, 'hosts')).shuffle(design.hosts)) {
        const trial = specs.length;
        const common = { trial, repetition, ...cell, hosts };
        specs.push({ ...common, fault: planned, tsc: design.tsc, seed });
      }
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
