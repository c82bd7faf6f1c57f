/** Errors that end `tmr run` or `tmr monitor` before or instead of a session. */

/** Exit statuses of our own; all others are the program's (env(1), sysexits.h). */
export const exitStatus = {
  /** tmr failed, or the session was stopped safely. */
  failed: 125,
  notExecutable: 126,
  notFound: 127,
  /** EX_CONFIG: what was asked for is refused. */
  refused: 78,
} as const;

/** What the user asked for cannot be done, whatever the machine's state. Exit 78. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION';
  readonly exitStatus: number = exitStatus.refused;
}

/** The session could not be started. Exit 125, or 126 and 127 as env(1) uses them. */
export class StartError extends Error {
  readonly code = 'START';
  readonly exitStatus: number;

  constructor(message: string, status: number = exitStatus.failed) {
    super(message);
    this.exitStatus = status;
  }
}

/** Whoever listens where `option` points does not talk as that part of tmr does. */
export function wrongPart(part: 'nfs' | 'tracer', at: string, why: string): StartError {
  const option = part === 'nfs' ? '--nfs' : '--tracers';
  return new StartError(
    `expected 'tmr ${part}' at ${at}, but: ${why}; give ${option} the address with which ` +
      `'tmr ${part}' says that it listens`,
  );
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ECONNREFUSED`) of a system error, else undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
