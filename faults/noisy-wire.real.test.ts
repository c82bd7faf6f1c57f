/**
 * One link between two tracers that spoils bytes anywhere, record marks too, in both directions: a single
 * fault, whatever it does. Nobody is to be flagged and nothing is to be wrong.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Address } from '../tmr/wire/messages.ts';
import { NoisyWire } from './fixtures/noisy-wire.ts';
import { freePorts, TmrRun } from './fixtures/tmr-run.ts';

const lines = 150;
const command = ['awk', `BEGIN { for (i = 0; i < ${lines}; i++) { print i; fflush() } }`];
const output = Array.from({ length: lines }, (_, i) => `${i}\n`).join('');
/** HELLO is part of the start, where a fault ends in a session that does not begin (R0). */
const QUIET_BYTES = 2000;

let run: TmrRun | undefined;
let wire: NoisyWire | undefined;
afterEach(async () => {
  await run?.dispose();
  await wire?.close();
});

/** A run with one link through a wire of the test's own. */
async function through(
  link: string,
  open: (target: Address) => Promise<NoisyWire>,
  argv: string[],
): Promise<TmrRun> {
  const first = await freePorts(3);
  // The lower number dials the higher one, which listens.
  wire = await open({ host: '127.0.0.1', port: first + Number(link.slice(-1)) - 1 });
  const via = ['--via', `${link}=127.0.0.1:${wire.port}`];
  const ports = ['--session-ports', `${first}-${first + 2}`];
  run = new TmrRun(['--timeout', '2s', ...via, ...ports], argv);
  return run;
}

describe('a link that spoils bytes', () => {
  // Each of the three links, with few and with many spoilt chunks.
  it.each([
    [1, '1-2', 0.02],
    [2, '1-3', 0.02],
    [3, '2-3', 0.02],
    [4, '1-2', 0.3],
    [5, '1-3', 0.3],
    [6, '2-3', 0.3],
  ])('flags nobody and loses nothing (seed %i, link %s, rate %f)', async (seed, link, rate) => {
    const open = (target: Address) => NoisyWire.open(target, seed, rate, QUIET_BYTES);
    const started = await through(link, open, command);
    const end = await started.end();
    expect(wire!.acts.length).toBeGreaterThan(0);
    expect(end).toMatchObject({ status: 0, stdout: output, stderr: '' });
    expect(end.report.flags).toEqual([]);
    expect(end.report.fences).toEqual([]);
  });
});

describe('a link on which nothing is read any more', () => {
  it('flags nobody, and every later vote comes by a relay', async () => {
    const count = 500;
    const program = `{ for (i = 0; i < ${count}; i++) { print i; fflush() } }`;
    const open = (target: Address) => NoisyWire.open(target, 1, 0, 0);
    const started = await through('1-3', open, ['awk', program]);
    await started.running();
    wire!.stall();
    const text = Array.from({ length: count }, (_, index) => `${index}\n`);
    const end = await started.end('go\n');
    expect(end).toMatchObject({ status: 0, stdout: text.join(''), stderr: '' });
    expect(end.report.flags).toEqual([]);
    expect(end.report.fences).toEqual([]);
    expect(end.report.rendezvous).toBeGreaterThan(count);
  });
});
