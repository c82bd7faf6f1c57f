/** Values of the options that choose, in the order in which help shows them. */
import type { Detect, Policy, TimeoutFrom } from '../../tmr/core/types.ts';
import type { TscPolicy } from '../../tmr/wire/session-plan.ts';
import type { HostsName, KeepPolicy } from '../../harness/types.ts';

export const detectValues: readonly Detect[] = ['any', 'timeout-only'];
export const policyValues: readonly Policy[] = ['agreed', 'paper'];
export const timeoutFromValues: readonly TimeoutFrom[] = ['quorum', 'first', 'own'];
export const hostsNames: readonly HostsName[] = ['local', 'docker'];
export const tscValues: readonly TscPolicy[] = ['auto', 'trap', 'native'];
export const keepValues: readonly KeepPolicy[] = ['none', 'failed', 'all'];
