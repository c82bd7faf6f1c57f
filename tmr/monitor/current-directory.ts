/** The user's current directory, which may have been removed under the shell. */
import { StartError, messageOf } from './errors.ts';

/** Absolute and canonical. Throws StartError when it is gone or cannot be read. */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new StartError(
      `expected a current directory that exists: it was removed or moved, cd to another ` +
        `(${messageOf(error).split(',')[0]})`,
    );
  }
}
