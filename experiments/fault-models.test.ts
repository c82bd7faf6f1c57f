import { describe, expect, it } from 'vitest';
import { containerFaultKinds } from '../faults/fault-spec.ts';
import { formatFault, parseFault } from '../faults/text.ts';
import { resolvePlanned } from '../harness/planned-fault.ts';
import { faultKinds } from '../harness/types.ts';
import { faultModels, modelsFor } from './fault-models.ts';
import { deriveSeed, random } from './statistics/random.ts';

const names = (models: readonly { name: string }[]): string[] => models.map(({ name }) => name);

describe('the populations of faults', () => {
  it('are one for each kind', () => {
    expect(names(faultModels).toSorted()).toEqual([...faultKinds].toSorted());
  });

  it('are only those that all the chosen hosts can have', () => {
    expect(names(modelsFor(['docker']))).toEqual(names(faultModels));
    for (const hosts of [['local'], ['local', 'docker']] as const) {
      expect(names(modelsFor(hosts)).filter((name) => isOfContainer(name))).toEqual([]);
      expect(modelsFor(hosts)).toHaveLength(faultModels.length - containerFaultKinds.length);
    }
  });

  it.each(faultModels)('draws of $name are faults that can strike', (model) => {
    const source = random(deriveSeed('fault-models', model.name));
    for (let i = 0; i < 200; i++) {
      const planned = model.draw(source, { delayRangeMs: [20, 20_000] });
      const fault = resolvePlanned(planned, 1000, 'ab');
      expect(parseFault(JSON.stringify(fault))).toEqual(fault);
      expect(parseFault(formatFault(fault))).toEqual(fault);
      expect(fault.kind).toBe(model.name);
    }
  });
});

function isOfContainer(name: string): boolean {
  return (containerFaultKinds as readonly string[]).includes(name);
}
