import { isTooSlowForTimeout, noticeDelayMs } from '../harness/tolerance/judge.ts';
import type { TrialRecord } from '../harness/types.ts';
import { defaultLinkDelayMs, tickMs } from '../tmr/core/bounds.ts';
import { pairByHosts, type Pair } from './analysis/pairs.ts';
import { checkTimeoutSweep, verdictOf } from './timeout-sweep-check.ts';
import type { CheckResult, Finding } from './types.ts';

/**
 * `race`: alike, but the end of the replica was seen by different messages. `timing`: different, for a
 * reason that is none of the hosts'. `apart`: alike, but the latencies are not comparable.
 */
export type Likeness = 'alike' | 'race' | 'timing' | 'apart' | 'different';

export interface Comparison {
  pair: Pair;
  likeness: Likeness;
  /** Null where there is nothing to tell. */
  finding: Finding | null;
}

/** Which of two messages of one death comes first is a race; both accuse the same replica. */
const deaths = new Set<string | null>(['replica-dead', 'connection-closed']);

/**
 * Judges the trials as a sweep's, and then the pairs under `--policy agreed`: equal decisions, and latencies
 * that differ by no more than the P3 bound. A difference beyond d, what the session allows for messages and
 * handling (protocol.md 1), or one that timing explains is a finding without a verdict, and too many of
 * them leave the run unknown.
 */
export function checkHostsCompare(records: readonly TrialRecord[], planned: number): CheckResult {
  const { judged, findings: single } = checkTimeoutSweep(records, planned);
  const told = compareHosts(records).flatMap(({ finding }) => (finding === null ? [] : [finding]));
  const findings = [...single, ...told];
  if (completePairs(records).length === 0) {
    const text = 'no trial was run on both local and docker hosts';
    findings.push({ verdict: 'unknown', property: 'hosts', trial: null, text });
  }
  return { verdict: verdictOf(findings, judged), judged, findings };
}

/** Every pair that is judged. The rule of `--policy paper` is known to depend on who is first. */
export function compareHosts(records: readonly TrialRecord[]): Comparison[] {
  return completePairs(records.filter(({ policy }) => policy === 'agreed')).map(compare);
}

function completePairs(records: readonly TrialRecord[]): Pair[] {
  return pairByHosts(records, ['local', 'docker']).filter(({ first, second }) =>
    [first, second].every(({ outcome }) => outcome !== 'harness-error'),
  );
}

function compare(pair: Pair): Comparison {
  const { first, second } = pair;
  const told = (
    likeness: Likeness,
    verdict: Finding['verdict'],
    text: string,
    { trial } = second,
  ): Comparison => {
    const other = trial === first.trial ? second.trial : first.trial;
    const words = `${first.fault}: ${text} (with trial ${other})`;
    return { pair, likeness, finding: { verdict, property: 'hosts', trial, text: words } };
  };
  if (first.activated !== second.activated) {
    const where = first.activated === true ? 'local' : 'docker';
    return told('timing', 'unknown', `the fault became visible on ${where} hosts only`);
  }
  const [here, there] = [decision(first), decision(second)];
  if (here !== there) {
    const text = `${here} on local, ${there} on docker hosts`;
    const slow = [first, second].find(isMachineTooSlow);
    if (slow !== undefined) {
      return told('timing', 'unknown', `${text}, on a machine too slow for T`, slow);
    }
    if (isDelayNearTimeout(pair)) {
      return told('timing', 'unknown', `${text}, a delay of ${first.delayMs} ms near T`);
    }
    return told('different', 'violated', text);
  }
  const apart = latenciesApart(pair);
  if (apart !== null) return told('apart', apart.verdict, apart.text);
  const likeness = first.mechanism === second.mechanism ? 'alike' : 'race';
  return { pair, likeness, finding: null };
}

/** Who is flagged, by whom, how, and what became of the service. */
function decision(record: TrialRecord): string {
  const { outcome, flagged, accusers, mechanism } = record;
  const flags = flagged.map((replica, index) => {
    const by = [...(accusers[index] ?? [])].sort((a, b) => a - b).join(' and ');
    return `replica ${replica} flagged by ${by}`;
  });
  const how = mechanism === null ? [] : [deaths.has(mechanism) ? 'its end was seen' : mechanism];
  return [outcome, ...flags, ...how].join(', ');
}

/**
 * A delay within the resolution of the time-out may be over just before or just after it: T, a tick, and d
 * for the votes of either side. That explains a flag on one side only, and no other difference.
 */
function isDelayNearTimeout({ first, second }: Pair): boolean {
  const { timeoutMs, delayMs } = first;
  const resolutionMs = tickMs(timeoutMs) + 2 * defaultLinkDelayMs(timeoutMs);
  if (delayMs === null || Math.abs(delayMs - timeoutMs) > resolutionMs) return false;
  const late = [first, second].filter(({ outcome }) => outcome === 'late-flagged');
  return late.length === 1 && [first, second].some(({ flagged }) => flagged.length === 0);
}

/** As in a sweep; or T ran out before a healthy tracer saw a death. A drawn delay is no excuse. */
function isMachineTooSlow(record: TrialRecord): boolean {
  const { delayMs, mechanism, skewMaxMs, timeoutMs } = record;
  if (isTooSlowForTimeout(record)) return true;
  return (
    delayMs === null && mechanism === 'time-out' && skewMaxMs !== null && skewMaxMs >= timeoutMs / 2
  );
}

/** Null where the latencies are comparable, or one is missing. What the clocks leave open is allowed. */
function latenciesApart({ first, second }: Pair): Pick<Finding, 'verdict' | 'text'> | null {
  const [mine, its] = [first.detectionLatencyNs, second.detectionLatencyNs];
  if (mine === null || its === null) return null;
  const clocksNs = (first.clockUncertaintyNs ?? 0) + (second.clockUncertaintyNs ?? 0);
  const differenceMs = (Math.abs(mine - its) - clocksNs) / 1e6;
  const linkDelayMs = defaultLinkDelayMs(first.timeoutMs);
  const numbers = `${(mine / 1e6).toFixed(1)} ms on local, ${(its / 1e6).toFixed(1)} ms on docker hosts`;
  const boundMs = Math.max(first.boundMs ?? 0, second.boundMs ?? 0);
  const asStated = [first, second].every((record) => noticeDelayMs(record) <= linkDelayMs);
  if (boundMs > 0 && differenceMs > boundMs && asStated) {
    const text = `latencies differ by more than the stated bound of ${boundMs} ms: ${numbers}`;
    return { verdict: 'violated', text };
  }
  if (differenceMs <= linkDelayMs) return null;
  return {
    verdict: 'unknown',
    text: `latencies differ by more than d = ${linkDelayMs} ms: ${numbers}`,
  };
}
