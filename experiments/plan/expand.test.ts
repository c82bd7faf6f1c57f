import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../faults/fault-spec.ts';
import { parseFault } from '../../faults/text.ts';
import { projectRoot } from '../project-root.ts';
import { readRun } from '../record/run-directory.ts';
import { modelsFor } from '../fault-models.ts';
import { policyCompare } from '../policy-compare.ts';
import { readingName } from '../readings.ts';
import { timeoutSweep } from '../timeout-sweep.ts';
import { twoFaultMap } from '../two-fault-map.ts';
import { castsSameVote, partsOf } from '../two-faults.ts';
import { estimate } from './estimate.ts';
import { expandPlan } from './expand.ts';

const design = timeoutSweep.presets.quick;
const cellOf = (spec: ReturnType<typeof expandPlan>[number]): string =>
  JSON.stringify([spec.workload, spec.fault.kind, spec.timeoutMs, spec.detect, spec.policy]);

describe('a plan', () => {
  const plan = expandPlan(design, 42);
  const cells = 3 * 5 * 2 * 2;

  it('is the product of the levels, once in each repetition block', () => {
    expect(plan).toHaveLength(cells * design.repetitions);
    for (let repetition = 0; repetition < design.repetitions; repetition++) {
      const block = plan.slice(repetition * cells, (repetition + 1) * cells);
      expect(block.every((spec) => spec.repetition === repetition)).toBe(true);
      expect(new Set(block.map(cellOf)).size).toBe(cells);
    }
  });

  it('is shuffled within a block, differently in each', () => {
    const [first, second] = [0, 1].map((block) =>
      plan.slice(block * cells, (block + 1) * cells).map(cellOf),
    );
    expect(first).not.toEqual(second);
    expect(first!.toSorted()).toEqual(second!.toSorted());
  });

  it('is a function of the seed, and each trial has a seed of its own', () => {
    expect(expandPlan(design, 42)).toEqual(plan);
    expect(expandPlan(design, 43)).not.toEqual(plan);
    expect(new Set(plan.map((spec) => spec.seed)).size).toBe(plan.length);
    expect(plan.map((spec) => spec.trial)).toEqual(plan.map((_, index) => index));
  });

  it('is still that of the reference run', () => {
    const run = readRun(join(projectRoot(), 'results', 'reference', 'timeout-sweep'));
    expect(expandPlan(run.manifest.design, run.manifest.seed)).toEqual(run.plan);
  });

  it('keeps the trials it has when repetitions are added', () => {
    const longer = expandPlan({ ...design, repetitions: design.repetitions + 1 }, 42);
    expect(longer.slice(0, plan.length)).toEqual(plan);
  });

  it('draws faults inside their ranges, all replicas and both kinds of victim', () => {
    const many = expandPlan({ ...design, repetitions: 20 }, 1).map((spec) => spec.fault);
    const delays = many.flatMap((fault) =>
      fault.kind === 'tracer-delay' ? [fault.delay as number] : [],
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(design.delayRangeMs[0]);
    expect(Math.max(...delays)).toBeLessThanOrEqual(design.delayRangeMs[1]);
    const kills = many.flatMap((f) =>
      f.kind === 'replica-kill' ? [`${f.process}${f.replica}`] : [],
    );
    expect(new Set(kills).size).toBe(6);
    const notices = many.filter((fault) => fault.kind === 'false-flag-notice');
    expect(notices.every((fault) => fault.accused !== fault.accuser)).toBe(true);
  });
});

describe('a plan for several hosts', () => {
  const hosts = ['local', 'docker'] as const;
  const single = expandPlan(design, 42);
  const paired = expandPlan({ ...design, hosts: [...hosts] }, 42);
  const without = (spec: (typeof paired)[number]): object => ({ ...spec, trial: 0, hosts: null });

  it('has every trial once on each, one after the other, with one seed and one fault', () => {
    expect(paired).toHaveLength(2 * single.length);
    for (let i = 0; i < paired.length; i += 2) {
      const [one, other] = [paired[i]!, paired[i + 1]!];
      expect(new Set([one.hosts, other.hosts])).toEqual(new Set(hosts));
      expect(without(one)).toEqual(without(other));
    }
    expect(new Set(paired.map(({ seed }) => seed)).size).toBe(single.length);
  });

  it('begins with either host about as often', () => {
    const localFirst = paired.filter((spec, i) => i % 2 === 0 && spec.hosts === 'local').length;
    expect(localFirst).toBeGreaterThan(single.length / 3);
    expect(localFirst).toBeLessThan((2 * single.length) / 3);
  });

  it('gives each host the trials of a plan for that host alone', () => {
    const local = paired.filter((spec) => spec.hosts === 'local');
    expect(local.map(without)).toEqual(single.map(without));
  });
});

describe('a plan that compares policies', () => {
  const quick = policyCompare.presets.quick;
  const plan = expandPlan(quick, 42);
  const readings = ['agreed', 'paper', 'paper, first', 'paper, own'];

  it('has every trial once under each reading, one after the other, with one seed and one fault', () => {
    const cells = quick.faults.length * quick.workloads.length;
    expect(plan).toHaveLength(cells * readings.length * quick.repetitions);
    for (let i = 0; i < plan.length; i += readings.length) {
      const group = plan.slice(i, i + readings.length);
      expect(group.map(readingName).toSorted()).toEqual(readings);
      const alike = group.map(({ seed, fault, workload, hosts, repetition }) => {
        return { seed, fault, workload, hosts, repetition };
      });
      for (const one of alike) expect(one).toEqual(alike[0]);
    }
    expect(new Set(plan.map(({ seed }) => seed)).size).toBe(plan.length / readings.length);
  });

  it('begins with each reading about as often', () => {
    const firsts = plan.filter((_, i) => i % readings.length === 0).map(readingName);
    for (const reading of readings) {
      const share = firsts.filter((one) => one === reading).length / firsts.length;
      expect(share).toBeGreaterThan(0.12);
      expect(share).toBeLessThan(0.4);
    }
  });

  it('has readings of the time-out under paper alone', () => {
    const { policy, timeoutFrom } = quick;
    const apart = expandPlan({ ...design, policy, timeoutFrom: timeoutFrom! }, 1);
    expect(new Set(apart.map(readingName))).toEqual(new Set(readings));
    expect(new Set(apart.map(({ seed }) => seed)).size).toBe(apart.length);
  });
});

describe('a plan of two faults', () => {
  const { presets } = twoFaultMap;
  const cellOfPair = (spec: ReturnType<typeof expandPlan>[number]): string => {
    const { fault, secondFault: second } = spec;
    if (second === undefined || second.kind === 'none' || second.at.type !== 'after') return 'none';
    return [fault.kind, second.kind, second.at.rendezvous, partsOf(fault, second)].join(' ');
  };

  it('has every pair of kinds at every distance, in different parts and in the same one', () => {
    const { faults, secondFaults, gaps, parts, repetitions } = presets.quick;
    const plan = expandPlan(presets.quick, 42);
    const expected = faults.flatMap((one) =>
      secondFaults!.flatMap((two) =>
        gaps!.flatMap((gap) => parts!.map((which) => [one, two, gap, which].join(' '))),
      ),
    );
    const cells = plan.map(cellOfPair);
    expect(plan).toHaveLength(expected.length * repetitions);
    expect(new Set(cells)).toEqual(new Set(expected));
    expect(cells.slice(0, expected.length).toSorted()).toEqual(expected.toSorted());
  });

  it('of all kinds leaves out only those that cast the same wrong vote', () => {
    const paper = { ...presets.paper, workloads: ['ledger'], repetitions: 1 };
    const cells = new Set(expandPlan(paper, 1).map(cellOfPair));
    const kinds = paper.faults.length;
    expect(kinds).toBe(modelsFor(['local']).length - 1);
    // Early and early, early and rogue, rogue and early, rogue and rogue at 0; the rogue first at 1 and 8.
    expect(cells.size).toBe(kinds * kinds * 4 * 2 - 4 - 2 * 2);
    expect(cells.has('early-vote early-vote 0 different')).toBe(false);
    expect(cells.has('early-vote early-vote 1 different')).toBe(true);
    expect(cells.has('rogue-tracer early-vote 8 different')).toBe(false);
    expect(cells.has('rogue-tracer early-vote 64 different')).toBe(true);
    expect(cells.has('early-vote early-vote 0 same')).toBe(true);
    const pair = { first: 'early-vote', second: 'vote-loss', gap: 0, parts: 'different' } as const;
    expect(castsSameVote(pair)).toBe(false);
  });

  it('never has the same bit or offset twice, nor the second fault beyond the end', () => {
    const paper = { ...presets.paper, workloads: ['ledger'], repetitions: 2 };
    const wrong = (fault: FaultSpec | undefined): unknown =>
      fault !== undefined && ('bit' in fault ? fault.bit : 'offset' in fault && fault.offset);
    const plan = expandPlan(paper, 2);
    const alike = plan.filter(
      ({ fault, secondFault }) => wrong(fault) !== false && wrong(fault) === wrong(secondFault),
    );
    expect(alike).toEqual([]);
    const places = plan.map(({ fault }) =>
      'at' in fault && fault.at.type === 'fraction' ? fault.at.fraction : 1,
    );
    expect(Math.max(...places)).toBeLessThan(0.5);
    const delays = plan.flatMap(({ secondFault: second }) =>
      second?.kind === 'tracer-delay' ? [Number(second.delay)] : [],
    );
    expect(Math.min(...delays)).toBeGreaterThan(paper.timeoutsMs[0]!);
  });

  it('takes different parts as two replicas, a replica and the link of the others, or two links', () => {
    const parts = (one: string, other: string) => partsOf(parseFault(one), parseFault(other));
    const kill = (replica: number): string => `replica-kill:replica=${replica}`;
    const notice = 'false-flag-notice:accuser=1,accused=2';
    const loss = (link: string): string => `vote-loss:link=${link}`;
    expect(parts(kill(1), kill(2))).toBe('different');
    expect(parts(kill(1), kill(1))).toBe('same');
    expect(parts(kill(1), loss('2-3'))).toBe('different');
    expect(parts(loss('1-3'), kill(1))).toBe('same');
    expect(parts(loss('1-3'), loss('3-1'))).toBe('same');
    expect(parts(loss('1-3'), loss('1-2'))).toBe('different');
    expect(parts(notice, kill(1))).toBe('same');
    expect(parts(notice, kill(2))).toBe('different');
    expect(parts('none', kill(2))).toBe(null);
  });
});

describe('an estimate', () => {
  const options = {
    nativeSeconds: new Map([['jacobi', 0.1]]),
    volumeBytes: new Map([['jacobi', 1e6]]),
    keep: 'none' as const,
    prepare: { nativeRuns: 1, goldenRuns: 1 },
    jobs: 1,
  };
  const small = { ...design, workloads: ['jacobi'], faults: ['replica-kill' as const] };

  it('counts the waits that a fault causes', () => {
    const seconds = (detect: 'any' | 'timeout-only'): number =>
      estimate(expandPlan({ ...small, timeoutsMs: [1000], detect: [detect] }, 1), options).seconds;
    expect(seconds('timeout-only') - seconds('any')).toBeCloseTo(design.repetitions, 5);
  });

  it('counts what is kept', () => {
    const plan = expandPlan(small, 1);
    const kept = estimate(plan, { ...options, keep: 'all' }).bytes - estimate(plan, options).bytes;
    expect(kept).toBe(plan.length * 1e6);
  });
});
