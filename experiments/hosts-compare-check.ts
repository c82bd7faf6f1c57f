import type { TrialRecord } from '../harness/types.ts';
import { defaultLinkDelayMs, tickMs } from '../tmr/core/bounds.ts';
import { pairByHosts, type Pair } from './analysis/pairs.ts';
import { checkTimeoutSweep, verdictOf } from './timeout-sweep-check.ts';
import type { CheckResult, Finding } from './types.ts';

/** Which of two messages of one death comes first is a race; both accuse the same replica. */
const deaths = new Set<string | null>(['replica-dead', 'connection-closed']);

/**
 * Judges the trials as a sweep's, and then the pairs: equal decisions, and latencies that differ by no more
 * than the d that the session allows for messages and handling (protocol.md 1). What timing explains is a
 * finding without a verdict, and too many of them leave the run unknown.
 */
export function checkHostsCompare(records: readonly TrialRecord[], planned: number): CheckResult {
  const { judged, findings: single } = checkTimeoutSweep(records, planned);
  const pairs = pairByHosts(records, ['local', 'docker']).filter(({ first, second }) =>
    [first, second].every(({ outcome }) => outcome !== 'harness-error'),
  );
  const findings = [...single, ...pairs.flatMap(comparePair)];
  if (pairs.length === 0) {
    const text = 'no trial was run on both local and docker hosts';
    findings.push({ verdict: 'unknown', property: 'hosts', trial: null, text });
  }
  return { verdict: verdictOf(findings, judged), judged, findings };
}

function comparePair({ first, second }: Pair): Finding[] {
  const found = (verdict: Finding['verdict'], text: string): Finding[] => [
    { verdict, property: 'hosts', trial: second.trial, text: `${text} (trial ${first.trial})` },
  ];
  const [here, there] = [decision(first), decision(second)];
  if (here !== there) {
    const text = `${first.fault}: ${here} on local, ${there} on docker hosts`;
    return found(explainedByTiming({ first, second }) ? 'unknown' : 'violated', text);
  }
  const [mine, its] = [first.detectionLatencyNs, second.detectionLatencyNs];
  if (mine === null || its === null) return [];
  const differenceMs = Math.abs(mine - its) / 1e6;
  const boundMs = defaultLinkDelayMs(first.timeoutMs);
  if (differenceMs <= boundMs) return [];
  const numbers = `${(mine / 1e6).toFixed(1)} ms on local, ${(its / 1e6).toFixed(1)} ms on docker hosts`;
  return found(
    'unknown',
    `${first.fault}: latencies differ by more than d = ${boundMs} ms: ${numbers}`,
  );
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
 * for the votes of either side. And a machine too slow for T flags on one side only.
 */
function explainedByTiming({ first, second }: Pair): boolean {
  const { timeoutMs, delayMs } = first;
  const resolutionMs = tickMs(timeoutMs) + 2 * defaultLinkDelayMs(timeoutMs);
  if (delayMs !== null && Math.abs(delayMs - timeoutMs) <= resolutionMs) return true;
  return [first, second].some(
    ({ mechanism, skewMaxMs, outcome }) =>
      (mechanism === 'time-out' || outcome === 'not-activated') &&
      skewMaxMs !== null &&
      skewMaxMs >= timeoutMs / 2,
  );
}
