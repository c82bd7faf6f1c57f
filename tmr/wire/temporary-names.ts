/**
 * Names of temporary directories that hold their owner's pid, so that what a killed owner left can
 * be found: those of tracers with copies of programs, and those of the test bed's campaigns.
 */

/** Then the owner's pid in 7 digits (PID_MAX_LIMIT) and random letters; always in /tmp. */
export const copiesPrefix = '/tmp/tmr-exec-';

/** Then pid, start time (proc(5), field 22) and random letters, each after a hyphen; in TMPDIR. */
export const campaignPrefix = 'tmr-harness-';

/** Who made a directory of this name; undefined for names of others. */
export function ownerOf(name: string): { pid: number; startTime?: string } | undefined {
  const match = /^tmr-(?:exec-(\d{7})|harness-(\d+)-(\d+))-/.exec(name);
  if (match === null) return undefined;
  const [, copier, campaign, startTime] = match;
  if (copier !== undefined) return { pid: Number(copier) };
  return { pid: Number(campaign), startTime: startTime ?? '' };
}
