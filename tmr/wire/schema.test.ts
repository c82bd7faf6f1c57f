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
