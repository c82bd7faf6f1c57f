/** Exit codes of `experiment` (STYLE.md, after sysexits.h). */
export const exitCodes = {
  holds: 0,
  violated: 1,
  unknown: 2,
  usage: 64,
  internal: 70,
  interrupted: 130,
} as const;

/** The command line asks for something that does not exist or makes no sense: exit 64. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE';
}

/** What `parse` throws, as an error of usage with `prefix` before it. */
export function inUsage<Value>(prefix: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${prefix}${(error as Error).message}`);
  }
}
