import type { TrialRecord } from '../harness/types.ts';
import type { Fate } from './analysis/fate.ts';
import { readingsIn, sameFaults, survivals, type Survival } from './analysis/survival.ts';
import { faultModels } from './fault-models.ts';
import { readingName } from './readings.ts';
import type { RunData } from './record/run-directory.ts';
import type { Table } from './types.ts';

/** Survived of n, by kind and reading. */
export function policyCompareTable({ records }: RunData): Table {
  const found = survivals(records);
  const readings = readingsIn(records);
  const cell = (fault: string, reading: string): string => {
    const one = found.find((row) => row.fault === fault && row.reading === reading);
    return one === undefined ? '' : `${one.counts.survived}/${one.n}`;
  };
  const kinds = faultModels.filter(({ name }) => found.some(({ fault }) => fault === name));
  const rows = kinds.map(({ name }) => [name, ...readings.map((reading) => cell(name, reading))]);
  return { head: ['survived of visible', ...readings], rows };
}

/** Survival under each reading, the same faults side by side, what became of the others, and what T allowed. */
export function policyCompareRemarks({ records }: RunData): string[] {
  return [
    ...readingsIn(records).map((reading) => survivalSentence(records, reading)),
    ...sameFaults(records).map(
      ({ reading, n, agreedAlone, otherAlone }) =>
        `Of ${n} same faults that became visible under both, ${agreedAlone} were survived under agreed and not under ` +
        `${reading}, ${otherAlone} the other way round.`,
    ),
    ...burstSentence(records),
  ];
}

const words: Record<Exclude<Fate, 'survived'>, string> = {
  'healthy-lost': 'a healthy replica lost',
  stopped: 'stopped with an error',
  crash: 'crashed',
  hang: 'hung',
  'wrong-output': 'wrong output',
};

function survivalSentence(all: readonly TrialRecord[], reading: string): string {
  const own = all.filter((record) => readingName(record) === reading);
  const faulted = survivals(own).filter(({ fault }) => fault !== 'none');
  const sum = (of: (row: Survival) => number): number =>
    faulted.reduce((total, row) => total + of(row), 0);
  const n = sum((row) => row.n);
  const others = Object.entries(words).flatMap(([fate, text]) => {
    const count = sum((row) => row.counts[fate as Fate]);
    return count === 0 ? [] : [`${text} ${count}`];
  });
  const failing = faulted.filter((row) => row.counts.survived < row.n).map(({ fault }) => fault);
  const rest = others.length === 0 ? '' : `; ${others.join(', ')} (${failing.join(', ')})`;
  return `${reading}: ${sum((row) => row.counts.survived)} of ${n} visible faults survived${rest}.`;
}

/** The readings of the time-out part only where a program is longer than T without a call. */
function burstSentence(records: readonly TrialRecord[]): string[] {
  const shown = records.filter(({ fault, burstMaxMs }) => fault === 'none' && burstMaxMs !== null);
  if (readingsIn(records).length < 3 || shown.length === 0) return [];
  const longest = Math.max(...shown.map(({ burstMaxMs }) => burstMaxMs ?? 0));
  const shortest = Math.min(...records.map(({ timeoutMs }) => timeoutMs));
  if (longest >= shortest) return [];
  return [
    `The longest time without a call, ${Math.round(longest)} ms without a fault, was below every T (from ${shortest} ms): ` +
      'what starts the time-out can hardly matter to these programs.',
  ];
}
