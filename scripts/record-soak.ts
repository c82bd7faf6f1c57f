/** What a soak leaves behind: its counts, beside the commit and the machine that gave them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Plain data; it must name how many cases were run and how many of them failed. */
export interface SoakResult {
  cases: number;
  failures: number;
  [more: string]: unknown;
}

/** Writes `results/reference/soak/<part>.json`. */
export function recordSoak(part: string, result: SoakResult): void {
  const git = (...argv: string[]): string =>
    execFileSync('git', argv, { cwd: root, encoding: 'utf8' }).trim();
  const directory = join(root, 'results/reference/soak');
  mkdirSync(directory, { recursive: true });
  const record = {
    part,
    commit: git('rev-parse', 'HEAD'),
    /** Files that differed from the commit, results themselves apart. */
    changed: git('status', '--porcelain', '--', ':!results').split('\n').filter(Boolean),
    endedAt: new Date().toISOString(),
    node: process.version,
    kernel: release(),
    cores: availableParallelism(),
    ...result,
  };
  writeFileSync(join(directory, `${part}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
