import { describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { limitsOn, parseCpus, parseMemory, parsePids } from './limits.ts';

/** An engine of so many CPUs. */
const engineOf = (cpus: number): Engine => ({
  docker: { info: () => Promise.resolve({ NCPU: cpus }) } as Engine['docker'],
  url: `unix:///engine-of-${cpus}`,
  address: null,
  apiVersion: '1.41',
});

describe('limits of containers', () => {
  it('are read as docker run reads them', () => {
    expect(['256m', '1g', '1.5G', '536870912', '524288k'].map(parseMemory)).toEqual(
      [256, 1024, 1536, 512, 512].map((mib) => mib * 2 ** 20),
    );
    expect(parsePids('64')).toBe(64);
    expect([parseCpus('0.5'), parseCpus('2')]).toEqual([0.5, 2]);
  });

  it.each(['', '1', '255m', '2t', '-1g', '1e9', 'g', '1 g'])('refuse memory %j', (text) => {
    expect(() => parseMemory(text)).toThrow(/expected 256m or more, such as 512m or 2g, got/);
  });

  it.each(['', '0', '63', '1.5', '-5', 'many'])('refuse pids %j', (text) => {
    expect(() => parsePids(text)).toThrow(/expected a whole number from 64 on, got/);
  });

  it.each(['', '0', '0.05', '-1', '1e3', 'all'])('refuse CPUs %j', (text) => {
    expect(() => parseCpus(text)).toThrow(/expected a number from 0.1 on, such as 1.5, got/);
  });

  it('are those that every engine can give, where nothing was asked for', async () => {
    const defaults = { memoryBytes: 2 ** 31, pids: 512 };
    expect(await limitsOn([engineOf(8)])).toEqual({ ...defaults, cpus: 2 });
    expect(await limitsOn([engineOf(8), engineOf(1)])).toEqual({ ...defaults, cpus: 1 });
    expect(await limitsOn([engineOf(8)], { cpus: 6, pids: 100 })).toEqual({
      ...defaults,
      cpus: 6,
      pids: 100,
    });
  });

  it('are refused beyond the CPUs of an engine, which is named', async () => {
    await expect(limitsOn([engineOf(8), engineOf(2)], { cpus: 3 })).rejects.toThrow(
      '--container-cpus: expected at most 2, which engine unix:///engine-of-2 has, got 3',
    );
  });
});
