/** Times that follow from the time-out T (protocol.md 1). One place, for tracer, monitor and report. */

export const TICK_MIN_MS = 2;
export const TICK_MAX_MS = 100;
/** Shortest T. */
export const TIMEOUT_MIN_MS = 20;

/** How often a tracer blocked in a wait looks at its sockets: T/16, held between 2 and 100 ms. */
export function tickMs(timeoutMs: number): number {
  return Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, timeoutMs / 16));
}

/** d unless given: message delay plus handling between healthy parties, two ticks. */
export function defaultLinkDelayMs(timeoutMs: number): number {
  return 2 * tickMs(timeoutMs);
}

/** Q unless given: when missing votes are asked for (R4). */
export function defaultAskDelayMs(timeoutMs: number): number {
  return timeoutMs / 4;
}

export interface DetectionBounds {
  /** From both healthy votes to the flag of a wrong one. */
  wrongVoteMs: number;
  /** From the second arrival to the flag of an absent one. */
  absentVoteMs: number;
}

/** P3: within what time a faulty replica is flagged. */
export function detectionBounds(timeoutMs: number, linkDelayMs: number): DetectionBounds {
  const tick = tickMs(timeoutMs);
  return {
    wrongVoteMs: 2 * linkDelayMs + tick,
    absentVoteMs: timeoutMs + tick + 3 * linkDelayMs,
  };
}

/** A lost vote is survived only when Q + 2d < T (section 6: the bound is sharp). */
export function survivesLostVote(
  timeoutMs: number,
  askDelayMs: number,
  linkDelayMs: number,
): boolean {
  return askDelayMs + 2 * linkDelayMs < timeoutMs;
}
