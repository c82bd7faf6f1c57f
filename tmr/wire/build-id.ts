/** Identifies this build of tmr: compared at rendezvous 0 (R0), shown by --version. */
export const TMR_VERSION = '0.1.0';

export function buildId(): string {
  return `tmr-${TMR_VERSION}`;
}
