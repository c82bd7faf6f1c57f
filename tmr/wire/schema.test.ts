import { describe, expect, it } from 'vitest';
import { decodeControl, encodeControl } from './control-codec.ts';
import type { ToDaemon } from './control-codec.ts';
import { goldenFromDaemon, goldenToDaemon } from './golden.ts';
import { parseFromDaemon, parseToDaemon, SchemaError } from './schema.ts';
import { samplePlan } from './sample-plan.ts';
import { XdrWriter } from './xdr.ts';

function throughTheWire(message: Parameters<typeof encodeControl>[1]): unknown {
  const writer = new XdrWriter();
  encodeControl(writer, message);
  return decodeControl(writer.bytes());
}

describe('control frames', () => {
  it('carry a whole plan unchanged', () => {
    const start: ToDaemon = { type: 'start', plan: samplePlan() };
    expect(parseToDaemon(throughTheWire(start))).toEqual(start);
  });

  it('come back as sent', () => {
    for (const message of Object.values(goldenToDaemon)) {
      expect(parseToDaemon(throughTheWire(message))).toEqual(message);
    }
    for (const message of Object.values(goldenFromDaemon)) {
      expect(parseFromDaemon(throughTheWire(message))).toEqual(message);
    }
  });

  it('names the field that is wrong', () => {
    const plan = samplePlan();
    plan.settings.timeoutMs = 5;
    expect(() => parseToDaemon({ type: 'start', plan })).toThrow(/plan\.settings\.timeoutMs/);
    expect(() => parseToDaemon({ type: 'dance' })).toThrow(SchemaError);
  });

  it('refuses a modulus of seals for which products are not exact, or digests too large', () => {
    for (const modulus of [2 ** 50, 2 ** 49 - 1, 2 ** 49 + 0.5]) {
      const plan = samplePlan();
      plan.sealKeys.moduli[1] = modulus;
      expect(() => parseToDaemon({ type: 'start', plan })).toThrow(/plan\.sealKeys\.moduli\.1/);
    }
  });

  it('refuses a session key that comes from outside', () => {
    const plan = { ...samplePlan(), sessionKey: '00' };
    expect(() => parseToDaemon({ type: 'start', plan })).toThrow(/sessionKey/);
  });
});

describe('the seal keys of a plan', () => {
  const { sealKeys: good } = samplePlan();
  const [first = 0, second = 0, third = 0] = good.moduli;
  const parsed = (sealKeys: unknown): unknown =>
    parseToDaemon({ type: 'start', plan: { ...samplePlan(), sealKeys } as never });

  it.each([
    [
      'a modulus below every digest',
      { ...good, moduli: [2 ** 49 - 1, second, third] },
      /moduli\.0/,
    ],
    ['one beyond exact products', { ...good, moduli: [first, 2 ** 50, third] }, /moduli\.1/],
    ['none', { ...good, moduli: [] }, /moduli/],
    ['more than replicas', { ...good, moduli: Array.from({ length: 8 }, () => first) }, /moduli/],
    [
      'fewer than replicas',
      { ...good, moduli: [first, second] },
      /one of each of 3 replicas, got 2/,
    ],
    [
      'the primes of another replica',
      { ...good, own: [30_038_531, 30_872_669] },
      /moduli\.0: expected the product of own for replica 1/,
    ],
    ['a prime of 26 bits', { ...good, own: [2 ** 25, good.own[1]] }, /own\.0/],
    ['one prime', { ...good, own: [good.own[0]] }, /own/],
    ['primes of others beside', { ...good, pairs: [good.own] }, /pairs/],
    ['the keys of pairs', [0, 1, 2], /sealKeys/],
  ])('are refused with %s', (_what, sealKeys, field) => {
    expect(() => parsed(sealKeys)).toThrow(field);
  });

  it('are taken as they are', () => {
    expect(parsed(good)).toMatchObject({ plan: { sealKeys: good } });
  });
});
