/** Inputs of workloads: the same bytes on every machine, made once and kept in the cache. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes `file` if it is not there: `text` is lines of words, `table` is CSV with the columns
 * id, grp, value, name. Ends with a whole line, so it may be a few bytes longer than `bytes`.
 * A half-written file never gets the final name.
 */
export function makeInput(file: string, kind: 'text' | 'table', bytes: number): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  const descriptor = openSync(partial, 'w', 0o644);
  try {
    const next = xorshift32(kind === 'text' ? 2463534242 : 3141592653);
    const line = kind === 'text' ? () => textLine(next) : tableRow(next);
    let written = 0;
    while (written < bytes) {
      let chunk = '';
      while (chunk.length < 65536 && written + chunk.length < bytes) chunk += line();
      written += writeSync(descriptor, chunk, null, 'latin1');
    }
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(partial, file);
}

/** Marsaglia's 32-bit xorshift: part of the input's definition, so it is never to change. */
function xorshift32(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** 4 to 11 words. Cubing the draw makes some words common, as in a text, so that gzip has work. */
function textLine(next: () => number): string {
  const count = 4 + (next() & 7);
  let line = '';
  for (let i = 0; i < count; i++) {
    const rank = (next() / 2 ** 32) ** 3;
    line += `${i === 0 ? '' : ' '}${word(Math.floor(rank * 20_000))}`;
  }
  return `${line}\n`;
}

function tableRow(next: () => number): () => string {
  let id = 0;
  return () => `${++id},${next() % 100},${next() % 1_000_000},${word(next() % 20_000)}\n`;
}

/** The n-th word: syllables by the digits of n, so that words have two to eight letters. */
function word(n: number): string {
  const consonants = 'bcdfghjklmnprstvwz';
  const vowels = 'aeiou';
  let rest = n;
  let text = '';
  do {
    const syllable = rest % 90;
    text += consonants[syllable % 18]! + vowels[Math.floor(syllable / 18)]!;
    rest = Math.floor(rest / 90);
  } while (rest > 0);
  return text;
}
