import { describe, expect, it } from 'vitest';
import { containerKinds } from '../../faults/kinds/containers.ts';
import { activeKinds } from '../../faults/kinds/registry.ts';
import { casesAt, everyCase, resolved, stratumOf } from './cases.ts';
import { CASES_MIN, RENDEZVOUS_MIN, SLICE_MIN, STRATA_MIN } from './floors.ts';
import { sliceOf } from './slice.ts';

const program = { rendezvous: RENDEZVOUS_MIN, stateAddress: '0x4a60d0' };
const all = everyCase(program);

describe('the exhaustive list', () => {
  it('has no case twice, each with nothing left to draw', () => {
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(CASES_MIN);
    for (const text of casesAt(7, program)) expect(resolved(text)).toMatchObject({ at: { k: 7 } });
  });

  it('has every kind that needs no container, at every rendezvous', () => {
    const ofContainers: readonly string[] = containerKinds.map(({ name }) => name);
    const kinds = activeKinds
      .map(({ name }) => name)
      .filter((name) => !ofContainers.includes(name));
    for (let k = 1; k < program.rendezvous; k++) {
      const here = new Set(casesAt(k, program).map((text) => resolved(text).kind));
      expect([...here].toSorted()).toEqual(kinds.toSorted());
    }
  });

  it('has every replica, both peers of each, and every phase', () => {
    const here = casesAt(9, program);
    for (const kind of ['replica-kill', 'tracer-delay']) {
      for (const replica of [1, 2, 3]) {
        const phases = here
          .map(resolved)
          .filter((fault) => fault.kind === kind && 'replica' in fault && fault.replica === replica)
          .map((fault) => ('phase' in fault ? fault.phase : ''));
        expect(new Set(phases).size).toBe(4);
      }
    }
    const links = here.map(resolved).flatMap((f) => (f.kind === 'vote-loss' ? [f.link] : []));
    expect(new Set(links.map(({ from, to }) => `${from}-${to}`)).size).toBe(6);
  });
});

describe('a slice of it', () => {
  it('has every stratum, is the same for the same commit and another for another', () => {
    const slice = sliceOf(all, SLICE_MIN, 'a');
    expect(slice).toEqual(sliceOf(all, SLICE_MIN, 'a'));
    expect(slice).not.toEqual(sliceOf(all, SLICE_MIN, 'b'));
    expect(slice.length).toBeGreaterThanOrEqual(SLICE_MIN);
    expect(new Set(slice).size).toBe(slice.length);
    const strata = new Set(all.map(stratumOf));
    expect(strata.size).toBeGreaterThanOrEqual(STRATA_MIN);
    expect(new Set(slice.map(stratumOf))).toEqual(strata);
  });
});
