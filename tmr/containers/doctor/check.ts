/** One thing that tmr needs of a machine or an engine, looked at by `tmr doctor`. */
import { z } from 'zod';

export const checkSchema = z.strictObject({
  name: z.string(),
  /** What cannot be done without it. */
  neededFor: z.enum(['local runs', 'docker hosts']),
  status: z.enum(['ok', 'warning', 'missing']),
  found: z.string(),
  /** What to do; empty when it is ok. */
  mend: z.string(),
});
export type Check = z.infer<typeof checkSchema>;

/** Runs a look and makes its outcome a check: what it throws is what was found. */
export async function look(
  subject: Pick<Check, 'name' | 'neededFor'> & { mend: string; otherwise?: 'warning' | 'missing' },
  find: () => Promise<string> | string,
): Promise<Check> {
  const { name, neededFor, mend, otherwise = 'missing' } = subject;
  try {
    return { name, neededFor, status: 'ok', found: await find(), mend: '' };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { name, neededFor, status: otherwise, found, mend };
  }
}
