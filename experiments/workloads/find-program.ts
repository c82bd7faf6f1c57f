import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of a program in PATH, as execvp(3) finds it; undefined if there is none. */
export function findProgram(name: string): string | undefined {
  for (const directory of (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter)) {
    const file = join(directory || '.', name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not there: the next directory.
    }
  }
  return undefined;
}
