/** Guests: small C programs whose memory a test can find. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('guests', import.meta.url));

/** Compiles a guest into `directory`, static and at fixed addresses; returns its path. */
export function compileGuest(name: string, directory: string): string {
  const output = join(directory, name);
  execFileSync('cc', ['-O1', '-static', '-no-pie', '-o', output, join(sources, `${name}.c`)]);
  return output;
}

/** Address of a symbol of a guest. */
export function symbolAddress(program: string, symbol: string): number {
  const line = execFileSync('nm', [program])
    .toString()
    .split('\n')
    .find((text) => text.endsWith(` ${symbol}`));
  if (line === undefined) throw new Error(`expected symbol ${symbol} in ${program}`);
  return parseInt(line, 16);
}

/** Changes a process' memory from outside, as anybody with the right may. */
export function writeMemory(pid: number, address: number, bytes: Buffer): void {
  const fd = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, address);
  } finally {
    closeSync(fd);
  }
}
