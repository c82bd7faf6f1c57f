/** Machines that take the request to trap rdtsc and trap nothing: what the user has to know. */
import type { Mechanism } from '../core/types.ts';
import type { SessionStatistics } from '../wire/messages.ts';
import type { SessionFacts } from './facts.ts';

const DIFFERENCES: readonly Mechanism[] = [
  'signature',
  'call-number',
  'file-digest',
  'output-digest',
];

/** What the report says of a replica. */
export function tscOf(used: SessionStatistics['tsc'], untrapped: boolean): string {
  return untrapped && used === 'trap' ? 'not trapped' : used;
}

/**
 * A line when replicas differed and their counters may be why. Programs that never read it are the rule,
 * though their libraries could, so a session in which all agreed is none of this.
 */
export function suspectCounter(
  { statistics, flags, fences }: Pick<SessionFacts, 'statistics' | 'flags' | 'fences'>,
  untrapped: readonly number[],
): string | undefined {
  const concerned = untrapped.filter((replica) => statistics.get(replica)?.tsc !== 'native');
  const differed =
    fences.length > 0 || flags.some(({ mechanism }) => DIFFERENCES.includes(mechanism));
  if (concerned.length === 0 || !differed) return undefined;
  return (
    `rdtsc is not trapped on the machine of replica ${concerned.toSorted((a, b) => a - b).join(', ')}, which takes the ` +
    'request and traps nothing: a program that reads the counter differs by that (tmr doctor)'
  );
}
