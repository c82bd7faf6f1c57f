/**
 * Runs the suite against mutants, each in a copy of the sources: the working tree is never changed. One
 * vitest runs many copies, since starting it costs more than most tests. A mutant is killed when a
 * test fails; one that does not even load kills nobody and is an error of the list.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Mutant } from './mutant.ts';

const root = join(import.meta.dirname, '../..');
const COPIES_AT_ONCE = 40;
/** A copy without a mutant, in which every test must pass that is to kill. */
const UNCHANGED = 'unchanged';

/** Slow ones last: what the quick ones kill needs no sessions. */
const coreTests = ['transitions', 'sweep', 'core.prop', 'ablation', 'paper.prop'].map(
  (name) => `tmr/core/${name}.test.ts`,
);

export type Verdict =
  { outcome: 'killed'; by: string } | { outcome: 'survived' } | { outcome: 'broken'; why: string };

/** Judges all; `tell` hears of each as soon as it is known. */
export const judgeAll = async (
  mutants: readonly Mutant[],
  tell: (mutant: Mutant, verdict: Verdict) => void,
): Promise<void> => {
  // They need different parts of the sources, and different time-outs.
  for (const group of [mutants.filter(isOfCore), mutants.filter((each) => !isOfCore(each))]) {
    for (let start = 0; start < group.length; start += COPIES_AT_ONCE) {
      const batch = new Batch(group.slice(start, start + COPIES_AT_ONCE));
      try {
        await batch.judge(tell);
      } finally {
        batch.remove();
      }
    }
  }
};

const isOfCore = ({ file }: Mutant): boolean => file.startsWith('tmr/core/');

class Batch {
  readonly #directory = mkdtempSync(join(tmpdir(), 'tmr-mutants-'));
  /** By the name of its copy. */
  readonly #mutants: ReadonlyMap<string, Mutant>;

  constructor(mutants: readonly Mutant[]) {
    this.#mutants = new Map(mutants.map((mutant, index) => [`mutant-${index}`, mutant]));
    symlinkSync(join(root, 'node_modules'), join(this.#directory, 'node_modules'));
    const config = configOf(mutants.every(isOfCore));
    writeFileSync(join(this.#directory, 'vitest.config.mjs'), config);
  }

  async judge(tell: (mutant: Mutant, verdict: Verdict) => void): Promise<void> {
    const verdicts = new Map<string, Verdict>();
    for (const [copy, mutant] of this.#mutants) {
      this.#copyParts(UNCHANGED, mutant);
      const why = this.#prepare(copy, mutant);
      verdicts.set(copy, why === undefined ? { outcome: 'survived' } : { outcome: 'broken', why });
      if (why !== undefined) tell(mutant, { outcome: 'broken', why });
    }
    for (let stage = 0; stage <= coreTests.length; stage += 1) {
      const files = [...this.#mutants].flatMap(([copy, mutant]) =>
        verdicts.get(copy)?.outcome === 'survived'
          ? (stagesOf(mutant)[stage] ?? []).map((file) => join(copy, file))
          : [],
      );
      if (files.length === 0) continue;
      const found = await this.#run([...files, ...unchangedOf(files)]);
      const healthy = found.get(UNCHANGED);
      if (healthy?.outcome !== 'survived') {
        throw new Error(`the tests fail without a mutant: ${JSON.stringify(healthy)}`);
      }
      for (const [copy, verdict] of found) {
        const mutant = this.#mutants.get(copy);
        if (mutant === undefined) continue;
        verdicts.set(copy, verdict);
        if (verdict.outcome !== 'survived') tell(mutant, verdict);
      }
    }
    for (const [copy, verdict] of verdicts) {
      const mutant = this.#mutants.get(copy);
      if (mutant !== undefined && verdict.outcome === 'survived') tell(mutant, verdict);
    }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Undefined, or why there is no such mutant. */
  #prepare(copy: string, mutant: Mutant): string | undefined {
    this.#copyParts(copy, mutant);
    const path = join(this.#directory, copy, mutant.file);
    const text = readFileSync(path, 'utf8');
    if (text.split(mutant.old).length !== 2) return 'its text does not occur exactly once';
    writeFileSync(
      path,
      text.replace(mutant.old, () => mutant.new),
    );
    return undefined;
  }

  #copyParts(copy: string, mutant: Mutant): void {
    for (const part of partsOf(mutant)) {
      const target = join(this.#directory, copy, part);
      if (existsSync(target)) continue;
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, part), target, { recursive: true, filter: isSource });
    }
  }

  async #run(files: readonly string[]): Promise<Map<string, Verdict>> {
    const report = join(this.#directory, 'report.json');
    rmSync(report, { force: true });
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const argv = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, ...files];
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
    const child = spawn(process.execPath, argv, {
      cwd: this.#directory,
      stdio: 'ignore',
      env: Object.fromEntries(environment),
    });
    await once(child, 'exit');
    if (!existsSync(report)) throw new Error(`vitest wrote no report of ${files.join(' ')}`);
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    return this.#verdictsOf(testResults);
  }

  /** The worst of a copy's files: killed, else broken, else survived. */
  #verdictsOf(results: Report['testResults']): Map<string, Verdict> {
    const verdicts = new Map<string, Verdict>();
    for (const result of results) {
      const copy = relative(this.#directory, result.name).split('/')[0] ?? '';
      const verdict = verdictOf(result);
      const before = verdicts.get(copy);
      if (before === undefined || rank(verdict) > rank(before)) verdicts.set(copy, verdict);
    }
    return verdicts;
  }
}

/**
 * Copies share a process: a test that never ends would be the end of all, so loops are bounded. The
 * core's tests compute without a pause; the services' wait for a reply that a mutant may never give.
 */
const configOf = (isCore: boolean): string => `export default {
  test: {
    include: ['**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: ${isCore ? 2 : 6},
    testTimeout: ${isCore ? 600_000 : 20_000},
    hookTimeout: ${isCore ? 600_000 : 20_000},
  },
};
`;

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

const rank = ({ outcome }: Verdict): number => ['survived', 'broken', 'killed'].indexOf(outcome);

const verdictOf = ({ status, message, assertionResults }: Report['testResults'][0]): Verdict => {
  const failed = assertionResults.filter((result) => result.status === 'failed');
  const [by] = failed.filter(({ failureMessages }) => isAssertion(failureMessages.join('\n')));
  if (by !== undefined) return { outcome: 'killed', by: by.fullName };
  const why = failed.flatMap(({ failureMessages }) => failureMessages).join('\n') || message;
  return status === 'passed'
    ? { outcome: 'survived' }
    : { outcome: 'broken', why: why.slice(0, 300) };
};

/** A test that says what is wrong, or an invariant of the product; not a mutant that cannot run. */
const isAssertion = (text: string): boolean =>
  !/^(SyntaxError|ReferenceError|TypeError|Error: (Cannot find|Failed to))/.test(text);

/** The same tests in the copy that is as it was. */
const unchangedOf = (files: readonly string[]): string[] => [
  ...new Set(files.map((file) => join(UNCHANGED, ...file.split('/').slice(1)))),
];

/** The mutant's own tests, then all of its part. */
const stagesOf = (mutant: Mutant): (readonly string[])[] => [
  mutant.tests,
  ...(isOfCore(mutant) ? coreTests.map((test) => [test]) : []),
];

const partsOf = (mutant: Mutant): string[] => {
  if (isOfCore(mutant)) return ['tmr/core'];
  const ofTmr = ['tmr', 'docs', 'scripts'];
  return mutant.file.startsWith('tmr/')
    ? ofTmr
    : [...ofTmr, 'faults', 'harness', 'experiments', 'package.json', 'package-lock.json'];
};

const isSource = (path: string): boolean =>
  !path.includes('/ptrace-napi') && !path.endsWith('.node');
