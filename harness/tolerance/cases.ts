/**
 * Every single fault of protocol.md 6 at every rendezvous, target and phase, as short texts: what a
 * sweep runs, and what replays one of its cases.
 */
import type { ResolvedFault } from '../../faults/fault-spec.ts';
import { otherVotes } from '../../faults/kinds/votes.ts';
import { phases } from '../../faults/kinds/phase.ts';
import { requireResolved } from '../../faults/resolve.ts';
import { parseFault } from '../../faults/text.ts';

/** T of the sweep, ms; delays lie well on either side of it. */
export const SWEEP_TIMEOUT_MS = 500;
export const SHORT_DELAY_MS = 60;
export const LONG_DELAY_MS = 900;

const replicas = [1, 2, 3] as const;
const links = replicas.flatMap((from) =>
  replicas.filter((to) => to !== from).map((to) => ({ from, to, text: `${from}-${to}` })),
);

export interface ProgramUnderTest {
  /** Of the golden run, the exec stop included: rendezvous 0 to `rendezvous` - 1. */
  rendezvous: number;
  /** Of the word on which all that the program does depends. */
  stateAddress: string;
}

/** All cases at one rendezvous. */
export function casesAt(k: number, { stateAddress }: ProgramUnderTest): string[] {
  // Bits differ from place to place, and are the same in every run.
  const bit = (k * 7) % 64;
  const at = `at=rendezvous:${k}`;
  const onReplica = replicas.flatMap((replica) => {
    const it = `replica=${replica}`;
    return [
      `signature-bit-flip:${it},bit=${bit},${at}`,
      `signature-bit-flip:${it},bit=${bit},votes=all,${at}`,
      `clock-error:${it},offset=60m,${at}`,
      `clock-error:${it},offset=-60m,${at}`,
      `early-vote:${it},${at}`,
      `rogue-tracer:${it},${at}`,
      `memory-bit-flip:${it},address=${stateAddress},bit=${bit % 8},${at}`,
      `request-bit-flip:${it},bit=${bit % 32},${at}`,
      `output-bit-flip:${it},bit=${bit % 8},${at}`,
      `replica-delay:${it},delay=${SHORT_DELAY_MS}ms,${at}`,
      `replica-delay:${it},delay=${LONG_DELAY_MS}ms,${at}`,
      `service-link-loss:${it},service=nfs,${at}`,
      `service-link-loss:${it},service=monitor,${at}`,
      ...phases.flatMap((phase) => [
        `replica-kill:${it},phase=${phase},${at}`,
        `replica-kill:${it},process=tracer,phase=${phase},${at}`,
        `tracer-delay:${it},delay=${SHORT_DELAY_MS}ms,phase=${phase},${at}`,
        `tracer-delay:${it},delay=${LONG_DELAY_MS}ms,phase=${phase},${at}`,
      ]),
      ...['none', ...replicas.filter((peer) => peer !== replica)].map(
        (peer) => `replica-kill:${it},process=tracer,phase=after-vote,reaches=${peer},${at}`,
      ),
    ];
  });
  const onLink = links.flatMap(({ from, to, text }) => [
    `two-faced-vote:replica=${from},to=${to},bit=${bit},${at}`,
    `forged-relay:replica=${from},of=${to},${at}`,
    ...otherVotes.map((other) => `wrong-seal:replica=${from},to=${to},other=${other},${at}`),
    ...['nfs', 'monitor', 'both'].map(
      (told) => `false-flag-notice:accuser=${from},accused=${to},to=${told},${at}`,
    ),
    `link-bit-flip:link=${text},bit=${bit},${at}`,
    `link-bit-flip:link=${text},bit=${bit},checksum=valid,${at}`,
    `link-bit-flip:link=${text},bit=${bit},votes=all,${at}`,
    `link-bit-flip:link=${text},bit=${bit},checksum=valid,votes=all,${at}`,
    `vote-loss:link=${text},${at}`,
    `link-silence:link=${text},${at}`,
    ...phases.map((phase) => `link-reset:link=${text},phase=${phase},${at}`),
  ]);
  return [...onReplica, ...onLink];
}

/** From the first rendezvous after the exec stop to the exit's. */
export function everyCase(program: ProgramUnderTest): string[] {
  const places = Array.from({ length: program.rendezvous - 1 }, (_, index) => index + 1);
  return places.flatMap((k) => casesAt(k, program));
}

/** Kinds and phases by which a slice is stratified: `replica-kill, process=tracer, dispute`. */
export function stratumOf(text: string): string {
  const fault = resolved(text);
  if (fault.kind === 'none') return 'none';
  const parts: string[] = [fault.kind];
  if ('process' in fault) parts.push(fault.process);
  if ('delay' in fault) parts.push(fault.delay > SWEEP_TIMEOUT_MS ? 'long' : 'short');
  if ('reaches' in fault && fault.reaches !== 'all') parts.push('partly sent');
  if ('other' in fault) parts.push(fault.other);
  if ('checksum' in fault) parts.push(fault.checksum);
  if ('votes' in fault) parts.push(fault.votes);
  if ('service' in fault) parts.push(fault.service);
  if (fault.kind === 'false-flag-notice') parts.push(fault.to);
  if ('phase' in fault) parts.push(fault.phase);
  return parts.join(' ');
}

export function resolved(text: string): ResolvedFault {
  return requireResolved(parseFault(text));
}
