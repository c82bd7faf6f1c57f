/**
 * One link between two tracers that spoils bytes anywhere, record marks too, or makes up messages, in both
 * directions: a single fault, whatever it does. Nobody is to be flagged and nothing is to be wrong.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Address } from '../tmr/wire/messages.ts';
import { lieFor } from './fixtures/lies.ts';
import { generator, NoisyWire } from './fixtures/noisy-wire.ts';
import { freePorts, TmrRun } from './fixtures/tmr-run.ts';
import { LinkProxy } from './link-proxy.ts';

const lines = 150;
const command = ['awk', `BEGIN { for (i = 0; i < ${lines}; i++) { print i; fflush() } }`];
const output = Array.from({ length: lines }, (_, i) => `${i}\n`).join('');
/** HELLO is part of the start, where a fault ends in a session that does not begin (R0). */
const QUIET_BYTES = 2000;
/** HELLO, its proof, and votes. */
const QUIET_RECORDS = 20;

/** Seed, link and rate: each of the three links, with few and with many lies or spoilt chunks. */
const places = [
  [1, '1-2', 0.02],
  [2, '1-3', 0.02],
  [3, '2-3', 0.02],
  [4, '1-2', 0.3],
  [5, '1-3', 0.3],
  [6, '2-3', 0.3],
] as const;

let run: TmrRun | undefined;
let wire: NoisyWire | undefined;
let proxy: LinkProxy | undefined;
afterEach(async () => {
  await run?.dispose();
  await wire?.close();
  await proxy?.close();
});

/** A run with one link through a wire or proxy of the test's own, of which `open` gives the port. */
async function through(
  link: string,
  open: (target: Address) => Promise<number>,
  argv: string[],
): Promise<TmrRun> {
  const first = await freePorts(3);
  // The lower number dials the higher one, which listens.
  const port = await open({ host: '127.0.0.1', port: first + Number(link.slice(-1)) - 1 });
  const via = ['--via', `${link}=127.0.0.1:${port}`];
  const ports = ['--session-ports', `${first}-${first + 2}`];
  run = new TmrRun(['--timeout', '2s', ...via, ...ports], argv);
  return run;
}

describe('a link that spoils bytes', () => {
  it.each(places)(
    'flags nobody and loses nothing (seed %i, link %s, rate %f)',
    async (seed, link, rate) => {
      const started = await through(link, noisy(seed, rate, QUIET_BYTES), command);
      const end = await started.end();
      expect(wire!.acts.length).toBeGreaterThan(0);
      expect(end).toMatchObject({ status: 0, stdout: output, stderr: '' });
      expect(end.report.flags).toEqual([]);
      expect(end.report.fences).toEqual([]);
    },
  );
});

function noisy(seed: number, rate: number, quietBytes: number) {
  return async (target: Address): Promise<number> => {
    wire = await NoisyWire.open(target, seed, rate, quietBytes);
    return wire.port;
  };
}

describe('a link that makes up messages, each with a checksum that fits', () => {
  it.each(places)(
    'flags nobody and loses nothing (seed %i, link %s, rate %f)',
    async (seed, link, rate) => {
      const random = generator(seed);
      const told = new Set<string>();
      const tell = (body: Buffer): Buffer => {
        const { type, body: lie } = lieFor(body, random);
        told.add(type);
        return lie;
      };
      const open = async (target: Address): Promise<number> => {
        proxy = await LinkProxy.open(target);
        for (const direction of ['forward', 'backward'] as const) {
          proxy.replace(direction, tell, (_body, n) => n > QUIET_RECORDS && random() < rate);
        }
        return proxy.address.port;
      };
      const started = await through(link, open, command);
      const end = await started.end();
      expect(told.size).toBeGreaterThan(2);
      expect(end).toMatchObject({ status: 0, stdout: output, stderr: '' });
      expect(end.report.flags).toEqual([]);
      expect(end.report.fences).toEqual([]);
    },
  );
});

describe('a link on which nothing is read any more', () => {
  it('flags nobody, and every later vote comes by a relay', async () => {
    const count = 500;
    const program = `{ for (i = 0; i < ${count}; i++) { print i; fflush() } }`;
    const started = await through('1-3', noisy(1, 0, 0), ['awk', program]);
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
