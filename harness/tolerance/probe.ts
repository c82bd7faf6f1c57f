/** The workload of the exhaustive tests: some fifty rendezvous, a call of every class. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnableWorkload } from '../types.ts';

export interface Probe {
  workload: RunnableWorkload;
  /** Of the word on which all that it does depends, as `memory-bit-flip` takes it. */
  stateAddress: string;
}

/** Compiles it into `directory`. Throws with the compiler's words. */
export function buildProbe(directory: string): Probe {
  const program = join(directory, 'probe');
  const source = join(import.meta.dirname, 'probe.c');
  // Linked at fixed addresses, and with the fewest calls before main.
  const flags = ['-std=gnu17', '-O1', '-static', '-no-pie', '-Wall', '-Wno-unused-result'];
  execFileSync('cc', [...flags, '-o', program, source], { stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    stateAddress: addressOf('probe_state', program),
    workload: {
      name: 'probe',
      command: ['./probe'],
      stdin: 'input',
      fillVolume: async (volume) => {
        copyFileSync(program, join(volume, 'probe'));
        chmodSync(join(volume, 'probe'), 0o755);
        writeFileSync(join(volume, 'input'), 'hello world\n');
      },
      // Its pid is a virtual one, its random bytes are the session's.
      deterministic: false,
      programs: [program],
    },
  };
}

function addressOf(symbol: string, program: string): string {
  const table = execFileSync('nm', [program], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const match = new RegExp(`^([0-9a-f]+) \\w ${symbol}$`, 'm').exec(table);
  if (match === null) throw new Error(`expected the symbol ${symbol} in ${program}, found none`);
  return `0x${match[1]!.replace(/^0+/, '')}`;
}
