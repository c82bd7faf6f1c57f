import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { TrialRecord } from '../../harness/types.ts';

/**
 * trials.jsonl: one line a trial, appended and forced to disk before the next trial begins, so that
 * a crash costs at most the trial that was running.
 */
export class TrialLog {
  private readonly descriptor: number;

  constructor(file: string) {
    this.descriptor = openSync(file, 'a', 0o644);
  }

  append(record: TrialRecord): void {
    writeSync(this.descriptor, `${JSON.stringify(record)}\n`);
    fsyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/**
 * Reads lines of JSON. A last line without its newline was torn by a crash and is left out; any
 * other line that is no JSON throws with its number.
 */
export function readJsonLines<T>(file: string): T[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as T;
    } catch {
      throw new Error(`${file}:${index + 1} is not JSON; the file was changed after the run`);
    }
  });
}
