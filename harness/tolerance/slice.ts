/** A part of the list that every change runs: each stratum has its share, chosen by a hash. */
import { createHash } from 'node:crypto';
import { stratumOf } from './cases.ts';

/** At least `size` cases, at least one of each stratum; equal keys give equal slices. */
export function sliceOf(cases: readonly string[], size: number, key: string): string[] {
  const strata = new Map<string, string[]>();
  for (const text of cases) {
    const stratum = stratumOf(text);
    strata.set(stratum, [...(strata.get(stratum) ?? []), text]);
  }
  return [...strata.values()].flatMap((members) => {
    const share = Math.max(1, Math.ceil((size * members.length) / cases.length));
    const rank = (text: string): string =>
      createHash('sha256').update(`${key}\0${text}`).digest('hex');
    return members
      .map((text) => [rank(text), text] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, share)
      .map(([, text]) => text);
  });
}
