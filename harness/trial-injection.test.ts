import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireResolved } from '../faults/resolve.ts';
import { parseFault } from '../faults/text.ts';
import type { Hosts } from './hosts.ts';
import { TrialInjection } from './trial-injection.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tmr-injection-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The victim is alive at the first `looks` looks; how often it was looked at. */
async function look(looks: number, ...types: string[]): Promise<[dead: boolean, looked: number]> {
  const eventLog = join(directory, 'events.jsonl');
  const victim = { pid: 7, startTime: '9' };
  const common = { replica: 2, fault: 0, k: 20, tNs: 1 };
  writeFileSync(
    eventLog,
    types.map((type) => `${JSON.stringify({ ...common, type, victim })}\n`).join(''),
  );
  let looked = 0;
  const hosts = {
    openEvents: () => ({ eventLog, write: () => undefined, close: () => Promise.resolve() }),
    isDead: () => Promise.resolve((looked += 1) > looks),
  } as unknown as Hosts;
  const fault = requireResolved(parseFault('replica-delay:replica=2,delay=2s,at=rendezvous:20'));
  const [dead] = await new TrialInjection([fault], hosts, eventLog).victimsDead();
  return [dead!, looked];
}

it('waits for a victim that has been told to end and has not said that the fault is over', async () => {
  expect(await look(3, 'injected')).toEqual([true, 4]);
});

it('does not wait for one that has said so: it lives on', async () => {
  expect(await look(3, 'injected', 'activated')).toEqual([false, 1]);
});

it('does not wait for ever', async () => {
  const [dead, looked] = await look(Infinity, 'injected');
  expect(dead).toBe(false);
  expect(looked).toBeGreaterThan(1);
});
