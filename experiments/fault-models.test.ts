import { describe, expect, it } from 'vitest';
import { needsContainers } from '../faults/fault-spec.ts';
import { containerKinds } from '../faults/kinds/containers.ts';
import { faultKindNames, type FaultKindName } from '../faults/kinds/registry.ts';
import { resolveFault } from '../faults/resolve.ts';
import { formatFault, parseFault } from '../faults/text.ts';
import { faultModels, modelsFor } from './fault-models.ts';
import { deriveSeed, random } from './statistics/random.ts';

const names = (models: readonly { name: FaultKindName }[]): FaultKindName[] =>
  models.map(({ name }) => name);

describe('the populations of faults', () => {
  it('are one for each kind, apart from the one that needs an address of the program', () => {
    const drawn = faultKindNames.filter((name) => name !== 'memory-bit-flip');
    expect(names(faultModels).toSorted()).toEqual([...drawn].toSorted());
  });

  it('are only those that all the chosen hosts can have', () => {
    expect(names(modelsFor(['docker']))).toEqual(names(faultModels));
    for (const hosts of [['local'], ['local', 'docker']] as const) {
      expect(names(modelsFor(hosts)).filter((kind) => needsContainers({ kind }))).toEqual([]);
      expect(modelsFor(hosts)).toHaveLength(faultModels.length - containerKinds.length);
    }
  });

  it.each(faultModels)('draws of $name are faults that can strike', (model) => {
    const source = random(deriveSeed('fault-models', model.name));
    for (let i = 0; i < 200; i++) {
      const planned = model.draw(source, { delayRangeMs: [20, 20_000] });
      const fault = resolveFault(planned, { rendezvous: 1000, seed: 'ab' });
      expect(parseFault(JSON.stringify(fault))).toEqual(fault);
      expect(parseFault(formatFault(fault))).toEqual(fault);
      expect(fault.kind).toBe(model.name);
    }
  });
});

it('wrong seals are drawn with the other peer getting each of what there is', () => {
  const source = random(deriveSeed('fault-models', 'others'));
  const model = faultModels.find(({ name }) => name === 'wrong-seal');
  const drawn = Array.from({ length: 60 }, () =>
    model?.draw(source, { delayRangeMs: [20, 20_000] }),
  );
  const others = drawn.map((fault) => fault && 'other' in fault && fault.other);
  expect(new Set(others)).toEqual(new Set(['badly-sealed', 'good', 'withheld']));
});
