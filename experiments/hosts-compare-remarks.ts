import type { GoldenInfo, TrialRecord } from '../harness/types.ts';
import { completedRunsNs, groupBy } from './analysis/cells.ts';
import {
  inWords,
  pairedMeasures,
  ratioSentence,
  type PairedMeasure,
} from './analysis/paired-ratio.ts';
import { pairByHosts } from './analysis/pairs.ts';
import { compareHosts, type Comparison, type Likeness } from './hosts-compare-check.ts';
import type { RunData } from './record/run-directory.ts';
import { overhead } from './statistics/overhead.ts';
import { deriveSeed } from './statistics/random.ts';

/** What a comparison of hosts measured: how alike the pairs were, each exception by number, and the costs. */
export function hostsCompareRemarks({ records, golden, manifest }: RunData): string[] {
  const compared = compareHosts(records);
  if (compared.length === 0) return [];
  const pairs = pairByHosts(records, ['local', 'docker']);
  const measures = Object.keys(pairedMeasures) as PairedMeasure[];
  return [
    likenessSentence(compared),
    ...exceptionSentences(compared),
    ...measures.map((measure) => ratioSentence(pairs, measure, manifest.seed)),
    ...overheadSentences(records, golden, manifest.seed),
  ];
}

function likenessSentence(compared: readonly Comparison[]): string {
  const equal = compared.filter(({ likeness }) => likeness === 'alike' || likeness === 'race');
  return `${equal.length} of ${compared.length} pairs decided alike, with comparable latencies.`;
}

const exceptions: readonly [Likeness, string][] = [
  ['race', "Alike, but the replica's end was seen as"],
  ['apart', 'Alike, but with latencies apart'],
  ['timing', 'Different as timing explains'],
  ['different', 'Different without excuse'],
];

/** Local trial and docker trial of each pair. */
function exceptionSentences(compared: readonly Comparison[]): string[] {
  return exceptions.flatMap(([likeness, words]) => {
    const found = compared.filter((one) => one.likeness === likeness);
    if (found.length === 0) return [];
    const names = found.map(({ pair: { first, second } }) =>
      likeness === 'race'
        ? `${first.mechanism} in ${first.trial} and ${second.mechanism} in ${second.trial}`
        : `${first.trial} and ${second.trial}`,
    );
    return [`${words} (${found.length}, local and docker trial): ${names.join('; ')}.`];
  });
}

/** Of runs without a fault, all time-outs together. */
function overheadSentences(
  records: readonly TrialRecord[],
  golden: readonly GoldenInfo[],
  masterSeed: number,
): string[] {
  const faultFree = records.filter(({ fault }) => fault === 'none');
  return groupBy(faultFree, ['workload']).flatMap(({ key: { workload }, records: of }) => {
    const native = golden.find((info) => info.workload === workload)?.nativeRunsNs ?? [];
    const costs = groupBy(of, ['hosts']).flatMap(({ key: { hosts }, records: runs }) => {
      const seed = deriveSeed(masterSeed, 'hosts-compare overhead', workload, hosts);
      const runsNs = completedRunsNs(runs);
      const estimate = overhead(runsNs, native, { seed });
      return estimate === null ? [] : [`${hosts} ${inWords(estimate, runsNs.length)}`];
    });
    const words = costs.sort().toReversed().join(', ');
    return costs.length === 0 ? [] : [`Overhead of ${workload} without a fault: ${words}.`];
  });
}
